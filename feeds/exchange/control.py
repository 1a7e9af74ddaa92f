"""The door for those who inject faults into a running local exchange: HTTP, from this machine only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from aiohttp import web

from feeds.exchange.delivery import ActiveFaults
from feeds.exchange.faults import AnyFault, BadScript, fault_from


class Exchange(Protocol):
    faults: ActiveFaults
    connections: int
    played: int

    @property
    def open_connections(self) -> int: ...

    @property
    def sent(self) -> Mapping[str, int]: ...

    def inject(self, fault: AnyFault) -> None: ...


class Control:
    """`POST /control/faults` with a fault as JSON begins it; `GET /control` tells how the exchange is."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/control", self._tell), web.post("/control/faults", self._inject)]

    async def _tell(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        exchange = self._exchange
        state: dict[str, Any] = {
            "connections": exchange.open_connections,
            "ever": exchange.connections,
            "played": exchange.played,
            "sent": dict(exchange.sent),
            "faults": exchange.faults.names(),
        }
        return web.Response(body=msgspec.json.encode(state), content_type="application/json")

    async def _inject(self, request: web.Request) -> web.Response:
        _only_from_here(request)
        try:
            fault = fault_from(msgspec.json.decode(await request.read()))
        except (msgspec.DecodeError, UnicodeDecodeError, BadScript) as error:
            return web.json_response({"error": str(error)}, status=400)
        self._exchange.inject(fault)
        return web.json_response({"injected": fault.kind})


def _only_from_here(request: web.Request) -> None:
    if request.remote is None or not ipaddress.ip_address(request.remote).is_loopback:
        raise web.HTTPForbidden
