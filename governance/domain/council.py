"""The seats of a book and their masses: who may do what, and the snapshot of weights that a round votes with."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from streams.events import Role, SeatGranted, SeatReinstated, SeatSuspended

GUARDS: tuple[Role, ...] = ("risk", "compliance")
FEWEST_OWNERS = 3


class Seat(Struct, frozen=True, kw_only=True):
    """`suspended_by` are the operators that suspended it: the first stops it, a second one takes its mass out of T."""

    agent: str
    role: Role
    owner: str
    prior_ppm: int
    veto: bool
    required: bool
    suspended_by: tuple[str, ...] = ()

    @property
    def guard(self) -> bool:
        return self.veto or self.role in GUARDS

    @property
    def suspended(self) -> bool:
        return bool(self.suspended_by)

    @property
    def mass_ppm(self) -> int:
        """Its TRADE mass in T: guards have none, a confirmed suspension leaves none."""
        return 0 if self.guard or len(self.suspended_by) > 1 else self.prior_ppm


class Weights(Struct, frozen=True, kw_only=True):
    """The snapshot of before the opening. `ppm` are the seats with mass in T, `able` the seats that may cast
    ballots in this round (`able_ppm` their mass), `vetoers` those that may veto and limit, `required` those without
    whose ballot nothing passes."""

    version: str
    ppm: dict[str, int]
    total_ppm: int
    able_ppm: int
    able: frozenset[str]
    vetoers: frozenset[str]
    required: frozenset[str]

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
    )


def suspended(seat: Seat, event: SeatSuspended) -> Seat:
    if event.who in seat.suspended_by:
        return seat
    return replace(seat, suspended_by=(*seat.suspended_by, event.who))


def reinstated(seat: Seat, event: SeatReinstated) -> Seat:
    return replace(seat, suspended_by=())


def snapshot(seats: Iterable[Seat], version: str) -> Weights:
    """Integer masses in ppm; T is their sum, so that weights that do not sum cannot be."""
    return replace(_weights(tuple(seats)), version=version)


@lru_cache(maxsize=64)
def _weights(seats: tuple[Seat, ...]) -> Weights:
    council = sorted(seats, key=lambda seat: seat.agent)
    ppm = {seat.agent: seat.mass_ppm for seat in council if seat.mass_ppm > 0}
    return Weights(
        version="",
        ppm=ppm,
        total_ppm=sum(ppm.values()),
        able_ppm=sum(seat.mass_ppm for seat in council if not seat.suspended),
        able=frozenset(seat.agent for seat in council if not seat.suspended),
        vetoers=frozenset(seat.agent for seat in council if seat.veto),
        required=frozenset(seat.agent for seat in council if seat.veto and seat.required),
    )


def owners(seats: Iterable[Seat]) -> frozenset[str]:
    """Who runs the seats with mass: fewer than three owners close TRADE."""
    return _owners(tuple(seats))


@lru_cache(maxsize=64)
def _owners(seats: tuple[Seat, ...]) -> frozenset[str]:
    return frozenset(seat.owner for seat in seats if seat.mass_ppm > 0)
