"""Who and what may come in: the checks on proposals, amendments and ballots, in their order, each with its code."""

from __future__ import annotations

from decimal import Decimal

from governance.domain import council
from governance.domain.arbitration import reduces
from governance.domain.council import Seat
from governance.domain.deliberation import Candidate, Round
from governance.domain.docket import Docket
from governance.domain.situation import NS_PER_MS, ages_of, equity_of, fresh
from governance.domain.state import ZERO, BookState
from market.domain.instrument import to_lot
from market.domain.mark import Prices
from streams.envelope import Envelope
from streams.events import BookTerms
from streams.messages import CastBallot, Code, Leg, OfferAmendment, SubmitProposal

NS_PER_S = 1_000_000_000
OLDEST_COMMAND_MS = 600_000
FARTHEST_AHEAD_MS = 60_000
BP = Decimal(10_000)
Refused = tuple[Code, str]


class MessageRate:
    """Control 4: a token bucket per agent on the process clock, in integers."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[int, int]] = {}

    def take(self, agent: str, now: int, terms: BookTerms) -> bool:
        full = terms.message_burst * NS_PER_S
        tokens, at = self._buckets.get(agent, (full, now))
        tokens = min(full, tokens + max(0, now - at) * terms.messages_per_s)
        taken = tokens >= NS_PER_S
        self._buckets[agent] = (tokens - NS_PER_S if taken else tokens, max(now, at))
        return taken


def came_at(entry_id: str, now: int) -> int:
    """When a command came in (ns), by the id of its entry: how fast somebody sends is not judged by how fast a governor
    that was away reads. Where that is no time of the last minutes it is now."""
    milliseconds = entry_id.partition("-")[0]
    came = int(milliseconds) * NS_PER_MS if milliseconds.isdigit() else now
    return came if 0 <= now - came <= OLDEST_COMMAND_MS * NS_PER_MS else now


def untimely(message: Envelope, entry_id: str) -> Refused | None:
    """Age = entry time − sent_at: how long a command was under way, whenever it is read. One that is dated ahead could
    be sent again after the inbox has forgotten it."""
    milliseconds = entry_id.partition("-")[0]
    age = int(milliseconds) - message.sent_at // NS_PER_MS if milliseconds.isdigit() else 0
    if age > OLDEST_COMMAND_MS:
        return Code.TOO_OLD, "older than 10 minutes when it came in"
    if age < -FARTHEST_AHEAD_MS:
        return Code.DATED_AHEAD, f"dated {-age // 1000} s after it came in: the sender's clock or Redis's is wrong"
    return None


class Admission:
    def __init__(self, state: BookState, prices: Prices, docket: Docket) -> None:
        self.state = state
        self.prices = prices
        self.docket = docket

    def proposal(self, seat: Seat, body: SubmitProposal) -> Refused | None:
        """What does not depend on the market: checked once, when the proposal comes in."""
        for check in (self._known, self._entitled, self._mode, self._coherent):
            if refused := check(seat, body):
                return refused
        return None

    def _known(self, seat: Seat, body: SubmitProposal) -> Refused | None:
        if body.action != "trade" and body.legs:
            return Code.INVALID, "only trades have legs"
        unknown = [leg.instrument for leg in legs_of(body) if leg.instrument not in self.state.instruments]
        if body.action != "halt" and unknown:
            return Code.UNKNOWN_INSTRUMENT, ", ".join(unknown)
        return None

    def _entitled(self, seat: Seat, body: SubmitProposal) -> Refused | None:
        if seat.suspended:
            return Code.SEAT_SUSPENDED, f"{seat.agent} is suspended"
        if body.action == "trade" and not seat.weighs:
            return Code.NOT_ENTITLED, f"a {'newcomer' if seat.shadow else seat.role} seat has no mass on TRADE"
        if body.action == "halt" and seat.role not in council.GUARDS:
            return Code.NOT_ENTITLED, "only risk and compliance seats may halt"
        return None

    def _mode(self, seat: Seat, body: SubmitProposal) -> Refused | None:
        mode = self.state.mode
        if mode == "HALTED":
            return Code.MODE, f"the book is {mode}"
        if body.action != "trade":
            return None
        for leg in legs_of(body):
            if reduces(self.state.held(leg.instrument), leg.target):
                continue
            if mode == "REDUCE_ONLY":
                return Code.MODE, f"the book is {mode}"
            if leg.instrument in self.state.safety.suspended:
                return Code.SUSPENDED, f"{leg.instrument} is suspended: only orders that shrink its position"
        return None

    def _coherent(self, seat: Seat, body: SubmitProposal) -> Refused | None:
        if body.action == "reduce" and body.target < 0:
            return Code.INVALID, "a cap on |position| is not negative"
        if body.action != "trade":
            return None
        if body.horizon_s not in (0, self.state.terms.horizon_s):
            return Code.WRONG_HORIZON, f"{body.horizon_s} s; the book's horizon is {self.state.terms.horizon_s} s"
        if body.probability is None or body.probability < 0.5:
            return Code.INCOHERENT, f"who proposes a trade gives it at least 1/2, not {body.probability}"
        return None

    def moment(self, body: SubmitProposal, now: int) -> Refused | None:
        """What depends on the market and the time: checked when the proposal joins a round (`now`: process clock)."""
        if equity_of(self.state, self.prices) is None:
            return Code.NO_PRICE, "a position has no price: equity is not known"
        for check in (self._priced, self._fresh, self._drifted, self._changes):
            for leg in legs_of(body):
                if refused := check(body.action == "reduce", leg):
                    return refused
        return self._young(body, now) or self._owned(body)

    def _priced(self, cap: bool, leg: Leg) -> Refused | None:
        if self.prices.view(leg.instrument) is None:
            return Code.NO_PRICE, f"{leg.instrument} has no price"
        return None

    def _shrinks(self, cap: bool, leg: Leg) -> bool:
        return cap or reduces(self.state.held(leg.instrument), leg.target)

    def _fresh(self, cap: bool, leg: Leg) -> Refused | None:
        ages = ages_of(self.prices, leg.instrument)
        if not self._shrinks(cap, leg) and not fresh(ages, self.state.terms):
            return Code.STALE_DATA, f"{leg.instrument} has neither a fresh quote nor a fresh trade"
        return None

    def _young(self, body: SubmitProposal, now: int) -> Refused | None:
        age_ms = (now - body.evidence_received_at) / NS_PER_MS
        if abs(age_ms) > self.state.terms.proposal_max_age_ms:
            return Code.STALE_PROPOSAL, f"the evidence is {age_ms:.1f} ms old"
        return None

    def _drifted(self, cap: bool, leg: Leg) -> Refused | None:
        view = self.prices.view(leg.instrument)
        if view is None or self._shrinks(cap, leg):
            return None
        if abs(view.price - leg.price) * BP > self.state.terms.drift_bp * leg.price:
            return Code.DRIFTED, f"{leg.instrument} from {leg.price} to {view.price}"
        return None

    def _changes(self, cap: bool, leg: Leg) -> Refused | None:
        return self.no_change(cap, leg.instrument, leg.target)

    def no_change(self, cap: bool, instrument: str, target: Decimal) -> Refused | None:
        held, lot = self.state.held(instrument), self.state.instruments[instrument].lot_size
        size = abs(held) - target if cap else target - held
        if (cap and size <= 0) or to_lot(size, lot) == ZERO:
            return Code.NO_CHANGE, f"{held} is held"
        return None

    def _owned(self, body: SubmitProposal) -> Refused | None:
        if body.action == "trade" and len(council.owners(self.state.seats.values())) < council.FEWEST_OWNERS:
            return Code.COUNCIL_TOO_SMALL, f"fewer than {council.FEWEST_OWNERS} owners have mass"
        return None

    def amendment(
        self, seat: Seat, body: OfferAmendment, found: tuple[Round, Candidate] | None, now: int
    ) -> Refused | None:
        if seat.suspended:
            return Code.SEAT_SUSPENDED, f"{seat.agent} is suspended"
        if found is None:
            late = self.docket.closed_round(body.amends) is not None
            return (Code.TOO_LATE, "its round is closed") if late else (Code.UNKNOWN_PROPOSAL, body.amends)
        round_, original = found
        return self._amendable(seat, round_, original, now) or self._amended(original, body)

    def _amendable(self, seat: Seat, round_: Round, original: Candidate, now: int) -> Refused | None:
        if now > round_.joins_until:
            return Code.TOO_LATE, "amendments are taken in the first half of the window"
        if original.author == seat.agent:
            return Code.NOT_ENTITLED, "an amendment is another seat's"
        if round_.terms.track == "TRADE" and not seat.weighs:
            return Code.NOT_ENTITLED, f"a {seat.role} seat has no mass on TRADE"
        return None

    def _amended(self, original: Candidate, body: OfferAmendment) -> Refused | None:
        cap = original.action == "reduce"
        if cap and body.target < 0:
            return Code.INVALID, "a cap on |position| is not negative"
        if body.target == original.target:
            return Code.NO_CHANGE, "the same target"
        if refused := self.no_change(cap, original.instrument, body.target):
            return refused
        held = self.state.held(original.instrument)
        if not cap and (body.target > held) != (original.target > held):
            return Code.INCOHERENT, "it shares the forecast of its original, so it must be on the same side"
        return None

    def ballot(self, seat: Seat, round_: Round, candidate: Candidate, cast: CastBallot) -> Refused | None:
        """On an open round; its snapshot says who may vote."""
        if seat.suspended:
            return Code.SEAT_SUSPENDED, f"{seat.agent} is suspended"
        if seat.agent not in round_.weights.able and seat.agent not in round_.weights.shadows:
            return Code.NOT_ENTITLED, f"{seat.agent} had no seat when the round opened"
        if seat.agent in candidate.tally.ballots:
            return Code.ALREADY_VOTED, "a ballot is immutable"
        guard = seat.agent in round_.weights.vetoers
        return ballot_sound(
            cast, guard=guard, scored=round_.rule.forecast, vetoable=round_.rule.vetoable
        ) or _one_forecast(seat.agent, round_, candidate, cast)


def legs_of(body: SubmitProposal) -> tuple[Leg, ...]:
    """All legs, the head first."""
    return (Leg(instrument=body.instrument, target=body.target, price=body.price), *body.legs)


def _one_forecast(agent: str, round_: Round, candidate: Candidate, cast: CastBallot) -> Refused | None:
    """Proposals that go the same way on the same instruments ask the same question: it has one answer a seat."""
    if cast.probability is None or not round_.rule.forecast or len(round_.candidates) < 2:
        return None
    for other in round_.candidates.values():
        given = other.tally.ballots.get(agent)
        if given is None or given.cast.probability in (None, cast.probability) or not _same_question(other, candidate):
            continue
        return Code.INCOHERENT, f"on {other.proposal_id}, the same question, it said {given.cast.probability}"
    return None


def _same_question(one: Candidate, other: Candidate) -> bool:
    return {(p.instrument, p.target > p.held) for p in one.parts} == {
        (p.instrument, p.target > p.held) for p in other.parts
    }


def ballot_sound(cast: CastBallot, *, guard: bool, scored: bool, vetoable: bool) -> Refused | None:
    """Stance and forecast agree: approve ⇔ q ≥ 1/2, reject ⇔ q < 1/2, abstain ⇔ no q. Unscored needs no q."""
    if (cast.veto and not (guard and vetoable)) or (cast.size_limit is not None and not guard):
        return Code.NOT_ENTITLED, "veto and size limit are for veto seats, and REDUCE has no veto"
    q = cast.probability
    if cast.stance == "abstain":
        return None if q is None else (Code.INCOHERENT, "who abstains gives no probability")
    if not scored:
        return None
    if q is None or (cast.stance == "approve") != (q >= 0.5):
        return Code.INCOHERENT, f"{cast.stance} with probability {q}"
    return None
