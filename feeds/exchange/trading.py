"""Binance's signed spot endpoints over the account of a local exchange: orders, own trades, balances, with faults."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import cast

from aiohttp import web

from feeds.exchange.account import Account, OwnOrder, OwnTrade, Refusal, Side
from feeds.exchange.delivery import ActiveFaults
from feeds.exchange.faults import (
    AnswerLate,
    AnswerLost,
    CancelRefused,
    FailingRest,
    Halt,
    OrderDropped,
    OrderError,
    OrderLate,
    SlowRest,
    TradesLate,
)
from feeds.exchange.market import KnownMarket
from feeds.exchange.rest import BadParameter, BinanceRest, assets, failure
from feeds.exchange.signed import Params, Signatures, mandatory, whole
from feeds.exchange.tape import Data, Event

CLIENT_ID = re.compile(r"[.A-Za-z0-9:/_-]{1,36}")
LEAST_VALUE = Decimal(5)
LARGEST_QUANTITY = Decimal(9_000)
MOST_TRADES = 1_000
Answer = Callable[[Params], object]


class BinanceTrading:
    """Requests are counted in `rest.requests` by method and path (`POST order`). `now` gives ns."""

    def __init__(
        self,
        account: Account,
        rest: BinanceRest,
        signatures: Signatures,
        market: KnownMarket,
        faults: ActiveFaults,
        now: Callable[[], int],
    ) -> None:
        self._account = account
        self._rest = rest
        self._signatures = signatures
        self._market = market
        self._faults = faults
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        """None for futures."""
        if self._market.kind != "spot":
            return []
        return [
            web.post("/api/v3/order", self._placing),
            web.delete("/api/v3/order", self._handler("DELETE order", 1, self._cancel)),
            web.get("/api/v3/order", self._handler("GET order", 4, self._query)),
            web.get("/api/v3/openOrders", self._handler("GET openOrders", 6, self._open_orders)),
            web.get("/api/v3/myTrades", self._handler("GET myTrades", 20, self._trades)),
            web.get("/api/v3/account", self._handler("GET account", 20, self._balances)),
        ]

    # --- requests --------------------------------------------------------------------------------

    def _handler(
        self, name: str, weight: int, answer: Answer
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._rest.requests[name] += 1
            if (failed := await self._troubled()) is not None:
                return failed
            return await self._answer(request, weight, answer)

        return handle

    async def _troubled(self) -> web.Response | None:
        if (slow := self._faults.take(SlowRest)) is not None:
            await asyncio.sleep(slow.by)
        failing = self._faults.take(FailingRest)
        return None if failing is None else await failure(failing)

    async def _answer(self, request: web.Request, weight: int, answer: Answer) -> web.Response:
        try:
            self._rest.pay(weight)
            return self._rest.respond(answer(await self._signatures.checked(request)))
        except BadParameter as error:
            return self._rest.respond({"code": error.code, "msg": str(error)}, error.status)
        except Refusal as error:
            return self._rest.respond({"code": error.code, "msg": str(error)}, 400)

    async def _placing(self, request: web.Request) -> web.StreamResponse:
        """A new order, with everything that can go wrong on its way there and back."""
        self._rest.requests["POST order"] += 1
        await request.read()  # what has come is there, even if the sender is gone when it is looked at
        if (failed := await self._troubled()) is not None:
            return failed
        if self._faults.take(OrderDropped) is not None:
            return _cut(request)
        if (late := self._faults.take(OrderLate)) is not None:
            await asyncio.sleep(late.by)
        error = self._faults.take(OrderError)
        if error is not None and not error.placed:
            return _failing(error)
        answer = await self._answer(request, 1, self._new_order)
        if error is not None:
            return _failing(error)
        if self._faults.take(AnswerLost) is not None:
            return _cut(request)
        if (slow := self._faults.take(AnswerLate)) is not None:
            await asyncio.sleep(slow.by)
        return answer

    # --- answers ---------------------------------------------------------------------------------

    def _new_order(self, params: Params) -> Data:
        order = self._order(params)
        self._check(order)
        trades = self._account.place(order)
        return {
            **_shown(order),
            "transactTime": order.at,
            "fills": [
                {
                    "price": _text(trade.price),
                    "qty": _text(trade.quantity),
                    "commission": _text(trade.commission),
                    "commissionAsset": trade.commission_asset,
                    "tradeId": trade.id,
                }
                for trade in trades
            ],
        }

    def _order(self, params: Params) -> OwnOrder:
        symbol = self._symbol(params)
        side, type = mandatory(params, "side"), mandatory(params, "type")
        if side not in ("BUY", "SELL"):
            raise BadParameter(-1117, "Invalid side.")
        if type not in ("LIMIT", "MARKET"):
            raise BadParameter(-1116, "Invalid orderType.")
        in_force = mandatory(params, "timeInForce") if type == "LIMIT" else params.get("timeInForce", "GTC")
        if in_force not in ("GTC", "IOC", "FOK"):
            raise BadParameter(-1115, "Invalid timeInForce.")
        base, quote = assets(symbol)
        now = self._now() // 1_000_000
        client_id = params.get("newClientOrderId", f"local{len(self._account.orders) + 1}")
        if CLIENT_ID.fullmatch(client_id) is None:
            legal = f"^{CLIENT_ID.pattern}$"
            raise BadParameter(
                -1100, f"Illegal characters found in parameter 'newClientOrderId'; legal range is '{legal}'."
            )
        return OwnOrder(
            order_id=0,
            client_id=client_id,
            symbol=symbol,
            base=base,
            quote=quote,
            side=cast("Side", side),
            type=type,
            time_in_force=in_force,
            price=_decimal(params, "price") if type == "LIMIT" else Decimal(0),
            quantity=_decimal(params, "quantity"),
            at=now,
        )

    def _check(self, order: OwnOrder) -> None:
        """The filters of `exchangeInfo`."""
        steps = self._market.steps[order.symbol]
        if self._faults.now(Halt, Event(0, order.symbol, "trade", {})) is not None:
            raise BadParameter(-1013, "Market is closed.")
        if order.price % Decimal(1).scaleb(-steps.price):
            raise BadParameter(-1013, "Filter failure: PRICE_FILTER")
        lot = Decimal(1).scaleb(-steps.quantity)
        if not lot <= order.quantity <= LARGEST_QUANTITY or order.quantity % lot:
            raise BadParameter(-1013, "Filter failure: LOT_SIZE")
        if order.price and order.price * order.quantity < LEAST_VALUE:
            raise BadParameter(-1013, "Filter failure: NOTIONAL")

    def _cancel(self, params: Params) -> Data:
        order = self._found(params)
        refused = self._faults.take(CancelRefused) is not None
        if order is None or not order.is_open or refused:
            raise Refusal(-2011, "Unknown order sent.")
        self._account.cancel(order)
        return {**_shown(order), "origClientOrderId": order.client_id, "clientOrderId": f"cancel{order.order_id}"}

    def _query(self, params: Params) -> Data:
        order = self._found(params)
        if order is None:
            raise Refusal(-2013, "Order does not exist.")
        return _shown(order)

    def _open_orders(self, params: Params) -> list[Data]:
        return [
            _shown(order) for order in self._account.open_orders(self._symbol(params) if "symbol" in params else "")
        ]

    def _trades(self, params: Params) -> list[Data]:
        symbol, order_id = self._symbol(params), whole(params, "orderId", 0)
        trades = self._account.trades_of.get(order_id, []) if order_id else self._account.trades
        found = [trade for trade in trades if trade.symbol == symbol]
        if self._faults.take(TradesLate) is not None:
            found = found[:-1]
        limit = min(whole(params, "limit", 500), MOST_TRADES)
        if "fromId" in params:
            return [_listed(trade) for trade in found if trade.id >= whole(params, "fromId")][:limit]
        return [_listed(trade) for trade in found[-limit:]]

    def _balances(self, params: Params) -> Data:
        balances = [
            {"asset": asset, "free": _text(free), "locked": _text(locked)}
            for asset, free, locked in self._account.balances()
        ]
        return {
            "canTrade": True,
            "accountType": "SPOT",
            "updateTime": self._now() // 1_000_000,
            "balances": balances,
            "permissions": ["SPOT"],
        }

    def _found(self, params: Params) -> OwnOrder | None:
        symbol, client_id = self._symbol(params), params.get("origClientOrderId", "")
        if not client_id and "orderId" not in params:
            raise BadParameter(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
        return self._account.find(symbol, order_id=whole(params, "orderId", 0), client_id=client_id)

    def _symbol(self, params: Params) -> str:
        symbol = mandatory(params, "symbol")
        if symbol not in self._market.books:
            raise BadParameter(-1121, "Invalid symbol.")
        return symbol


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _failing(fault: OrderError) -> web.Response:
    limited = fault.answer in ("429", "418")
    code, headers = (-1003, {"Retry-After": str(fault.retry_s)}) if limited else (fault.code, {})
    return web.json_response({"code": code, "msg": "As ordered."}, status=int(fault.answer), headers=headers)


def _decimal(params: Params, name: str) -> Decimal:
    text = mandatory(params, name)
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise BadParameter(-1100, f"Illegal characters found in parameter '{name}'.") from error
    if not value.is_finite() or value <= 0:
        raise BadParameter(-1013, f"Invalid {name}.")
    return value


def _text(value: Decimal) -> str:
    return f"{value:.8f}"


def _shown(order: OwnOrder) -> Data:
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": _text(order.price),
        "origQty": _text(order.quantity),
        "executedQty": _text(order.executed),
        "cummulativeQuoteQty": _text(order.spent),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "time": order.at,
        "isWorking": order.is_open,
    }


def _listed(trade: OwnTrade) -> Data:
    return {
        "symbol": trade.symbol,
        "id": trade.id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": _text(trade.price),
        "qty": _text(trade.quantity),
        "quoteQty": _text(trade.price * trade.quantity),
        "commission": _text(trade.commission),
        "commissionAsset": trade.commission_asset,
        "time": trade.at,
        "isBuyer": trade.is_buyer,
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }
