"""That the local exchange takes orders as Binance does: signatures, filters, matching, balances."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal as D
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from msgspec import Struct

from feeds.exchange import LocalExchange, Settings
from feeds.exchange import faults as f
from feeds.exchange.account import Account
from feeds.exchange.tape import Market
from tests.integration.feeds.exchange.tapes import tape, until

FUNDS = {"USDT": D(1_000), "BTC": D(10)}


class Client(Struct):
    """Signs as the venue's documentation says; `ask` gives the status and the answer."""

    exchange: LocalExchange
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, *, at: int = 0, key: str = "", secret: str = "", **params: Any) -> Any:
        settings = self.exchange.settings
        total = urlencode({**params, "timestamp": at or time.time_ns() // 1_000_000})
        signature = hmac.new((secret or settings.secret).encode(), total.encode(), hashlib.sha256).hexdigest()
        headers = {"X-MBX-APIKEY": key or settings.key}
        url = f"{self.exchange.rest_url}/api/v3/{path}?{total}&signature={signature}"
        async with self.session.request(method, url, headers=headers) as answer:
            return answer.status, await answer.json()

    async def order(self, side: str = "BUY", quantity: str = "1", price: str = "100.01", **more: Any) -> Any:
        params = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC", **more}
        return (await self.ask("POST", "order", quantity=quantity, price=price, **params))[1]

    @property
    def account(self) -> Account:
        return self.exchange.account


@asynccontextmanager
async def client(*, plays: bool = False, market: Market = "spot", **settings: Any) -> AsyncIterator[Client]:
    behaviour = Settings(**{"waits": not plays, "balances": FUNDS, **settings})
    async with LocalExchange(tape(market=market), settings=behaviour) as exchange, aiohttp.ClientSession() as session:
        yield Client(exchange, session)


def code(answer: Any) -> int:
    return int(answer["code"])


# --- who asks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "status", "refusal"),
    [
        ({"key": "nobody"}, 401, -2015),
        ({"secret": "guessed"}, 400, -1022),
        ({"at": 1}, 400, -1021),
        ({"at": 2**60}, 400, -1021),
        ({"recvWindow": 60_001}, 400, -1131),
        ({"recvWindow": "long"}, 400, -1100),
    ],
)
async def test_only_the_account_itself_is_answered(wrong: dict[str, Any], status: int, refusal: int) -> None:
    async with client() as one:
        assert (await one.ask("GET", "account"))[0] == 200
        got, answer = await one.ask("GET", "account", **wrong)
        assert (got, code(answer)) == (status, refusal)


async def test_a_request_without_key_or_signature_is_refused() -> None:
    async with client() as one:
        url = f"{one.exchange.rest_url}/api/v3/account?timestamp={time.time_ns() // 1_000_000}"
        async with one.session.get(url) as answer:
            assert code(await answer.json()) == -2014
        async with one.session.get(url, headers={"X-MBX-APIKEY": one.exchange.settings.key}) as answer:
            assert code(await answer.json()) == -1102


async def test_futures_have_no_account() -> None:
    async with client(market="usdm") as one, one.session.get(f"{one.exchange.rest_url}/api/v3/account") as answer:
        assert answer.status == 404


# --- what is asked -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"symbol": "NOBODY"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP"}, -1116),
        ({"timeInForce": "DAY"}, -1115),
        ({"timeInForce": ""}, -1102),
        ({"quantity": "0.15"}, -1013),
        ({"quantity": "9000.1"}, -1013),
        ({"quantity": "-1"}, -1013),
        ({"quantity": "NaN"}, -1013),
        ({"quantity": "many"}, -1100),
        ({"price": "100.001"}, -1013),
        ({"price": "1.00"}, -1013),
        ({"quantity": "50"}, -2010),
        ({"side": "SELL", "quantity": "10.1"}, -2010),
        ({"newClientOrderId": "x" * 37}, -1100),
    ],
)
async def test_what_is_no_order_is_refused(wrong: dict[str, str], refusal: int) -> None:
    async with client() as one:
        assert code(await one.order(**wrong)) == refusal
        assert not one.account.placed
        assert dict(one.account.free) | {"USDT": D(1_000)} == FUNDS
        assert not any(one.account.locked.values())


async def test_a_client_order_id_is_taken_while_its_order_is_open() -> None:
    async with client() as one:
        await one.order(price="99.00", newClientOrderId="mine")
        assert code(await one.order(price="99.00", newClientOrderId="mine")) == -2010
        await one.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="mine")
        assert (await one.order(price="98.00", newClientOrderId="mine"))["status"] == "NEW"
        _, found = await one.ask("GET", "order", symbol="BTCUSDT", origClientOrderId="mine")
        assert D(found["price"]) == 98


async def test_an_order_that_nobody_knows() -> None:
    async with client() as one:
        for method, refusal in (("GET", -2013), ("DELETE", -2011)):
            status, answer = await one.ask(method, "order", symbol="BTCUSDT", origClientOrderId="nothing")
            assert (status, code(answer)) == (400, refusal)
            _, answer = await one.ask(method, "order", symbol="BTCUSDT")
            assert code(answer) == -1102


