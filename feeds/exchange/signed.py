"""What makes a request of an account: the key, a time that is now, and the signature over all its parameters."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from feeds.exchange.rest import BadParameter
from feeds.exchange.settings import Settings

EARLY_MS = 1_000
LONGEST_WINDOW_MS = 60_000
Params = Mapping[str, str]


class Signatures:
    """`now` gives ns by the exchange's own clock."""

    def __init__(self, settings: Settings, now: Callable[[], int]) -> None:
        self._settings = settings
        self._now = now

    async def checked(self, request: web.Request) -> Params:
        """The parameters of the address and of the body. Raises BadParameter."""
        key = request.headers.get("X-MBX-APIKEY")
        if not key:
            raise BadParameter(-2014, "API-key format invalid.", 401)
        if key != self._settings.key:
            raise BadParameter(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        total = request.rel_url.raw_query_string + (await request.read()).decode()
        said, _, signature = total.rpartition("&signature=")
        params = dict(parse_qsl(said, keep_blank_values=True))
        if not signature:
            raise BadParameter(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
        self._check_time(whole(params, "timestamp"), whole(params, "recvWindow", 5_000))
        right = hmac.new(self._settings.secret.encode(), said.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, right):
            raise BadParameter(-1022, "Signature for this request is not valid.")
        return params

    def _check_time(self, at: int, window: int) -> None:
        if window > LONGEST_WINDOW_MS:
            raise BadParameter(-1131, "recvWindow must be less than 60000.")
        now = self._now() // 1_000_000
        if at >= now + EARLY_MS:
            raise BadParameter(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if now - at > window:
            raise BadParameter(-1021, "Timestamp for this request is outside of the recvWindow.")


def mandatory(params: Params, name: str) -> str:
    value = params.get(name)
    if not value:
        raise BadParameter(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return value


def whole(params: Params, name: str, default: int | None = None) -> int:
    """Raises BadParameter."""
    text = mandatory(params, name) if default is None else params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise BadParameter(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(text)
