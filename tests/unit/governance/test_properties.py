"""What holds of a chamber whatever is done to it, in whatever order."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from hashlib import sha256
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain import rounds
from governance.domain.arbitration import reduces
from governance.domain.deliberation import Round
from governance.domain.resolution import resolve
from governance.domain.rulebook import Rulebook
from governance.domain.situation import Situation
from governance.domain.state import BookState, signed
from streams.envelope import encode
from streams.events import (
    TOPICS,
    DecisionReached,
    DeliberationOpened,
    DomainEvent,
    Event,
    OrderExpired,
    ProposalAdmitted,
    decode_event,
    encode_event,
)
from streams.messages import Leg, ResumeTrading
from tests.unit.governance.scene import GUARDS, VOTERS, Scene

D = Decimal
SEATS = (*VOTERS, *GUARDS)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
PRICES = {"BTCUSDT": ("49990", "50000", "50010"), "ETHUSDT": ("2999", "3000", "3001")}

SYMBOL = st.sampled_from(SYMBOLS)
Q = st.sampled_from([None, 0.0, 0.3, 0.5, 0.7, 1.0])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), SYMBOL, st.integers(0, 2)),
        st.tuples(
            st.just("propose"), st.sampled_from(SEATS), SYMBOL, st.sampled_from(["0", "0.1", "-0.2", "3", "-40"])
        ),
        st.tuples(st.just("reduce"), st.sampled_from(SEATS), SYMBOL, st.sampled_from(["0", "0.05", "2"])),
        st.tuples(st.just("pair"), st.sampled_from(SEATS), *[st.sampled_from(["0", "0.1", "-0.2"])] * 2),
        st.tuples(st.just("amend"), st.sampled_from(SEATS), st.integers(0, 3), st.sampled_from(["0.05", "-0.1", "2"])),
        st.tuples(st.just("ballot"), st.sampled_from(SEATS), st.integers(0, 3), Q, st.integers(0, 9)),
        st.tuples(st.just("all vote"), st.integers(0, 3), st.lists(Q, min_size=6, max_size=6)),
        st.tuples(st.just("all vote"), st.integers(0, 3), st.just([0.9] * 6)),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 5, 13, 26, 400])),
        st.tuples(st.just("settle"), st.booleans()),
        st.tuples(st.just("halt"), st.just(0)),
        st.tuples(st.just("resume"), st.sampled_from(["operator:a", "operator:b"])),
        st.tuples(st.just("interrupted"), st.sampled_from(SEATS), SYMBOL),
    ),
    min_size=5,
    max_size=40,
)


class Play:
    """Plays a list of actions on a fresh scene and then lets every window run out."""

    def __init__(self, actions: list[tuple[Any, ...]]) -> None:
        self.scene = Scene()
        self.proposals = ["p0"]
        for symbol in SYMBOLS:
            self.scene.quote(symbol, PRICES[symbol][1])
        for action in actions:
            getattr(self, "_" + action[0].replace(" ", "_"))(*action[1:])
        self.scene.wait(50)
        self.scene.wait(50)
        self.scene.wait(50)

    def _new(self) -> str:
        self.proposals.append(f"p{len(self.proposals)}")
        return self.proposals[-1]

    def _recent(self, index: int) -> str:
        return self.proposals[-1 - min(index, len(self.proposals) - 1)]

    def _quote(self, symbol: str, index: int) -> None:
        self.scene.quote(symbol, PRICES[symbol][index])

    def _propose(self, agent: str, symbol: str, target: str) -> None:
        self.scene.propose(target, agent, symbol, proposal_id=self._new())

    def _reduce(self, agent: str, symbol: str, cap: str) -> None:
        self.scene.propose(cap, agent, symbol, proposal_id=self._new(), action="reduce")

    def _pair(self, agent: str, target: str, other: str) -> None:
        leg = Leg(instrument=SYMBOLS[1], target=D(other), price=D(PRICES[SYMBOLS[1]][1]))
        self.scene.propose(target, agent, SYMBOLS[0], proposal_id=self._new(), legs=(leg,))

    def _amend(self, agent: str, index: int, target: str) -> None:
        amends = self._recent(index)
        self.scene.amend(amends, target, agent, proposal_id=self._new())

    def _ballot(self, agent: str, index: int, q: float | None, luck: int) -> None:
        limit = "0.05" if luck == 1 else None
        self.scene.ballot(self._recent(index), agent, q, veto=luck == 0, size_limit=limit)

    def _all_vote(self, index: int, qs: list[float | None]) -> None:
        self.scene.everybody(self._recent(index), qs)

    def _wait(self, milliseconds: float) -> None:
        self.scene.wait(milliseconds)

    def _settle(self, filled: bool) -> None:
        decisions = {d.decision_id: d for d in self.scene.bodies(DecisionReached)}
        for decision in decisions.values():
            if decision.orders and decision.orders[0].order_id in self.scene.state.reserved:
                if filled:
                    self.scene.fill(decision)
                else:
                    orders = decision.orders
                    self.scene.executed(
                        *(
                            OrderExpired(order_id=o.order_id, decision_id=decision.decision_id, reason="x")
                            for o in orders
                        )
                    )

    def _halt(self, _: int) -> None:
        self.scene.gate("HALTED", self.scene.now)

    def _resume(self, who: str) -> None:
        self.scene.give(ResumeTrading(reason="x"), who)

    def _interrupted(self, agent: str, symbol: str) -> None:
        self.scene.propose("0.1", agent, symbol, proposal_id=self._new(), interrupted=True)

    @property
    def events(self) -> list[DomainEvent]:
        return [event for step in self.scene.steps for event in step.events]

    def bytes(self) -> bytes:
        events = [msgspec.json.encode(event) for event in self.events]
        said = [encode(e) for step in self.scene.steps for e in (*step.announcements, *step.resolved)]
        answers = [msgspec.json.encode(answer) for step in self.scene.steps for answer in step.answers]
        return b"\n".join((*events, *said, *answers))


@settings(max_examples=60, deadline=None)
@given(ACTIONS)
def test_the_same_messages_and_times_give_the_same_bytes(actions: list[tuple[Any, ...]]) -> None:
    assert Play(actions).bytes() == Play(actions).bytes()


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_every_command_is_answered_exactly_once(actions: list[tuple[Any, ...]]) -> None:
    play = Play(actions)
    answered = Counter(answer.command_id for step in play.scene.steps for answer in step.answers)
    assert set(answered.values()) <= {1}
    assert set(answered) == set(play.scene.commands)
    answers_of_refusals = {r.command_id for step in play.scene.steps for r in step.refusals}
    results = play.scene.answers()
    assert all(results[command_id].startswith("refused:") for command_id in answers_of_refusals)


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_versions_are_gapless_and_every_round_has_one_decision(actions: list[tuple[Any, ...]]) -> None:
    play = Play(actions)
    versions: dict[Any, int] = dict(play.scene._versions)
    for event in play.events:
        versions[event.originator_id] = versions.get(event.originator_id, 0) + 1
        assert event.originator_version == versions[event.originator_id]
    opened = [e.body.deliberation_id for e in play.events if isinstance(e.body, DeliberationOpened)]
    decided = [e.body.deliberation_id for e in play.events if isinstance(e.body, DecisionReached)]
    assert sorted(opened) == sorted(decided)
    assert len(set(decided)) == len(decided)
    assert all(decode_event(TOPICS[type(e.body)], encode_event(e.body)) == e.body for e in play.events)


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_the_fold_of_the_events_is_the_state_that_the_chamber_had(actions: list[tuple[Any, ...]]) -> None:
    play = Play(actions)
    live, fresh = play.scene.state, Scene().state
    for step in play.scene.steps:
        for event in step.events:
            fresh.apply(event)
    for body in play.scene.executions:
        fresh.fold(body)
    for name in ("mode", "gate_at", "resumed_by", "cash", "positions", "reserved", "versions", "rulebook_version"):
        assert getattr(fresh, name) == getattr(live, name), name
    assert caps(fresh) == caps(live)


def caps(state: BookState) -> dict[str, list[tuple[D, str, int]]]:
    return {name: [(cap.limit, cap.proposal_id, cap.until) for cap in found] for name, found in state.caps.items()}


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_no_decision_breaks_the_halt_the_budget_or_the_order_value(actions: list[tuple[Any, ...]]) -> None:
    """Gross at the round's own prices, with what is reserved, stays inside 100 % of equity or falls."""
    for situation, decision in decisions_of(actions):
        if situation.mode == "HALTED":
            assert decision.orders == ()
        held = dict(situation.held)
        for order in decision.orders:
            held[order.instrument] += signed(order.side, order.quantity)
            value = order.quantity * situation.markets[order.instrument].price
            assert value <= situation.terms.max_order_value or order.reduce_only
            assert not order.reduce_only or reduces(situation.held[order.instrument], held[order.instrument])
        before, after = gross(situation, situation.held), gross(situation, held)
        assert after <= max(before, situation.terms.max_gross * (situation.equity or D(0)))


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_reduce_rounds_only_shrink(actions: list[tuple[Any, ...]]) -> None:
    for situation, decision in decisions_of(actions, track="REDUCE"):
        held = dict(situation.held)
        for order in decision.orders:
            held[order.instrument] += signed(order.side, order.quantity)
            assert reduces(situation.held[order.instrument], held[order.instrument])
        assert gross(situation, held) <= gross(situation, situation.held)


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_of_a_pair_all_legs_are_granted_or_none(actions: list[tuple[Any, ...]]) -> None:
    play = Play(actions)
    legs = {
        event.body.proposal_id: {event.body.instrument, *(leg.instrument for leg in event.body.legs)}
        for event in play.events
        if isinstance(event.body, ProposalAdmitted)
    }
    for decision in (event.body for event in play.events if isinstance(event.body, DecisionReached)):
        ordered = {order.instrument for order in decision.orders}
        for each in decision.reasons:
            if each.state in ("GRANTED", "REDUCED"):
                assert legs.get(each.proposal_id, set()) <= ordered