async def test_nothing_is_placed_while_the_market_is_closed() -> None:
    async with client() as one:
        one.exchange.inject(f.Halt(for_s=60))
        assert code(await one.order()) == -1013


async def test_orders_weigh_too() -> None:
    async with client(weight_limit=25) as one:
        assert (await one.ask("GET", "account"))[0] == 200
        assert (await one.ask("GET", "account"))[0] == 429


# --- what becomes of it --------------------------------------------------------------------------


async def test_an_order_takes_the_levels_within_its_price_and_rests_with_what_is_left() -> None:
    async with client() as one:
        answer = await one.order(quantity="2.5", price="100.02")
        assert [(fill["price"], fill["qty"]) for fill in answer["fills"]] == [
            ("100.01000000", "1.00000000"),
            ("100.02000000", "1.00000000"),
        ]
        assert (answer["status"], answer["executedQty"]) == ("PARTIALLY_FILLED", "2.00000000")
        assert one.account.locked == {"USDT": D("50.01")}
        assert one.account.free["BTC"] == D("11.998")
        _, (waiting,) = await one.ask("GET", "openOrders")
        assert waiting["orderId"] == answer["orderId"]


async def test_what_was_taken_is_gone() -> None:
    async with client() as one:
        await one.order(quantity="0.6", price="100.01", timeInForce="IOC")
        answer = await one.order(quantity="0.6", price="100.01", timeInForce="IOC")
        assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "0.40000000")
        assert one.account.locked["USDT"] == 0


async def test_all_or_nothing() -> None:
    async with client() as one:
        answer = await one.order(quantity="2.5", price="100.02", timeInForce="FOK")
        assert (answer["status"], answer["fills"]) == ("EXPIRED", [])
        assert one.account.free["USDT"] == 1_000


async def test_an_order_at_any_price_takes_what_there_is() -> None:
    async with client(balances={"USDT": D(10_000), "BTC": D(100)}) as one:
        status, answer = await one.ask("POST", "order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="30")
        assert (status, answer["status"], answer["executedQty"]) == (200, "EXPIRED", "20.00000000")
        assert (one.account.free["BTC"], one.account.locked["BTC"]) == (80, 0)
        _, bought = await one.ask("POST", "order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="2")
        assert bought["cummulativeQuoteQty"] == "200.03000000"
        assert one.account.locked["USDT"] == 0


async def test_trades_of_the_market_execute_what_rests() -> None:
    async with client(plays=True) as one:
        answer = await one.order("SELL", "1.2", "100.01")
        assert answer["status"] == "NEW"
        await until(lambda: not one.account.open_orders(), "the order is executed")
        _, trades = await one.ask("GET", "myTrades", symbol="BTCUSDT", orderId=answer["orderId"])
        assert [trade["qty"] for trade in trades] == ["0.50000000", "0.50000000", "0.20000000"]
        assert all(trade["isMaker"] and not trade["isBuyer"] for trade in trades)
        assert one.account.free["USDT"] == 1_000 + D("1.2") * D("100.01") * D("0.999")


async def test_trades_on_the_other_side_do_not() -> None:
    async with client(plays=True) as one:
        await one.order("BUY", "1", "100.00")
        begun = one.exchange.played
        await until(lambda: one.exchange.played > begun + 30, "ten more trades")
        assert len(one.account.open_orders()) == 1


async def test_own_trades_come_page_by_page() -> None:
    async with client() as one:
        for _ in range(3):
            await one.order(quantity="0.2", timeInForce="IOC")
        _, trades = await one.ask("GET", "myTrades", symbol="BTCUSDT", fromId=2, limit=1)
        assert [trade["id"] for trade in trades] == [2]
        _, trades = await one.ask("GET", "myTrades", symbol="BTCUSDT", limit=2)
        assert [trade["id"] for trade in trades] == [2, 3]


async def test_money_is_neither_made_nor_lost() -> None:
    async with client(commission_bp=D(0), balances={"USDT": D(10_000), "BTC": D(10)}) as one:
        for number, (side, price) in enumerate([("BUY", "100.05"), ("SELL", "99.95"), ("BUY", "99.00")]):
            await one.order(side, "3", price, newClientOrderId=f"order{number}")
        await one.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="order2")
        spent = sum(trade.price * trade.quantity * (1 if trade.is_buyer else -1) for trade in one.account.trades)
        bought = sum(trade.quantity * (1 if trade.is_buyer else -1) for trade in one.account.trades)
        _, account = await one.ask("GET", "account")
        balances = {each["asset"]: (D(each["free"]), D(each["locked"])) for each in account["balances"]}
        assert balances == {"USDT": (10_000 - spent, 0), "BTC": (10 + bought, 0)}


async def test_a_quote_that_is_newer_than_the_book_is_believed() -> None:
    async with client(plays=True) as one:
        await until(lambda: one.exchange.played > 3, "a quote has come")
        one.exchange.market._quotes["BTCUSDT"] = {"b": "99.97", "B": "2", "a": "100.03", "A": "0.4"}
        asks = one.exchange.market.offers("BTCUSDT", "asks")
        assert asks[:2] == [(D("100.03"), D("0.4")), (D("100.04"), D(1))]
        assert one.exchange.market.offers("BTCUSDT", "bids")[0] == (D("99.97"), 2)
