"""Each of the 23 controls where it is enforced: what trips it, what does not, and what is exempt from it.

Those of exposure and losses (5 to 12 and 21) are in test_controls_exposure.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from execution.domain.order import OrderEvent
from governance.domain.controls import CONTROLS
from governance.domain.rulebook import Rulebook
from streams.events import FINAL, Ages, BookTerms, InstrumentTerms, OrderFilled, Standing
from streams.parts import GrantedOrder
from tests.unit.execution.market import decision, desk, executed, quote, ticket
from tests.unit.governance.court import (
    STARTER,
    D,
    cleared,
    code,
    conditions,
    denied_by,
    facts_of,
    found_with,
    granted,
    only,
    quantity,
    run,
    starter,
    survivor,
)
from tests.unit.governance.scene import MS, VOTERS, Scene, instrument, result

S = 1_000 * MS


# --- the table ------------------------------------------------------------------------------------


def test_the_table_has_all_23_and_names_every_starter_rule() -> None:
    assert [control.number for control in CONTROLS] == list(range(1, 24))
    rules = {control.rule: control for control in CONTROLS if control.rule}
    assert rules.keys() == {each.rule for each in STARTER}
    assert all((control.where == "rule") == bool(control.rule) for control in CONTROLS)
    for each in STARTER:
        assert rules[each.rule].breach.startswith(each.effect)
        assert each.exempt_risk_reducing == (rules[each.rule].exempt == "orders that shrink risk")


def test_parameters_are_terms_that_there_are() -> None:
    terms = {field.name for field in fields(BookTerms)}
    listed = {f"instrument.{field.name}" for field in fields(InstrumentTerms)}
    words = {"restricted instruments, from and to", "the venue's status"}
    assert {name for control in CONTROLS for name in control.parameters} <= terms | listed | words


def test_a_sound_order_passes_all_of_them() -> None:
    assert quantity(only(run(list(STARTER), survivor("5")))) == 5


# --- 1 to 4, the order ----------------------------------------------------------------------------


def test_1_price_collar_stands_at_the_collar_and_three_times_as_far_when_risk_shrinks() -> None:
    collar = [starter("price-collar")]
    limits = [only(run(collar, each)).ticket for each in (survivor("1"), survivor("-1"), survivor("1", held="2"))]
    assert [ticket and ticket.limit for ticket in limits] == [D("100.5"), D("99.5"), D("98.5")]


def test_1_price_collar_trips_outside_and_farther_out_when_risk_shrinks() -> None:
    book, values = Rulebook([starter("price-collar")], 1), facts_of(survivor("1"), found_with())
    for reducing, at, beyond in ((False, 50.0, 50.1), (True, 150.0, 150.1)):
        known = values | {"order.risk_reducing": reducing}
        assert book.judge("o", known | {"order.limit_bp": at}, reducing).denial is None
        assert book.judge("o", known | {"order.limit_bp": beyond}, reducing).denial is not None


def test_2_max_order_value_clips_and_exempts() -> None:
    found = found_with(max_order_value=D(250))
    assert granted("max-order-value", survivor("2.5"), found)
    assert quantity(cleared("max-order-value", survivor("-3"), found)) == D("2.5")
    assert granted("max-order-value", survivor("0", "5"), found_with({"AAA": "5"}, max_order_value=D(250)))


def test_3_max_order_volume_clips_and_exempts() -> None:
    small = {"AAA": instrument("AAA", max_order_volume=D("2.5"), min_notional=D(0))}
    assert granted("max-order-volume", survivor("2.5"), found_with(instruments=small))
    assert quantity(cleared("max-order-volume", survivor("-3"), found_with(instruments=small))) == D("2.5")
    assert granted("max-order-volume", survivor("0", "5"), found_with({"AAA": "5"}, instruments=small))


def test_4_message_rate_refuses_proposals_and_amendments_and_neither_ballots_nor_reduce() -> None:
    scene = Scene(terms=BookTerms(message_burst=1, messages_per_s=10))
    scene.quote()
    assert scene.propose("0.1", VOTERS[1], proposal_id="p").announcements
    assert result(scene.propose("0.1", VOTERS[1])) == "refused:MESSAGE_RATE"
    assert result(scene.amend("p", "0.05", VOTERS[1])) == "refused:MESSAGE_RATE"
    assert scene.ballot("p", VOTERS[1]).answers == []
    assert result(scene.propose("0", VOTERS[1], action="reduce")) == "refused:NO_CHANGE"
    assert scene.amend("p", "0.05", VOTERS[2]).announcements, "a bucket for each agent"
    scene.wait(100)
    scene.quote()
    assert scene.propose("0.1", VOTERS[1]).announcements, "a tenth of a second later there is one more"


# --- 13 to 15, 18: conduct ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "trips"),
    [
        (GrantedOrder(side="buy", quantity=D(1), limit=D("100.5")), True),
        (GrantedOrder(side="sell", quantity=D(1), limit=D("100.5")), False),
        (GrantedOrder(side="buy", quantity=D("1.1"), limit=D("100.5")), False),
        (GrantedOrder(side="buy", quantity=D(1), limit=D("100.51")), False),
    ],
)
def test_13_a_duplicate_has_the_same_side_quantity_and_limit(order: GrantedOrder, trips: bool) -> None:
    assert denied_by("duplicate-order", survivor("1"), found_with(conditions=conditions(granted=(order,)))) == trips
    assert granted("duplicate-order", survivor("1", symbol="BBB"), found_with(conditions=conditions(granted=(order,))))


def test_13_nothing_is_exempt_from_duplicates() -> None:
    order = GrantedOrder(side="sell", quantity=D(1), limit=D("98.5"))
    found = found_with({"AAA": "5"}, conditions=conditions(granted=(order,)))
    assert denied_by("duplicate-order", survivor("4", "5"), found)


def test_14_the_restricted_list_exempts_unless_hard() -> None:
    for restricted, entry, way_out in (("", True, True), ("soft", False, True), ("hard", False, False)):
        found = found_with({"AAA": "5"}, conditions=conditions(restricted=restricted))
        assert granted("restricted-list", survivor("6", "5"), found) == entry
        assert granted("restricted-list", survivor("4", "5"), found) == way_out


def test_15_no_order_ever_rests_so_none_can_meet_another() -> None:
    """Orders are immediate or cancel: after every one of them the desk has none at work."""
    at = desk()
    at.observe(quote())
    for name, side, limit in (("a", "buy", "60300"), ("b", "sell", "60000.02"), ("c", "sell", "59700")):
        each = ticket(side, "0.1", limit, name=name)  # type: ignore[arg-type]
        events = executed(at, decision(each, name=name))
        assert all(isinstance(event, OrderEvent) for event in events)
        assert type(events[-1]) in FINAL
        assert at.orders.open(each.order_id) is None
        assert at.orders.is_finished(each.order_id)
        assert isinstance(events[-1], OrderFilled) == (name != "b")


def test_18_evidence_too_old_is_refused_whatever_the_order_does() -> None:
    now = 10 * S
    for age, trips in ((500 * MS, False), (500 * MS + 1, True), (-500 * MS - 1, True)):
        found = found_with({"AAA": "5"}, now=now)
        for target in ("6", "4"):
            each = survivor(target, "5", evidence_at=now - age)
            assert denied_by("stale-proposal", each, found) == trips
    assert granted("stale-proposal", survivor("6", "5", evidence_at=0), found_with({"AAA": "5"}, now=now))


def test_18_drift_stops_entries_and_exempts() -> None:
    found = found_with({"AAA": "5"})
    for seen, trips in (("100", False), ("100.2", False), ("100.3", True), ("99.81", False), ("99.7", True)):
        assert denied_by("stale-proposal", survivor("6", "5", seen=D(seen)), found) == trips
        assert granted("stale-proposal", survivor("4", "5", seen=D(seen)), found)


# --- 16, 17, 19, 22, 23: the market ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("ages", "trips"),
    [
        (Ages(1000 * MS, None), False),
        (Ages(1001 * MS, None), True),
        (Ages(None, 5000 * MS), False),
        (Ages(None, 5001 * MS), True),
        (Ages(None, None), True),
    ],
)
def test_16_stale_data_trips_when_quote_and_trade_are_old_and_exempts(ages: Ages, trips: bool) -> None:
    found = found_with({"AAA": "5"}, ages={"AAA": ages})
    assert denied_by("stale-data", survivor("6", "5"), found) == trips
    assert granted("stale-data", survivor("4", "5"), found)


@pytest.mark.parametrize(("age", "trips"), [(None, False), (5 * S, False), (5 * S - 1, True), (0, True)])
def test_17_a_feed_gap_trips_until_it_is_clean_and_exempts(age: int | None, trips: bool) -> None:
    found = found_with({"AAA": "5"}, conditions=conditions(gap_age=age))
    assert denied_by("feed-gap", survivor("6", "5"), found) == trips
    assert granted("feed-gap", survivor("4", "5"), found)


@pytest.mark.parametrize(
    ("volatility", "calm", "trips"),
    [
        ("0.01", None, False),
        ("0.0101", None, True),
        ("0.005", 60 * S, False),
        ("0.005", 60 * S - 1, True),
        ("0.02", 90 * S, True),
    ],
)
def test_19_volatility_trips_until_it_was_calm_for_the_window_and_exempts(
    volatility: str, calm: int | None, trips: bool
) -> None:
    found = found_with({"AAA": "5"}, conditions=conditions(volatility=D(volatility), calm_age=calm))
    assert denied_by("volatility-breaker", survivor("6", "5"), found) == trips
    assert granted("volatility-breaker", survivor("4", "5"), found)


def test_20_venue_filters_round_toward_zero_and_passively() -> None:
    coarse = {"AAA": instrument("AAA", tick_size=D("0.3"), lot_size=D("0.1"), min_notional=D(0))}
    found = found_with(instruments=coarse, max_order_value=D(125))
    for target, size, limit in (("2", "1.2", "100.5"), ("-2", "1.2", "99.6")):
        ticket_ = cleared("max-order-value", survivor(target), found).ticket
        assert ticket_ is not None
        assert (ticket_.quantity, ticket_.limit) == (D(size), D(limit))


def test_20_below_the_venues_minimum_nothing_is_sent_and_dust_is_kept_and_reported() -> None:
    least = {"AAA": instrument("AAA", min_notional=D(5))}
    assert quantity(only(run([], survivor("0.05"), found=found_with(instruments=least)))) == D("0.05")
    assert code(only(run([], survivor("0.0499"), found=found_with(instruments=least)))) == "BELOW_MINIMUM"
    dust = only(run([], survivor("0", "0.02"), found=found_with({"AAA": "0.02"}, instruments=least)))
    assert code(dust) == "BELOW_MINIMUM"
    assert dust.denial is not None
    assert dust.denial.detail.endswith(": 0.02 is kept")


def test_22_nothing_trades_where_the_venue_does_not() -> None:
    found = found_with({"AAA": "5"}, conditions=conditions(tradable=False))
    for target in ("6", "4"):
        assert denied_by("trading-status", survivor(target, "5"), found)
        assert granted("trading-status", survivor(target, "5"), found_with({"AAA": "5"}))


def test_23_a_live_only_book_takes_no_other_source_and_exempts() -> None:
    for live_only, source, trips in ((False, "replay", False), (True, "replay", True), (True, "live", False)):
        found = found_with({"AAA": "5"}, live_only=live_only)
        market = replace(found.markets["AAA"], source=source)
        found = replace(found, markets=found.markets | {"AAA": market})
        assert denied_by("data-source", survivor("6", "5"), found) == trips
        assert granted("data-source", survivor("4", "5"), found)


# --- out of a position ----------------------------------------------------------------------------

WORST = st.fixed_dictionaries(
    {
        "restricted": st.sampled_from(["", "soft"]),
        "gap_age": st.sampled_from([None, 0]),
        "volatility": st.sampled_from([D(0), D(3)]),
        "calm_age": st.sampled_from([None, 0]),
        "losses": st.integers(0, 9),
        "losses_age": st.sampled_from([None, 0]),
        "latched": st.sampled_from([(), ("fast",)]),
        "suspended": st.booleans(),
    }
)


@settings(max_examples=500, deadline=None)
@given(
    WORST,
    st.integers(1, 500),
    st.integers(0, 499),
    st.booleans(),
    st.sampled_from([None, D(0), D(1), D(50_000)]),
    st.sampled_from([D(0), D(10_000)]),
    st.sampled_from([Ages(0, 0), Ages(None, None)]),
    st.sampled_from([None, D("90")]),
)
def test_no_rule_meant_for_entries_stops_the_way_out(
    worst: dict[str, Any],
    held: int,
    target: int,
    short: bool,
    mark: Any,
    cash: Any,
    ages: Ages,
    seen: Any,
) -> None:
    """Only what the table says stops a reduction: price collar, duplicates, hard restriction, old evidence, a venue
    that does not trade, and net exposure where |net| rises (there is one position here)."""
    if target >= held:
        return
    sign = -1 if short else 1
    found = found_with(
        {"AAA": str(sign * held)},
        cash=cash,
        standing=Standing(peak=mark, day_open=mark),
        ages={"AAA": ages},
        conditions=conditions(**worst),
        live_only=True,
        max_order_value=D(1),
    )
    each = survivor(str(sign * target), str(sign * held), agents=("fast",), seen=seen)
    assert quantity(only(run(list(STARTER), each, found=found))) == held - target
