"""Orders at a real venue when things go wrong: it is known what is known, and no order is ever placed twice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from random import Random

import pytest
from aiohttp import web

from execution.domain.order import Order
from execution.venues.ccxt import CcxtVenue, venue_from
from execution.venues.remote import OutcomeUnknown, Refused, Unreachable, VenueError
from feeds.exchange import faults as f
from tests.integration.execution.real_venue import AtVenue, at_venue, environment, order, resting

# --- on the way there and back -------------------------------------------------------------------


async def test_a_lost_answer_is_asked_for() -> None:
    async with at_venue() as at:
        at.inject(f.AnswerLost(count=1))
        with pytest.raises(OutcomeUnknown):
            await at.send(wish := order())
        report = await at.look(wish)
        assert (report.state, [fill.quantity for fill in report.fills]) == ("filled", [1])
        assert at.placed == 1


async def test_a_late_answer_is_not_waited_for() -> None:
    async with at_venue(timeout_s=0.3) as at:
        at.inject(f.AnswerLate(by=2.0, count=1))
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="timed out"):
            await at.send(wish := order())
        assert time.monotonic() - began < 1.5
        assert (await at.look(wish)).state == "filled"
        assert at.placed == 1


async def test_an_order_may_come_after_the_question_for_it() -> None:
    async with at_venue(timeout_s=0.3) as at:
        at.inject(f.OrderLate(by=1.0, count=1))
        with pytest.raises(OutcomeUnknown):
            await at.send(wish := order())
        assert await at.ask(at.venue.look, wish) is None
        async with asyncio.timeout(10):
            while await at.ask(at.venue.look, wish) is None:
                await asyncio.sleep(0.02)
        assert (await at.look(wish)).state == "filled"
        assert at.placed == 1


async def test_an_order_that_comes_too_late_is_never_placed() -> None:
    async with at_venue() as at:
        at.inject(f.OrderLate(by=1.0, count=1))
        with pytest.raises(Refused, match="-1021"):
            await at.send(wish := order(age_s=4.5))
        assert await at.ask(at.venue.look, wish) is None
        assert at.placed == 0


async def test_whoever_wakes_up_too_late_is_refused() -> None:
    async with at_venue() as at:
        with pytest.raises(Refused, match="-1021"):
            await at.send(order(age_s=6.0))
        assert at.placed == 0


async def test_an_order_that_was_cut_off_is_not_sent_again() -> None:
    async with at_venue() as at:
        at.inject(f.OrderDropped(count=1))
        with pytest.raises(OutcomeUnknown):
            await at.send(wish := order())
        assert await at.ask(at.venue.look, wish) is None
        assert (at.placed, at.exchange.rest["POST order"]) == (0, 1)


@pytest.mark.parametrize("placed", [False, True])
@pytest.mark.parametrize("answer", ["500", "502", "503", "504"])
async def test_an_error_of_the_venue_says_nothing_of_the_order(answer: str, placed: bool) -> None:
    async with at_venue() as at:
        at.inject(f.OrderError(answer=answer, placed=placed, count=1))  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknown, match=answer):
            await at.send(wish := order())
        report = await at.ask(at.venue.look, wish)
        assert (report.state if report else None) == ("filled" if placed else None)
        assert at.placed == placed


@pytest.mark.parametrize("answer", ["418", "429"])
async def test_too_many_calls_are_followed_by_none_for_as_long_as_the_venue_says(answer: str) -> None:
    async with at_venue() as at:
        at.inject(f.OrderError(answer=answer, retry_s=1, count=1))  # type: ignore[arg-type]
        with pytest.raises(Unreachable, match=answer):
            await at.send(order())
        calls = at.exchange.rest.total()
        for question in (at.venue.send, at.venue.look, at.venue.cancel):
            with pytest.raises(Unreachable, match="wants no calls"):
                await at.ask(question, order())
        assert at.exchange.rest.total() == calls
        await _when_it_may_be_asked(at)
        assert (await at.send(order())).state == "filled"
        assert at.placed == 1


async def _when_it_may_be_asked(at: AtVenue) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await at.ask(at.venue.look, order())
            except Unreachable:
                await asyncio.sleep(0.05)
            else:
                return


async def test_calls_are_kept_for_orders() -> None:
    async with at_venue(weight_limit=6_000) as at:
        wish = resting()
        await at.send(wish)
        at.venue._client.limits.note("5000")
        with pytest.raises(Unreachable, match="kept for orders"):
            await at.look(wish)
        await at.ask(at.venue.cancel, wish)
        assert not at.exchange.account.open_orders()


async def test_nobody_there_is_unreachable() -> None:
    async with at_venue() as at:
        at.inject(f.Refused(for_s=30))
        with ThreadPoolExecutor(1) as stranger, pytest.raises(Unreachable, match="refused"):
            await asyncio.get_running_loop().run_in_executor(stranger, at.venue.send, order())
        assert at.placed == 0


# --- answers that are none -----------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["500", "garbage", "truncated"])
async def test_a_question_without_a_sensible_answer_is_open(answer: str) -> None:
    async with at_venue() as at:
        await at.send(wish := order())
        at.inject(f.FailingRest(answer=answer, count=1))  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknown):
            await at.look(wish)
        assert (await at.look(wish)).state == "filled"


@asynccontextmanager
async def odd_venue(status: int, body: str, **headers: str) -> AsyncIterator[CcxtVenue]:
    """One that answers every order with this."""

    async def place(request: web.Request) -> web.Response:
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    async def info(request: web.Request) -> web.Response:
        return web.json_response({"symbols": [{"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT"}]})

    app = web.Application()
    app.add_routes([web.post("/api/v3/order", place), web.get("/api/v3/exchangeInfo", info)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    secrets = {"GOVSITE_VENUE_KEY": "k3y", "GOVSITE_VENUE_SECRET": "s3cret"}
    host, port = runner.addresses[0][:2]
    venue = venue_from("binance-testnet", {**secrets, "GOVSITE_VENUE_URL": f"http://{host}:{port}"})
    try:
        yield venue
    finally:
        venue.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>maintenance</html>"),
        (200, ""),
        (200, "[]"),
        (200, "{}"),
        (200, '{"code": -2010, "msg": "in the wrong place"}'),
        (200, '{"orderId": 1, "status": "NEW", "executedQty": "NaN"}'),
        (200, '{"orderId": 1, "status": "ODD", "executedQty": "0"}'),
        (200, '{"orderId": 1, "status": "FILLED", "executedQty": "1", "fills": []}'),
        (400, "<html>not the venue</html>"),
        (400, '{"code": -1007, "msg": "Timeout waiting for response from backend server."}'),
        (400, '{"code": -2010, "msg": "Duplicate order sent."}'),
        (404, "not found"),
        (408, ""),
    ],
)
async def test_an_answer_that_says_nothing_leaves_the_outcome_open(status: int, body: str) -> None:
    async with odd_venue(status, body) as venue:
        with pytest.raises(OutcomeUnknown):
            await asyncio.to_thread(venue.send, order())


async def test_an_order_does_not_follow_a_redirection() -> None:
    async with odd_venue(307, "", Location="/api/v3/elsewhere") as venue:
        with pytest.raises(OutcomeUnknown):
            await asyncio.to_thread(venue.send, order())


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, "<html>firewall</html>", Unreachable),
        (400, '{"code": -1015, "msg": "Too many new orders."}', Unreachable),
        (400, '{"code": -2010, "msg": "Account has insufficient balance for requested action."}', Refused),
        (401, '{"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}', Refused),
    ],
)
async def test_an_answer_that_says_no_is_a_no(status: int, body: str, error: type[VenueError]) -> None:
    async with odd_venue(status, body) as venue:
        with pytest.raises(error):
            await asyncio.to_thread(venue.send, order())


# --- orders that do not do as they should --------------------------------------------------------


async def test_a_second_order_of_the_same_id_is_not_taken_for_a_refusal() -> None:
    async with at_venue() as at:
        await at.send(wish := resting())
        with pytest.raises(OutcomeUnknown, match="Duplicate"):
            await at.send(wish)
        assert (await at.look(wish)).state == "working"
        assert at.placed == 1


async def test_half_of_an_order_is_half_of_it() -> None:
    async with at_venue() as at:
        at.inject(f.HalfFilled(count=2))
        report = await at.send(order("1", "100.01"))
        assert (report.state, [fill.quantity for fill in report.fills]) == ("cancelled", [pytest.approx(0.5)])
        rests = resting("1", "100.02")
        report = await at.send(rests)
        assert (report.state, sum(fill.quantity for fill in report.fills)) == ("working", 0.5)


async def test_a_cancellation_that_is_refused_leaves_the_order_working() -> None:
    async with at_venue() as at:
        await at.send(wish := resting())
        at.inject(f.CancelRefused(count=1))
        with pytest.raises(Refused, match="-2011"):
            await at.ask(at.venue.cancel, wish)
        assert (await at.look(wish)).state == "working"
        await at.ask(at.venue.cancel, wish)
        assert (await at.look(wish)).state == "cancelled"


async def test_executions_that_are_not_told_yet_are_waited_for() -> None:
    async with at_venue() as at:
        at.inject(f.AnswerLost(count=1))
        with pytest.raises(OutcomeUnknown):
            await at.send(wish := order("2", "100.02"))
        at.inject(f.TradesLate(count=4))
        with pytest.raises(OutcomeUnknown, match="do not add up"):
            await at.look(wish)
        report = await at.look(wish)  # the fourth answer lacks one, the fifth has them all
        assert sum(fill.quantity for fill in report.fills) == 2


async def test_a_balance_that_changes_by_itself_is_seen() -> None:
    async with at_venue() as at:
        at.inject(f.fault_from({"kind": "balance_changed", "asset": "BTC", "by": -0.5}))
        held = await at.ask(at.venue.holdings, "USDT", ["BTCUSDT"])
        assert held.quantities["BTCUSDT"] == 49.5


@pytest.mark.parametrize("by", [-90.0, 90.0])
async def test_a_clock_that_jumps_costs_one_order(by: float) -> None:
    async with at_venue() as at:
        await at.send(rests := resting())
        at.inject(f.ClockSkew(by=by, for_s=600))
        with pytest.raises(Refused, match="-1021"):
            await at.send(order())
        assert (await at.send(order())).state == "filled"
        assert (await at.look(rests)).state == "working"
        assert at.placed == 2


@pytest.mark.parametrize("by", [-90.0, 90.0])
async def test_a_clock_that_jumps_costs_no_question(by: float) -> None:
    async with at_venue() as at:
        await at.send(rests := resting())
        at.inject(f.ClockSkew(by=by, for_s=600))
        assert (await at.look(rests)).state == "working"


# --- all of it -----------------------------------------------------------------------------------

TROUBLE: list[f.AnyFault] = [
    f.AnswerLost(count=1),
    f.OrderDropped(count=1),
    f.HalfFilled(count=1),
    f.TradesLate(count=1),
    f.CancelRefused(count=1),
]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_storm_places_no_order_twice_and_loses_none(seed: int) -> None:
    """Sixty orders from eight threads at once; in the end the client and the exchange agree on every one of them."""
    chance = Random(seed)
    async with at_venue(plays=True) as at:
        wishes = [_any_order(chance) for _ in range(60)]
        for fault in chance.choices(TROUBLE, k=30):
            at.inject(fault)
        slots = asyncio.Semaphore(8)

        async def through(number: int) -> None:
            async with slots:
                with contextlib.suppress(Refused, OutcomeUnknown):
                    await at.send(wishes[number])
                    if number % 3 == 0:
                        await at.ask(at.venue.cancel, wishes[number])

        await asyncio.gather(*(through(number) for number in range(len(wishes))))
        at.exchange.faults.clear()
        for wish in wishes:
            await _agree(at, wish)
        assert at.placed <= len(wishes)
        assert at.exchange.rest["POST order"] == len(wishes)


def _any_order(chance: Random) -> Order:
    side = chance.choice(["buy", "sell"])
    limit = chance.choice(["99.50", "100.00", "100.02"] if side == "buy" else ["100.50", "100.01", "99.98"])
    quantity = f"{chance.randint(1, 30) / 10}"
    return chance.choice([order, resting])(quantity, limit, side=side)


async def _agree(at: AtVenue, wish: Order) -> None:
    report = await at.ask(at.venue.look, wish)
    there = at.exchange.account.find("BTCUSDT", client_id=wish.order_id)
    assert (report is None) == (there is None)
    if report is not None and there is not None and report.state != "working":
        assert sum(fill.quantity for fill in report.fills) == there.executed
        assert sum(fill.quantity * fill.price for fill in report.fills) == there.spent


# --- secrets -------------------------------------------------------------------------------------


async def test_neither_logs_nor_errors_have_the_key_or_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    async with at_venue(key="k3y-of-the-account", secret="s3cret-of-the-account") as at:
        for fault in (f.AnswerLost(count=1), f.OrderError(count=1), f.OrderError(answer="429", count=1)):
            at.inject(fault)
            with pytest.raises(VenueError) as failed:
                await at.send(order())
            said.append(f"{failed.value!r} {''.join(traceback.format_exception(failed.value))}")
        said.append(f"{at.venue!r} {at.venue._client!r}")
        hidden = environment(at.exchange)["GOVSITE_VENUE_KEY"], environment(at.exchange)["GOVSITE_VENUE_SECRET"]
    for text in (*said, caplog.text):
        assert not any(secret in text for secret in hidden)
