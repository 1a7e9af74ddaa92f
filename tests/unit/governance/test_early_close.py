"""Early close against brute force: over every completion of the missing ballots nothing may change any more."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.council import Weights
from governance.domain.deliberation import Candidate, Round
from governance.domain.resolution import resolve
from governance.domain.rulebook import Rulebook
from governance.domain.situation import Ages, Situation
from governance.domain.tracks import Rule, Terms
from governance.domain.voting import Ballot
from streams.envelope import Envelope
from streams.events import BookTerms, DecisionReached, MarketView, ProposalTallied
from streams.messages import CastBallot, SubmitProposal
from tests.unit.governance.scene import instrument

TRADE = Rule(Fraction(1, 2), Fraction(2, 5), forecast=True, vetoable=True)
LOW = Rule(Fraction(1, 3), Fraction(1, 5), forecast=True, vetoable=True)
REDUCE = Rule(Fraction(1, 3), Fraction(1, 5), forecast=False, vetoable=False)
MARKET = MarketView(price=Decimal(100), spread=Decimal(1), tick_id="t", source="replay", market_at=0)
SYMBOLS = ("AAA", "BBB")
NO_RULES = Rulebook((), 0)


class Says(NamedTuple):
    """What a seat may put on a ballot."""

    q: float | None
    veto: bool = False
    limit: str | None = None


VOICES = (Says(None), Says(0.0), Says(0.45), Says(0.5), Says(1.0))
GUARD_VOICES = (Says(None), Says(None, veto=True), Says(None, limit="0"), Says(None, limit="1.5"))


class Asked(NamedTuple):
    symbol: str
    target: str


def situation(held: dict[str, str]) -> Situation:
    quantities = {symbol: Decimal(held.get(symbol, "0")) for symbol in SYMBOLS}
    return Situation(
        book="demo",
        mode="NORMAL",
        terms=BookTerms(),
        instruments={symbol: instrument(symbol, min_notional=Decimal(0)) for symbol in SYMBOLS},
        cash=Decimal(10_000),
        equity=Decimal(10_000),
        gross=sum((abs(quantity) * MARKET.price for quantity in quantities.values()), Decimal(0)),
        positions={symbol: quantity for symbol, quantity in quantities.items() if quantity},
        held=quantities,
        markets=dict.fromkeys(SYMBOLS, MARKET),
        ages=dict.fromkeys(SYMBOLS, Ages(0, 0)),
        caps={},
    )


class Table:
    """A round in the making: `cast` are the ballots so far, by (proposal, seat)."""

    def __init__(
        self, rule: Rule, masses: tuple[int, ...], guards: int, asked: list[Asked], suspended: int = 0
    ) -> None:
        self.rule, self.asked = rule, asked
        self.voters = [f"v{index}" for index in range(len(masses))]
        self.guards = [f"g{index}" for index in range(guards)]
        ppm = dict(zip(self.voters, masses, strict=True))
        able = frozenset([*self.voters[suspended:], *self.guards])
        self.weights = Weights(
            version="w",
            ppm=ppm,
            total_ppm=sum(masses),
            able_ppm=sum(ppm[voter] for voter in self.voters if voter in able),
            able=able,
            vetoers=frozenset(self.guards),
            required=frozenset(self.guards[:1]),
        )
        self.cast: dict[tuple[int, str], Says] = {}

    @property
    def action(self) -> str:
        return "reduce" if self.rule is REDUCE else "trade"

    def seats(self) -> list[str]:
        return [seat for seat in (*self.voters, *self.guards) if seat in self.weights.able]

    def voices(self, seat: str) -> tuple[Says, ...]:
        if seat in self.guards:
            return GUARD_VOICES if self.rule.vetoable else (Says(None),)
        return VOICES

    def missing(self) -> list[tuple[int, str]]:
        return [(p, seat) for p in range(len(self.asked)) for seat in self.seats() if (p, seat) not in self.cast]

    def round(self, ballots: dict[tuple[int, str], Says]) -> Round:
        track = "REDUCE" if self.rule is REDUCE else "TRADE"
        found = Round("d", Terms(track, 25_000_000, True, self.rule), self.weights, 0)  # type: ignore[arg-type]
        for index, asked in enumerate(self.asked):
            body = SubmitProposal(
                proposal_id=str(index),
                action=self.action,  # type: ignore[arg-type]
                instrument=asked.symbol,
                target=Decimal(asked.target),
                price=MARKET.price,
                evidence_received_at=0,
            )
            command = Envelope(id=f"c{index}", body=body, actor="v0", sent_at=0)
            found.join(Candidate(command, "", body, None, Decimal(0), MARKET, self.weights.total_ppm))
        for (index, seat), says in ballots.items():
            stance = "abstain" if says.q is None else "approve" if says.q >= 0.5 else "reject"
            limit = None if says.limit is None else Decimal(says.limit)
            cast = CastBallot(
                proposal_id=str(index),
                stance=stance,  # type: ignore[arg-type]
                probability=says.q,
                size_limit=limit,
                veto=says.veto,
            )
            envelope = Envelope(id=f"b{index}{seat}", body=cast, actor=seat, sent_at=0)
            found.cast(found.candidates[str(index)], Ballot(seat, self.weights.of(seat), cast, envelope, ""))
        return found

    def result(self, ballots: dict[tuple[int, str], Says], held: dict[str, str]) -> tuple[object, ...]:
        """What a close gives: the outcome, what passed or was vetoed, and the orders with their sizes."""
        *before, decision = resolve(self.round(ballots), situation(held), NO_RULES)
        assert isinstance(decision, DecisionReached)
        kinds = {"PASSED": "passed", "VETOED": "vetoed"}
        states = tuple(kinds.get(event.state, "lost") for event in before if isinstance(event, ProposalTallied))
        return decision.outcome, states, tuple((o.instrument, o.side, o.quantity) for o in decision.orders)

    def results(self, held: dict[str, str]) -> set[tuple[object, ...]]:
        """Over every completion; a seat may also stay silent."""
        missing = self.missing()
        found = set()
        for voices in product(*[(None, *self.voices(seat)) for _, seat in missing]):
            rest = {key: says for key, says in zip(missing, voices, strict=True) if says is not None}
            found.add(self.result(self.cast | rest, held))
        return found


@st.composite
def tables(draw: st.DrawFn, proposals: int) -> Table:
    rule = draw(st.sampled_from([TRADE, TRADE, LOW, REDUCE]))
    masses = tuple(draw(st.lists(st.integers(1, 5), min_size=3, max_size=4)))
    if rule is REDUCE:
        asked = [
            Asked(draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from(["0", "1", "2"]))) for _ in range(proposals)
        ]
    else:
        targets = st.sampled_from(["1", "2", "-1", "3"])
        asked = [Asked(draw(st.sampled_from(SYMBOLS)), draw(targets)) for _ in range(proposals)]
    table = Table(rule, masses, draw(st.integers(0, 2)), asked, draw(st.sampled_from([0, 0, 0, 1])))
    order = draw(st.permutations(table.missing()))
    open_ballots = draw(st.integers(1, 3 if proposals == 1 else 4))
    for index, seat in order[: max(0, len(order) - open_ballots)]:
        table.cast[index, seat] = draw(st.sampled_from(table.voices(seat)))
    return table


HELD = st.sampled_from([{}, {"AAA": "2.5"}, {"AAA": "-2.5", "BBB": "4"}])


@settings(max_examples=400, deadline=None)
@given(tables(1), HELD)
def test_one_proposal_closes_exactly_when_no_completion_can_change_the_result(
    table: Table, held: dict[str, str]
) -> None:
    results = table.results(held)
    fixed = table.round(table.cast).fixed()
    assert fixed == (len(results) == 1)


@settings(max_examples=600, deadline=None)
@given(tables(2), HELD)
def test_two_proposals_close_only_when_no_completion_can_change_the_result(table: Table, held: dict[str, str]) -> None:
    if table.round(table.cast).fixed():
        assert len(table.results(held)) == 1


@settings(max_examples=300, deadline=None)
@given(tables(1), HELD, st.data())
def test_without_those_who_sleep_it_is_the_result_of_all_completions_of_the_others(
    table: Table, held: dict[str, str], data: st.DataObject
) -> None:
    asleep = frozenset(data.draw(st.sets(st.sampled_from(table.seats()))))
    if table.round(table.cast).fixed_without(asleep):
        silent = {key for key in table.missing() if key[1] in asleep}
        awake = [key for key in table.missing() if key not in silent]
        found = set()
        for voices in product(*[(None, *table.voices(seat)) for _, seat in awake]):
            rest = {key: says for key, says in zip(awake, voices, strict=True) if says is not None}
            found.add(table.result(table.cast | rest, held))
        assert len(found) == 1


def six(guards: int = 2, asked: list[Asked] | None = None) -> Table:
    return Table(TRADE, (1,) * 6, guards, asked or [Asked("AAA", "1")])


def vote(table: Table, yes: int, no: int = 0, proposal: int = 0, guards: bool = True) -> Round:
    for voter, q in zip(table.voters, [1.0] * yes + [0.0] * no, strict=False):
        table.cast[proposal, voter] = Says(q)
    for guard in table.guards if guards else ():
        table.cast[proposal, guard] = Says(None)
    return table.round(table.cast)


def test_a_pass_closes_when_the_majority_of_all_that_can_vote_is_there() -> None:
    assert not vote(six(), yes=3).fixed()
    assert vote(six(), yes=4).fixed()


def test_a_pass_waits_for_every_veto_seat() -> None:
    assert not vote(six(), yes=4, guards=False).fixed()


def test_a_pass_waits_for_the_forecast_to_be_certain() -> None:
    table = six()
    for voter in table.voters[:4]:
        table.cast[0, voter] = Says(0.5)
    for guard in table.guards:
        table.cast[0, guard] = Says(None)
    assert not table.round(table.cast).fixed()


def test_a_defeat_closes_without_the_veto_seats() -> None:
    assert not vote(six(), yes=0, no=2, guards=False).fixed()
    assert vote(six(), yes=0, no=3, guards=False).fixed()


def test_where_two_can_still_pass_all_ballots_are_waited_for() -> None:
    table = six(asked=[Asked("AAA", "1"), Asked("BBB", "1")])
    vote(table, yes=4)
    assert not vote(table, yes=4, proposal=1).fixed()
    assert vote(table, yes=0, no=3, proposal=1).fixed()


def test_voters_on_another_proposal_of_the_instrument_can_still_move_the_median() -> None:
    """One seat approves and all others abstain on the first: it passes for sure and the second cannot, but who votes on
    the second stands at what is held and may outweigh the one."""
    table = Table(TRADE, (3, 2, 1, 1), 0, [Asked("AAA", "1"), Asked("AAA", "2")])
    table.cast = {(0, "v0"): Says(1.0), (0, "v1"): Says(None), (0, "v2"): Says(None), (0, "v3"): Says(None)}
    table.cast |= {(1, "v0"): Says(None), (1, "v1"): Says(0.0)}
    assert not table.round(table.cast).fixed()
    assert len(table.results({})) == 2


@pytest.mark.parametrize("says", [Says(None, veto=True), Says(None, limit="0")])
def test_a_guard_that_is_still_missing_can_change_everything(says: Says) -> None:
    table = six()
    vote(table, yes=6)
    del table.cast[0, "g1"]
    assert not table.round(table.cast).fixed()
    assert table.result(table.cast, {}) != table.result({**table.cast, (0, "g1"): says}, {})
