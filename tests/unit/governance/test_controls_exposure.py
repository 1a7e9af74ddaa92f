"""The controls of exposure and losses, 5 to 12 and 21: what trips them, what does not, and what is exempt."""

from __future__ import annotations

import pytest

from streams.events import Standing
from tests.unit.governance.court import (
    D,
    cleared,
    conditions,
    denied_by,
    facts_of,
    found_with,
    granted,
    quantity,
    run,
    starter,
    survivor,
)
from tests.unit.governance.scene import MS, instrument

S = 1_000 * MS

# --- 5 to 9, 21: exposure -------------------------------------------------------------------------


def test_5_repeated_execution_stops_the_authors_that_are_latched_on_the_instrument() -> None:
    found = found_with({"AAA": "5"}, conditions=conditions(latched=("fast", "slow")))
    for agents, stopped in ((("slow",), True), (("rule", "fast"), True), (("rule",), False), ((), False)):
        assert denied_by("repeated-execution", survivor("6", "5", agents=agents), found) == stopped
        assert granted("repeated-execution", survivor("4", "5", agents=agents), found)
    assert granted("repeated-execution", survivor("6", symbol="BBB", agents=("slow",)), found)


@pytest.mark.parametrize(
    ("held", "target", "size"), [("0", "10", "10"), ("0", "11", "10"), ("4", "12", "6"), ("-4", "-11", "6")]
)
def test_6_position_limit_clips_to_the_room_that_is_left(held: str, target: str, size: str) -> None:
    assert quantity(cleared("position-limit", survivor(target, held), found_with({"AAA": held}))) == D(size)


def test_6_position_limit_leaves_a_way_out_of_a_position_that_is_too_large() -> None:
    found = found_with({"AAA": "12"})
    assert granted("position-limit", survivor("11", "12"), found)
    assert denied_by("position-limit", survivor("13", "12"), found)


def test_6_on_spot_nothing_is_sold_short() -> None:
    spot = {"AAA": instrument("AAA", min_position=D(0))}
    assert denied_by("position-limit", survivor("-1"), found_with(instruments=spot))
    found = found_with({"AAA": "2"}, instruments=spot)
    assert quantity(cleared("position-limit", survivor("-1", "2"), found)) == 2


def test_7_gross_exposure_clips_across_zero_and_counts_the_others() -> None:
    """Equity 10,000 and P = 100 leave 100 units in all; 40 are held of the other instrument."""
    found = found_with({"AAA": "-5", "BBB": "40"})
    assert granted("gross-exposure", survivor("60", "-5"), found)
    assert quantity(cleared("gross-exposure", survivor("61", "-5"), found)) == 65
    assert quantity(cleared("gross-exposure", survivor("-70", "-5"), found)) == 55


def test_7_gross_exposure_is_judged_jointly_and_reductions_come_first() -> None:
    """Selling 30 of one makes room for 30 of the other; both fit only in that order."""
    found = found_with({"BBB": "100"})
    clearing = run([starter("gross-exposure")], survivor("35"), survivor("70", "100", "BBB"), found=found)
    assert [(c.survivor.instrument, quantity(c)) for c in clearing.cleared] == [("BBB", 30), ("AAA", 30)]


def test_7_gross_exposure_exempts() -> None:
    assert granted("gross-exposure", survivor("110", "120"), found_with({"AAA": "120"}))


@pytest.mark.parametrize(
    ("held", "target", "size"),
    [
        ({}, "60", "60"),
        ({}, "61", "60"),
        ({}, "-61", "60"),
        ({"BBB": "-50"}, "110", "110"),
        ({"BBB": "50"}, "11", "10"),
        ({"BBB": "-80"}, "159", "159"),
        ({"BBB": "-80"}, "161", "140"),
    ],
)
def test_8_net_exposure_clips_long_and_short_against_each_other(held: dict[str, str], target: str, size: str) -> None:
    assert quantity(cleared("net-exposure", survivor(target), found_with(held))) == D(size)


def test_8_net_exposure_exempts_what_lowers_net_and_not_what_only_shrinks_a_position() -> None:
    found = found_with({"AAA": "-20", "BBB": "80"})
    assert denied_by("net-exposure", survivor("-10", "-20"), found), "a smaller short, a larger net"
    assert granted("net-exposure", survivor("-15", "-10"), found_with({"AAA": "-10", "BBB": "80"})), "net falls to 65"
    assert granted("net-exposure", survivor("70", "80"), found_with({"AAA": "80"}))


def test_9_concentration_clips_and_exempts() -> None:
    assert granted("concentration", survivor("40"), found_with())
    assert quantity(cleared("concentration", survivor("41"), found_with())) == 40
    assert quantity(cleared("concentration", survivor("-45"), found_with())) == 40
    assert quantity(cleared("concentration", survivor("45", "-10"), found_with({"AAA": "-10"}))) == 50
    assert granted("concentration", survivor("41", "50"), found_with({"AAA": "50", "BBB": "40"}))


def test_21_buying_power_counts_fee_and_what_is_reserved_and_exempts() -> None:
    assert granted("buying-power", survivor("50"), found_with(cash=D("5000.1")))
    assert denied_by("buying-power", survivor("50"), found_with(cash=D("5000.09")))
    assert denied_by("buying-power", survivor("60"), found_with(reserved={"BBB": D(40)}))
    assert granted("buying-power", survivor("59"), found_with(reserved={"BBB": D(40)}))
    assert granted("buying-power", survivor("-40", "-50"), found_with({"AAA": "-50"}, cash=D(0)))


# --- 10 to 12: losses -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "mark", "limit"), [("drawdown-stop", "peak", "5"), ("daily-loss", "day_open", "2")])
def test_10_11_losses_stop_new_risk_at_the_limit_and_exempt(name: str, mark: str, limit: str) -> None:
    at = D(10_000) / (1 - D(limit) / 100)
    for value, trips in ((at, True), (at - 1, False), (D(9_000), False), (D(0), True)):
        found = found_with({"AAA": "5"}, standing=Standing(**{mark: value}))
        assert denied_by(name, survivor("6", "5"), found) == trips
        assert granted(name, survivor("0", "5"), found)


def test_10_11_before_the_first_mark_nothing_is_lost() -> None:
    facts = facts_of(survivor("1"), found_with(standing=Standing()))
    assert (facts["book.drawdown"], facts["book.daily_loss"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("losses", "age", "trips"),
    [(3, 0, False), (4, 0, True), (4, 600 * S - 1, True), (4, 600 * S, False), (9, None, True), (0, None, False)],
)
def test_12_consecutive_losses_pause_until_the_cooldown_and_exempt(losses: int, age: int | None, trips: bool) -> None:
    found = found_with({"AAA": "5"}, conditions=conditions(losses=losses, losses_age=age))
    assert denied_by("consecutive-losses", survivor("6", "5"), found) == trips
    assert granted("consecutive-losses", survivor("4", "5"), found)
