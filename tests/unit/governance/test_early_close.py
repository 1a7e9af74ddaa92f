"""Early close against brute force: over every completion of the missing ballots nothing may change any more."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.deliberation import Round
from tests.unit.governance.table import LOW, REDUCE, SYMBOLS, TRADE, Asked, Says, Table


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


@settings(max_examples=250, deadline=None)
@given(tables(1), HELD)
def test_one_proposal_closes_exactly_when_no_completion_can_change_the_result(
    table: Table, held: dict[str, str]
) -> None:
    """With a threshold below one half the median may still be open where a size limit has settled it: then it waits."""
    certain = len(table.results(held)) == 1
    fixed = table.round(table.cast).fixed()
    assert certain if fixed else not certain or table.rule is LOW


@settings(max_examples=400, deadline=None)
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