def gross(situation: Situation, held: dict[str, D]) -> D:
    return sum((abs(quantity) * situation.markets[name].price for name, quantity in held.items()), D(0))


def decisions_of(actions: list[tuple[Any, ...]], track: str = "") -> list[tuple[Situation, DecisionReached]]:
    """Every decision with the situation that it was made in."""
    found: list[tuple[Situation, DecisionReached]] = []

    def resolving(round_: Round, situation: Situation, rulebook: Rulebook) -> tuple[Event, ...]:
        events = resolve(round_, situation, rulebook)
        decision = events[-1]
        assert isinstance(decision, DecisionReached)
        if track in ("", round_.terms.track):
            found.append((situation, decision))
        return events

    with patch.object(rounds, "resolve", resolving):
        Play(actions)
    return found


FIXED = [
    ("all vote", 0, [0.9] * 6),
    ("propose", VOTERS[0], "BTCUSDT", "0.1"),
    ("propose", VOTERS[1], "ETHUSDT", "3"),
    ("amend", VOTERS[2], 1, "0.05"),
    ("ballot", "risk", 0, None, 1),
    ("all vote", 2, [0.7, 0.9, 0.3, 0.5, None, 1.0]),
    ("all vote", 1, [0.7] * 6),
    ("all vote", 0, [0.9] * 6),
    ("wait", 60),
    ("settle", True),
    ("quote", "BTCUSDT", 1),
    ("quote", "ETHUSDT", 1),
    ("pair", VOTERS[4], "0.02", "0.2"),
    ("all vote", 0, [0.9] * 6),
    ("reduce", VOTERS[3], "ETHUSDT", "0.05"),
    ("wait", 26),
    ("reduce", "risk", "BTCUSDT", "0"),
    ("halt", 0),
    ("resume", "operator:a"),
]


def digest() -> str:
    return sha256(Play(FIXED).bytes()).hexdigest()


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    program = "from tests.unit.governance.test_properties import digest; print(digest())"
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert found == {digest() + "\n"}
