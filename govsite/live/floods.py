"""Daphne's WebSocket with a limit at the wire: what floods is stopped before it becomes work for all the others."""

from __future__ import annotations

import time
from typing import Any

from daphne import ws_protocol

from govsite.live.codes import BAD_REQUEST, LONGEST_REASON, TOO_LARGE
from govsite.live.requests import LARGEST_MESSAGE, Allowance

LARGEST_FRAME = 4 * LARGEST_MESSAGE
"""Bytes: a message of as many characters is at most so long."""
TOO_OFTEN = "Too many messages a second."


class LimitedProtocol(ws_protocol.WebSocketProtocol):  # type: ignore[misc]
    """Daphne reads as fast as a browser sends, keeps what is not worked on yet, and swallows the reason of a close."""

    muted: bool

    def onConnect(self, request: Any) -> Any:
        self.maxFramePayloadSize = LARGEST_FRAME  # the limit of whole messages would be one of what we send as well
        self.failByDrop = False  # a close frame that says why
        self._floods = False
        self._allowance = Allowance(time.monotonic())
        return super().onConnect(request)

    def _dataReceived(self, data: bytes) -> None:
        if not getattr(self, "_floods", False):
            super()._dataReceived(data)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self._may_speak():
            super().onMessage(payload, isBinary)

    def _onPing(self, payload: bytes) -> None:
        if self._may_speak():
            super()._onPing(payload)

    def _may_speak(self) -> bool:
        if not self._allowance.take(time.monotonic()):
            self._flooded(BAD_REQUEST, TOO_OFTEN)
        return not self.muted

    def _max_message_size_exceeded(self, msg_size: int, max_msg_size: int, reason: str) -> None:
        self._flooded(TOO_LARGE, f"At most {LARGEST_MESSAGE} characters a message.")

    def _flooded(self, code: int, reason: str) -> None:
        """From here on nothing of it is so much as parsed; a second later the connection is dropped."""
        self._floods = self.failedByMe = True
        self.data = b""
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code, reason.encode())
        self._let_go(code)

    def _let_go(self, code: int) -> None:
        """The application is told that it has gone."""
        if not self.muted:
            self.muted = True
            self.application_queue.put_nowait({"type": "websocket.disconnect", "code": code})

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            reason = (message.get("reason") or "").encode()[:LONGEST_REASON].decode(errors="ignore")
            self.sendClose(message.get("code") or 1000, reason)
            self._let_go(message.get("code") or 1000)
        else:
            super().handle_reply(message)


def limit() -> None:
    """From now on every WebSocket of Daphne in this process is a limited one."""
    ws_protocol.WebSocketFactory.protocol = LimitedProtocol
