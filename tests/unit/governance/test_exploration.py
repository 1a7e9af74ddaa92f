"""The lifecycle of small councils, explored to the end: in no state that can be reached is anything broken."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from streams.events import (
    BallotCast,
    DecisionReached,
    DeliberationClosed,
    DeliberationOpened,
    ProposalTallied,
    SituationRecorded,
    TradingHalted,
)
from streams.messages import OfferAmendment, SubmitProposal
from tests.unit.governance.exploration import (
    FOUNDING,
    GUARD,
    PRICE,
    VOTERS,
    Explorer,
    Path,
    Sent,
    World,
    ballot,
    folded,
)
from tests.unit.governance.scene import START


def proposal(name: str, actor: str, target: str, action: str = "trade", symbol: str = "BTCUSDT") -> Sent:
    body = SubmitProposal(
        proposal_id=name,
        action=action,  # type: ignore[arg-type]
        instrument=symbol,
        target=Decimal(target),
        probability=0.9 if action == "trade" else None,
        price=Decimal(PRICE),
        evidence_received_at=START,
    )
    return Sent(name, name, actor, body)


HALT = proposal("halt", GUARD, "0", "halt")


def amendment(name: str, actor: str, amends: str, target: str) -> Sent:
    body = OfferAmendment(proposal_id=name, amends=amends, target=Decimal(target))
    return Sent(name, name, actor, body, amends)


def free(name: str) -> list[Sent]:
    """Every voter may approve or reject, the guard abstain or veto."""
    voices = [ballot(name, voter, q) for voter in VOTERS for q in (0.9, 0.2)]
    return [*voices, ballot(name, GUARD, None), ballot(name, GUARD, None, veto=True)]


def set_on(name: str, *qs: float | None, veto: bool = False) -> list[Sent]:
    """Every seat has made up its mind; the guard is the last."""
    voices = [ballot(name, voter, q) for voter, q in zip(VOTERS, qs, strict=True)]
    return [*voices, ballot(name, GUARD, None, veto=veto)]


CERTAIN = ("unflippable", "all_voted")


class Invariants:
    """What holds in every state. `decided` is what became of the ballots of a round that was certain: by proposals,
    what was reserved, and ballots."""

    def __init__(self) -> None:
        self.decided: dict[tuple[Any, ...], Any] = {}
        self.outcomes: Counter[str] = Counter()

    def check(self, world: World, path: Path, first: bool) -> None:
        assert not world.problems, path
        self._one_decision(world, path)
        self._one_result(world, path)
        self._order_of_arrival(world, path)
        if first:
            self._orders_have_a_reason(world, path)
            self._the_log_is_sound(world, path)

    def _one_decision(self, world: World, path: Path) -> None:
        decided = Counter(decision.deliberation_id for decision in world.decisions())
        opened = Counter(
            event.body.deliberation_id for event in world.committed if isinstance(event.body, DeliberationOpened)
        )
        assert decided == opened, path
        assert set(decided.values()) <= {1}, path
        self.outcomes.update(decision.outcome for decision in world.decisions())

    def _one_result(self, world: World, path: Path) -> None:
        """At most one at any time; exactly one, and one answer, once nothing is on the table any more."""
        results = world.results()
        assert all(len(each) == 1 for each in results.values()), (path, results)
        if world.rounds() or world.waiting():
            return
        for command, envelope in world.sent:
            assert envelope.id in world.answers, (path, envelope.id)
            if isinstance(command.body, SubmitProposal | OfferAmendment) and command is not HALT:
                lost = isinstance(command.body, OfferAmendment) and world.answers[envelope.id] == "expired:RESTARTED"
                known = command.name in results
                assert known != lost, (path, command.name, results)

    def _orders_have_a_reason(self, world: World, path: Path) -> None:
        """By the ballots in the log: enough mass, a majority, a forecast, the guard heard and no veto; and no order
        after a halt."""
        halted = False
        rounds: dict[Any, list[Any]] = {}
        for event in world.committed:
            body = event.body
            halted = halted or isinstance(body, TradingHalted)
            rounds.setdefault(event.originator_id, []).append(body)
            if isinstance(body, DecisionReached) and body.orders:
                assert not halted, path
                passed = [b for b in rounds[event.originator_id] if isinstance(b, ProposalTallied)]
                names = {b.proposal_id for b in passed if b.state == "PASSED"}
                winners = {r.proposal_id for r in body.reasons if r.state in ("GRANTED", "REDUCED")}
                assert winners, path
                assert winners <= names, path
                for name in winners:
                    assert unvoted(world, name) or carried(name, rounds[event.originator_id], world), (path, name)

    def _the_log_is_sound(self, world: World, path: Path) -> None:
        """Versions without gaps, and its fold is the state that the chamber has."""
        versions: dict[Any, int] = {event.originator_id: event.originator_version for event in FOUNDING}
        for event in world.committed:
            versions[event.originator_id] = versions.get(event.originator_id, 0) + 1
            assert event.originator_version == versions[event.originator_id], path
        fresh, live = folded(world.committed), world.chamber.state
        assert (fresh.mode, fresh.reserved, fresh.versions) == (live.mode, live.reserved, live.versions), path

    def _order_of_arrival(self, world: World, path: Path) -> None:
        """The same ballots on the same proposals come to the same decision in whatever order they came."""
        for bodies in rounds_of(world).values():
            closed = next((b for b in bodies if isinstance(b, DeliberationClosed)), None)
            decision = next((b for b in bodies if isinstance(b, DecisionReached)), None)
            if closed is not None and decision is not None and closed.reason in CERTAIN:
                found = next((frozenset(b.reserved.items()) for b in bodies if isinstance(b, SituationRecorded)), None)
                asked = frozenset(result.proposal_id for result in decision.reasons)
                known = self.decided.setdefault((asked, found, ballots(bodies)), substance(decision))
                assert known == substance(decision), path

    def compare(self) -> int:
        """A round that closed early has the result of every other in which the same ballots and more came."""
        pairs = 0
        for (asked, found, early), result in self.decided.items():
            for (also_asked, also_found, later), other in self.decided.items():
                if (asked, found) == (also_asked, also_found) and early < later:
                    assert result == other, (early, later)
                    pairs += 1
        return pairs


def rounds_of(world: World) -> dict[Any, list[Any]]:
    rounds: dict[Any, list[Any]] = {}
    for event in world.committed:
        rounds.setdefault(event.originator_id, []).append(event.body)
    return rounds


def ballots(bodies: list[Any]) -> frozenset[Any]:
    return frozenset((b.proposal_id, b.agent, b.probability, b.veto) for b in bodies if isinstance(b, BallotCast))


def substance(decision: DecisionReached) -> Any:
    orders = frozenset((order.instrument, order.side, order.quantity) for order in decision.orders)
    won = frozenset(each.proposal_id for each in decision.reasons if each.state in ("GRANTED", "REDUCED"))
    return decision.outcome, orders, won


def unvoted(world: World, name: str) -> bool:
    return any(command.name == name and command.actor == GUARD for command, _ in world.sent)


def carried(name: str, bodies: list[Any], world: World) -> bool:
    cast = [b for b in bodies if isinstance(b, BallotCast) and b.proposal_id == name]
    yes = sum(b.weight_ppm for b in cast if b.stance == "approve")
    no = sum(b.weight_ppm for b in cast if b.stance == "reject")
    reduce = any(
        c.name == name and c.body.action == "reduce" for c, _ in world.sent if isinstance(c.body, SubmitProposal)
    )
    if reduce:
        return yes * 5 >= 900_000 and 3 * yes > yes + no
    score = sum(b.weight_ppm * b.probability for b in cast if b.probability is not None)
    heard = any(b.agent == GUARD for b in cast) and not any(b.veto for b in cast)
    return heard and yes * 5 >= 2 * 900_000 and 2 * yes > yes + no and 2 * score >= yes + no


ONE = [proposal("P", "va", "0.1"), HALT, *free("P")]
AMENDED = [
    proposal("P", "va", "0.2"),
    amendment("A", "vb", "P", "0.1"),
    *[ballot("P", "va", 0.9), ballot("P", "vb", 0.7)],
    *[ballot("A", "vb", 0.9), ballot("A", "va", 0.6), ballot("A", GUARD, None)],
]
NEXT = [
    proposal("P", "va", "0.1"),
    proposal("Q", "vb", "1", symbol="ETHUSDT"),
    *[ballot("P", "va", 0.9), ballot("P", "vb", 0.7), ballot("P", GUARD, None)],
    *[ballot("Q", "vb", 0.9), ballot("Q", "vc", 0.9), ballot("Q", GUARD, None, veto=True)],
]
REDUCED = [
    proposal("P", "va", "0.1"),
    *[ballot("P", "vb", 0.9), ballot("P", "vc", 0.7), ballot("P", GUARD, None)],
    proposal("R", "vc", "0.04", "reduce"),
    *[ballot("R", "va", 0.9), ballot("R", "vb", 0.1)],
    proposal("G", GUARD, "0.02", "reduce"),
]


class Scenario(NamedTuple):
    """`outcomes` are those that must be reached, `states` how many at least (there are a few more)."""

    commands: list[Sent]
    outcomes: set[str]
    states: int
    crashes: bool = False
    halves: bool = False


SCENARIOS = {
    "one proposal, every stance, halt and crash": Scenario(
        ONE, {"granted", "vetoed", "refused", "expired"}, 2_000, crashes=True
    ),
    "an amendment and a crash": Scenario(AMENDED, {"granted", "refused", "expired"}, 1_000, crashes=True),
    "one that comes too late for its round": Scenario(NEXT, {"granted", "refused"}, 500, halves=True),
    "reductions and a trade": Scenario(REDUCED, {"granted", "refused"}, 500),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_reachable_state_breaks_an_invariant(name: str) -> None:
    scenario, invariants = SCENARIOS[name], Invariants()
    explorer = Explorer(scenario.commands, invariants.check, crashes=scenario.crashes, halves=scenario.halves)
    explorer.explore()
    assert set(invariants.outcomes) == scenario.outcomes
    assert len(explorer.states) >= scenario.states
    assert invariants.compare() > 0 or scenario.commands is not ONE
