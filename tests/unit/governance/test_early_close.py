"""Early close against brute force: over every completion of the missing ballots nothing may change any more."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from governance.domain.deliberation import Round
from governance.domain.resolution import resolve
from tests.unit.governance.table import (
    INSTRUMENTS,
    LOW,
    NO_RULES,
    REDUCE,
    SHADOW,
    SYMBOLS,
    TRADE,
    VOICES,
    Asked,
    Says,
    Table,
    situation,
)


@st.composite
def trades(draw: st.DrawFn) -> Asked:
    """On one instrument or, as often, on two or three."""
    targets = st.sampled_from(["1", "2", "-1", "3"])
    symbols = draw(st.permutations(INSTRUMENTS))[: draw(st.sampled_from([1, 1, 2, 3]))]
    if len(symbols) == 1:
        return Asked(draw(st.sampled_from(SYMBOLS)), draw(targets))
    head, *further = [(symbol, draw(targets)) for symbol in symbols]
    return Asked(*head, tuple(further))


@st.composite
def tables(draw: st.DrawFn, proposals: int) -> Table:
    rule = draw(st.sampled_from([TRADE, TRADE, LOW, REDUCE]))
    masses = tuple(draw(st.lists(st.integers(1, 5), min_size=3, max_size=4)))
    if rule is REDUCE:
        asked = [
            Asked(draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from(["0", "1", "2"]))) for _ in range(proposals)
        ]
    else:
        asked = [draw(trades()) for _ in range(proposals)]
    table = Table(rule, masses, draw(st.integers(0, 2)), asked, draw(st.sampled_from([0, 0, 0, 1])))
    order = draw(st.permutations(table.missing()))
    open_ballots = draw(st.integers(1, 3 if proposals == 1 else 4))
    for index, seat in order[: max(0, len(order) - open_ballots)]:
        table.cast[index, seat] = draw(st.sampled_from(table.voices(seat)))
    return table


HELD = st.sampled_from([{}, {"AAA": "2.5"}, {"AAA": "-2.5", "BBB": "4"}])


@settings(max_examples=200, deadline=None)
@given(tables(1), HELD)
def test_one_proposal_closes_exactly_when_no_completion_can_change_the_result(
    table: Table, held: dict[str, str]
) -> None:
    """With a threshold below one half the median may still be open where a size limit has settled it: then it waits."""
    certain = len(table.results(held)) == 1
    fixed = table.round(table.cast).fixed()
    assert certain if fixed else not certain or table.rule is LOW


@settings(max_examples=250, deadline=None)
@given(tables(2), HELD)
def test_two_proposals_close_only_when_no_completion_can_change_the_result(table: Table, held: dict[str, str]) -> None:
    if table.round(table.cast).fixed():
        assert len(table.results(held)) == 1


@settings(max_examples=200, deadline=None)
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
    assert table.round(table.cast).fixed_without({"v2", "v3"})
    assert not table.round(table.cast).fixed_without({"v3"})


@pytest.mark.parametrize("says", [Says(None, veto=True), Says(None, limit="0")])
def test_a_guard_that_is_still_missing_can_change_everything(says: Says) -> None:
    table = six()
    vote(table, yes=6)
    del table.cast[0, "g1"]
    assert not table.round(table.cast).fixed()
    assert table.result(table.cast, {}) != table.result({**table.cast, (0, "g1"): says}, {})


def test_a_guard_that_has_not_voted_on_a_lost_proposal_can_still_limit_its_instrument() -> None:
    table = six(asked=[Asked("AAA", "1"), Asked("AAA", "2")])
    vote(table, yes=4)
    assert not vote(table, yes=0, no=3, proposal=1, guards=False).fixed()
    limited = {(1, "g1"): Says(None, limit="0.5")}
    assert table.result(table.cast, {}) != table.result(table.cast | limited, {})
    for guard in table.guards:
        table.cast[1, guard] = Says(None)
    for voter in table.voters:
        table.cast.setdefault((1, voter), Says(None))
    assert table.round(table.cast).fixed()


def test_a_pair_waits_for_the_medians_of_both_instruments() -> None:
    """It passes for sure with the mass of three, and the other proposal cannot pass: but whoever still votes on that
    one stands on BBB at what is held, and four outweigh the three."""
    table = Table(TRADE, (3, 2, 2), 0, [Asked("AAA", "1", (("BBB", "-1"),)), Asked("BBB", "2")])
    table.cast = {(0, "v0"): Says(1.0), (0, "v1"): Says(None), (0, "v2"): Says(None), (1, "v0"): Says(None)}
    table.cast |= {(1, "v1"): Says(0.0)}
    assert not table.round(table.cast).fixed()
    assert len(table.results({})) == 2
    assert table.round(table.cast | {(1, "v2"): Says(None)}).fixed()


@settings(max_examples=250, deadline=None)
@given(tables(2), HELD, st.lists(st.sampled_from(VOICES), min_size=2, max_size=2))
def test_a_newcomer_changes_nothing_and_nobody_waits_for_it(
    table: Table, held: dict[str, str], says: list[Says]
) -> None:
    """Not what passes, what is granted, who is missing, what could still happen, nor how much mass has voted."""
    shadow = {(index, SHADOW): voice for index, voice in enumerate(says)}
    with_it, without = table.round({**shadow, **table.cast}), table.round(table.cast)
    assert len(with_it.ballots) == len(without.ballots) + 2
    assert with_it.fixed() == without.fixed()
    assert with_it.all_voted() == without.all_voted() == (not table.missing())
    assert with_it.missing_seats() == without.missing_seats()
    assert with_it.voted_ppm() == without.voted_ppm()
    assert resolve(with_it, situation(held), NO_RULES) == resolve(without, situation(held), NO_RULES)


def test_what_a_tie_on_its_instrument_throws_out_is_not_waited_for() -> None:
    """Two approve it and two stand at what is held, whatever the last one says on the other proposal."""
    table = Table(TRADE, (2, 2, 1), 0, [Asked("AAA", "1"), Asked("AAA", "2")])
    table.cast = {(0, "v0"): Says(1.0), (0, "v1"): Says(None), (0, "v2"): Says(None)}
    table.cast |= {(1, "v0"): Says(None), (1, "v1"): Says(0.0)}
    assert len(table.results({})) == 1
    assert table.round(table.cast).fixed()


def test_while_a_required_guard_is_suspended_nothing_can_pass_and_nobody_is_waited_for() -> None:
    table = six(asked=[Asked("AAA", "1"), Asked("BBB", "1")])
    table.weights = replace(table.weights, able=table.weights.able - {"g0"})
    for proposal in (0, 1):
        for voter in table.voters[:5]:
            table.cast[proposal, voter] = Says(1.0)
        table.cast[proposal, "g1"] = Says(None)
    assert len(table.results({})) == 1
    assert table.round(table.cast).fixed()
