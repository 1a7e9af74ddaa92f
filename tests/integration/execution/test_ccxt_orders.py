"""Orders at a real venue, as long as nothing goes wrong: what is sent, what is executed, what it costs."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Literal

import pytest
from msgspec import structs

from execution.venues.ccxt import NotConfigured, venue_from
from execution.venues.remote import Refused, VenueError
from feeds.exchange.faults import ClockSkew
from tests.integration.execution.real_venue import LISTING, at_venue, environment, order, resting


async def test_a_market_order_takes_what_its_limit_allows_and_the_rest_is_cancelled() -> None:
    async with at_venue() as at:
        report = await at.send(wish := order("5", "100.03"))
        assert (report.state, report.client_order_id) == ("cancelled", wish.order_id)
        assert [(fill.price, fill.quantity, fill.liquidity) for fill in report.fills] == [
            (D("100.01"), 1, "taker"),
            (D("100.02"), 1, "taker"),
            (D("100.03"), 1, "taker"),
        ]
        assert report.detail == "the venue says EXPIRED"
        assert await at.look(wish) == report
        assert at.placed == 1


async def test_a_market_order_goes_as_a_limit_order_at_its_protective_price() -> None:
    async with at_venue() as at:
        wish = order("0.3", "100.01")
        assert (await at.send(wish)).state == "filled"
        (placed,) = at.exchange.account.orders.values()
        assert (placed.type, placed.time_in_force, placed.price) == ("LIMIT", "IOC", D("100.01"))
        assert placed.client_id == wish.order_id


async def test_all_or_nothing_is_nothing() -> None:
    async with at_venue() as at:
        report = await at.send(order("5", "100.03", type="limit", time_in_force="FOK"))
        assert (report.state, report.fills) == ("cancelled", ())
        report = await at.send(order("3", "100.03", type="limit", time_in_force="FOK"))
        assert (report.state, sum(fill.quantity for fill in report.fills)) == ("filled", 3)


@pytest.mark.parametrize("time_in_force", ["GTC", "GTD"])
async def test_what_rests_works_until_it_is_cancelled(time_in_force: Literal["GTC", "GTD"]) -> None:
    async with at_venue() as at:
        wish = resting()
        wish.time_in_force = time_in_force
        assert (await at.send(wish)).state == "working"
        assert (await at.look(wish)).state == "working"
        await at.ask(at.venue.cancel, wish)
        assert (await at.look(wish)).state == "cancelled"


async def test_what_rests_is_executed_as_a_maker() -> None:
    async with at_venue(plays=True) as at:
        wish = resting("1.2", "100.01", side="sell")
        await at.send(wish)
        report = await at.until(wish, "filled")
        assert {fill.liquidity for fill in report.fills} == {"maker"}
        assert sum(fill.quantity for fill in report.fills) == D("1.2")
        assert len({fill.trade_id for fill in report.fills}) == len(report.fills) >= 3


async def test_executions_are_asked_for_only_when_there_are_more() -> None:
    async with at_venue() as at:
        wish = resting("3", "100.02")
        report = await at.send(wish)
        assert (report.state, len(report.fills)) == ("working", 2)
        assert (await at.look(wish)).fills == (await at.look(wish)).fills == report.fills
        assert at.exchange.rest["GET order"] == 2
        assert at.exchange.rest["GET myTrades"] == 0


async def test_a_client_that_begins_anew_knows_all_executions() -> None:
    async with at_venue() as at:
        first = await at.send(wish := order("3", "100.03"))
        again = venue_from("binance-testnet", environment(at.exchange))
        assert await at.ask(again.look, wish) == first
        again.close()


# --- fees and holdings ---------------------------------------------------------------------------


async def test_a_purchase_pays_in_kind_and_a_sale_in_cash() -> None:
    async with at_venue() as at:
        (bought,) = (await at.send(order("1", "100.01"))).fills
        assert (bought.fee_base, bought.fee) == (D("0.001"), D("0.10001"))
        (sold,) = (await at.send(order("1", "100.00", side="sell"))).fills
        assert (sold.fee_base, sold.fee) == (0, D("0.1"))
        held = await at.ask(at.venue.holdings, "USDT", ["BTCUSDT"])
        assert held.cash == D(1_000_000) - D("100.01") + D(100) - D("0.1")
        assert held.quantities == {"BTCUSDT": D("49.999")}


async def test_what_is_locked_is_held() -> None:
    async with at_venue() as at:
        await at.send(resting("2", "99.00"))
        await at.send(resting("3", "101.00", side="sell"))
        assert at.exchange.account.locked == {"USDT": 198, "BTC": 3}
        held = await at.ask(at.venue.holdings, "USDT", ["BTCUSDT"])
        assert (held.cash, held.quantities) == (1_000_000, {"BTCUSDT": 50})


async def test_a_fee_in_a_third_currency_is_an_alarm() -> None:
    async with at_venue(commission_in="BNB", balances={"USDT": D(1_000), "BNB": D(1)}) as at:
        report = await at.send(order())
        assert [(fill.fee, fill.fee_base) for fill in report.fills] == [(0, 0)]
        assert "taken in BNB" in report.detail


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quantity": "0.15"}, "LOT_SIZE"),
        ({"limit": "100.001"}, "PRICE_FILTER"),
        ({"limit": "10.00", "quantity": "0.1"}, "NOTIONAL"),
        ({"quantity": "8000", "limit": "1000.00"}, "insufficient balance"),
        ({"instrument": "ETHUSDT"}, "-1121"),
        ({"order_id": "no spaces please"}, "-1100"),
        ({"reduce_only": True}, "sold short"),
    ],
)
async def test_a_refusal_is_definite(changes: dict[str, object], why: str) -> None:
    async with at_venue() as at:
        with pytest.raises(Refused, match=why):
            await at.send(order(**changes))  # type: ignore[arg-type]
        assert at.placed == 0


async def test_a_reduction_on_a_spot_market_is_a_sale() -> None:
    async with at_venue() as at:
        assert (await at.send(order("1", "100.00", side="sell", reduce_only=True))).state == "filled"


async def test_an_unknown_order_is_none() -> None:
    async with at_venue() as at:
        assert await at.ask(at.venue.look, order()) is None


async def test_what_is_over_cannot_be_cancelled() -> None:
    async with at_venue() as at:
        await at.send(wish := order())
        with pytest.raises(Refused, match="-2011"):
            await at.ask(at.venue.cancel, wish)


async def test_an_order_that_the_log_does_not_have_as_sent_is_not_sent() -> None:
    async with at_venue() as at:
        wish = order()
        wish.sent_at = 0
        with pytest.raises(ValueError, match="not in the log as sent"):
            await at.send(wish)
        assert at.exchange.rest["POST order"] == 0


# --- the opening ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"tick_size": D("0.015")}, "tick size of BTCUSDT is 0.015: it must be a multiple of 0.01"),
        ({"lot_size": D("0.01")}, "lot size of BTCUSDT is 0.01: it must be a multiple of 0.1"),
        ({"min_notional": D(1)}, "worth 1: the venue takes none under 5"),
        ({"max_order_volume": D(10_000)}, "allows orders of 10000: the venue takes at most 9000"),
        ({"symbol": "ETHUSDT"}, "-1121"),
    ],
)
async def test_what_the_venue_would_refuse_is_said_at_the_opening(changes: dict[str, object], why: str) -> None:
    async with at_venue(opens=False) as at:
        with pytest.raises(VenueError, match=why):
            await at.ask(at.venue.open, [structs.replace(LISTING, **changes)])


@pytest.mark.parametrize(
    ("changes", "code"), [({"GOVSITE_VENUE_KEY": "other"}, "-2015"), ({"GOVSITE_VENUE_SECRET": "other"}, "-1022")]
)
async def test_a_wrong_key_is_said_at_the_opening_and_not_shown(changes: dict[str, str], code: str) -> None:
    async with at_venue(opens=False) as at:
        venue = venue_from("binance-testnet", environment(at.exchange, **changes))
        with pytest.raises(Refused, match=code) as refused:
            await at.ask(venue.open, [LISTING])
        venue.close()
        assert "other" not in str(refused.value)
        assert "local-secret" not in f"{refused.value!r} {venue!r} {vars(venue)!r}"


async def test_a_clock_that_is_off_is_allowed_for() -> None:
    async with at_venue(opens=False) as at:
        at.inject(ClockSkew(by=90.0, for_s=600))
        await at.ask(at.venue.open, [LISTING])
        assert (await at.send(order())).state == "filled"


@pytest.mark.parametrize(
    ("name", "environment", "why"),
    [
        ("kraken", {}, "no venue 'kraken'"),
        ("binance", {"GOVSITE_VENUE_KEY": "k", "GOVSITE_VENUE_SECRET": "s"}, "GOVSITE_VENUE_LIVE=yes"),
        ("binance-testnet", {"GOVSITE_VENUE_SECRET": "s"}, "GOVSITE_VENUE_KEY is not set"),
        ("binance-testnet", {"GOVSITE_VENUE_KEY": "k"}, "GOVSITE_VENUE_SECRET is not set"),
        (
            "binance-testnet",
            {"GOVSITE_VENUE_KEY": "k", "GOVSITE_VENUE_SECRET": "s", "GOVSITE_VENUE_URL": "http://example.com"},
            "https",
        ),
    ],
)
def test_what_is_missing_is_named(name: str, environment: dict[str, str], why: str) -> None:
    with pytest.raises(NotConfigured, match=why):
        venue_from(name, environment)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("binance-testnet", "https://testnet.binance.vision/api/v3"),
        ("binance", "https://api.binance.com/api/v3"),
    ],
)
def test_a_venue_has_its_own_address(name: str, address: str) -> None:
    venue = venue_from(name, {"GOVSITE_VENUE_KEY": "k", "GOVSITE_VENUE_SECRET": "s", "GOVSITE_VENUE_LIVE": "yes"})
    exchange = venue._client._exchange()
    assert {exchange.urls["api"][name] for name in ("public", "private")} == {address}
    venue.close()
