"""A browser's end of the live socket, and how tests leave its event loop clean."""

from __future__ import annotations

from typing import Any

import msgspec
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.db import connections

from govsite.live import memo
from govsite.live.doors import doors
from govsite.live.hub import hub
from govsite.live.messages import Frame
from govsite.live.routing import websocket
from govsite.live.tail import tail

DESCRIBED = msgspec.json.Decoder(Frame)
ORIGIN = (b"origin", b"http://localhost")
HOST = (b"host", b"localhost")


class Viewer:
    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.socket = WebsocketCommunicator(websocket, "/ws/live/", headers=[HOST, *headers])

    async def says(self, **message: Any) -> None:
        await self.socket.send_to(text_data=msgspec.json.encode(message).decode())

    async def hears(self, *, described: bool = True) -> dict[str, Any]:
        """The next frame; `described`: it has exactly the fields that clients are told of."""
        text = await self.socket.receive_from(timeout=5)
        if described:
            DESCRIBED.decode(text)
        return dict(msgspec.json.decode(text))

    async def is_closed(self) -> tuple[int, str]:
        """The code and reason of the close, after whatever is still to be heard."""
        while True:
            output = await self.socket.receive_output(timeout=15)
            if output["type"] == "websocket.close":
                return output["code"], output.get("reason") or ""


async def in_thread(what: Any, *arguments: Any) -> Any:
    """Django's ORM must not be called from an event loop."""
    return await database_sync_to_async(what)(*arguments)


async def leave() -> None:
    """Closes what belongs to this test's event loop."""
    await doors().close()
    await hub().close()
    await tail().close()
    await memo.forget_client()
    await get_channel_layer().flush()
    await in_thread(connections.close_all)
