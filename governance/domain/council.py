"""The seats of a book and their masses: who may do what, and the snapshot of weights that a round votes with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from streams.events import (
    Role,
    SeatGranted,
    SeatKeyIssued,
    SeatKeyRevoked,
    SeatReinstated,
    SeatSnapshot,
    SeatSuspended,
)

GUARDS: tuple[Role, ...] = ("risk", "compliance")
FEWEST_OWNERS = 3


class SeatKey(Struct, frozen=True, kw_only=True):
    """What a seat signs with: key `number` of the house, or of the party that holds `public`. `since`: when it was
    issued (process clock, ns). `follows`: whether the house's key before it may still be under way."""

    number: int = 1
    public: str = ""
    revoked: bool = False
    since: int = 0
    follows: bool = False


class Seat(Struct, frozen=True, kw_only=True):
    """`suspended_by` are the operators that suspended it: the first stops it, a second one takes its mass out of T.
    A `shadow` is a newcomer whose ballots are scored and do not count."""

    agent: str
    role: Role
    owner: str
    prior_ppm: int
    veto: bool
    required: bool
    shadow: bool = False
    suspended_by: tuple[str, ...] = ()
    key: SeatKey = SeatKey()

    @property
    def guard(self) -> bool:
        return self.veto or self.role in GUARDS

    @property
    def suspended(self) -> bool:
        return bool(self.suspended_by)

    @property
    def weighs(self) -> bool:
        """Whether it is in T on TRADE: guards are not, newcomers not yet, a confirmed suspension not any more."""
        return not self.guard and not self.shadow and len(self.suspended_by) < 2


class Weights(Struct, frozen=True, kw_only=True):
    """The snapshot of before the opening. `ppm` are the seats with mass in T, `able` the seats whose ballots are
    waited for in this round (`able_ppm` their mass), `vetoers` those that may veto and limit, `required` those without
    whose ballot nothing passes, `shadows` those whose ballots are only scored, `guards` those whose REDUCE passes
    unvoted."""

    version: str
    ppm: dict[str, int]
    total_ppm: int
    able_ppm: int
    able: frozenset[str]
    vetoers: frozenset[str]
    required: frozenset[str]
    shadows: frozenset[str] = frozenset()
    guards: frozenset[str] = frozenset()

    def of(self, agent: str) -> int:
        return self.ppm.get(agent, 0)


def granted(event: SeatGranted) -> Seat:
    return Seat(
        agent=event.agent,
        role=event.role,
        owner=event.owner,
        prior_ppm=event.prior_ppm,
        veto=event.veto,
        required=event.required,
        shadow=event.shadow,
    )


def suspended(seat: Seat, event: SeatSuspended) -> Seat:
    if event.who in seat.suspended_by:
        return seat
    return replace(seat, suspended_by=(*seat.suspended_by, event.who))


def reinstated(seat: Seat, event: SeatReinstated) -> Seat:
    return replace(seat, suspended_by=())


def keyed(seat: Seat, event: SeatKeyIssued) -> Seat:
    follows = not (event.public or seat.key.public or seat.key.revoked)
    return replace(seat, key=SeatKey(number=event.number, public=event.public, since=event.issued_at, follows=follows))


def unkeyed(seat: Seat, _event: SeatKeyRevoked) -> Seat:
    return replace(seat, key=replace(seat.key, revoked=True))


def snapshot(seats: Iterable[Seat], ppm: Mapping[str, int], version: str) -> Weights:
    """`ppm` is the mass that reputation gives each seat. T is the sum of what is in it, so that weights that do not
    sum cannot be."""
    council = sorted(seats, key=lambda seat: seat.agent)
    masses = {seat.agent: ppm.get(seat.agent, 0) for seat in council if seat.weighs}
    present = [seat for seat in council if not seat.suspended]
    return Weights(
        version=version,
        ppm={agent: mass for agent, mass in masses.items() if mass > 0},
        total_ppm=sum(masses.values()),
        able_ppm=sum(masses[seat.agent] for seat in present if seat.weighs),
        able=frozenset(seat.agent for seat in present if not seat.shadow),
        vetoers=frozenset(seat.agent for seat in council if seat.veto),
        required=frozenset(seat.agent for seat in council if seat.veto and seat.required),
        shadows=frozenset(seat.agent for seat in present if seat.shadow),
        guards=frozenset(seat.agent for seat in council if seat.role in GUARDS),
    )


def recorded(weights: Weights) -> SeatSnapshot:
    """The snapshot as it stands in the ledger."""
    return SeatSnapshot(
        ppm=weights.ppm,
        able=tuple(sorted(weights.able)),
        vetoers=tuple(sorted(weights.vetoers)),
        required=tuple(sorted(weights.required)),
        shadows=tuple(sorted(weights.shadows)),
        unvoted=tuple(sorted(weights.guards)),
    )


def weights_of(seats: SeatSnapshot, version: str) -> Weights:
    """The snapshot as the ledger has it."""
    able = frozenset(seats.able)
    return Weights(
        version=version,
        ppm=seats.ppm,
        total_ppm=sum(seats.ppm.values()),
        able_ppm=sum(mass for agent, mass in seats.ppm.items() if agent in able),
        able=able,
        vetoers=frozenset(seats.vetoers),
        required=frozenset(seats.required),
        shadows=frozenset(seats.shadows),
        guards=frozenset(seats.unvoted),
    )


def owners(seats: Iterable[Seat]) -> frozenset[str]:
    """Who runs the seats with mass: fewer than three owners close TRADE."""
    return frozenset(seat.owner for seat in seats if seat.weighs)
