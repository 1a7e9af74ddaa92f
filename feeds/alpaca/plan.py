"""What a client of Alpaca's stock stream is to do, and how patient it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

AlpacaFeed = Literal["iex", "sip"]
URL = "wss://stream.data.alpaca.markets"
SYMBOLS = ("AAPL", "MSFT", "SPY")
KEY, SECRET = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"


class MissingKey(Exception):
    """Alpaca gives nothing to strangers."""

    def __init__(self) -> None:
        super().__init__(f"Alpaca needs a key: set {KEY} and {SECRET} (app.alpaca.markets, API keys)")


class AlpacaPlan(Struct, frozen=True, kw_only=True):
    """`url` is without its path. Seconds: `ready_s` for greeting, authentication and subscription together (the server
    allows 10 for the first two); `silence_s` without any message in regular hours, then a connection counts as dead;
    `steady_s` of data make a connection a good one, so that the next pause is short again; `refused_pause_s` after a
    refusal that will not go away by itself (key, subscription, limits). `chunk`: symbols in one request."""

    feed: AlpacaFeed
    symbols: tuple[str, ...] = SYMBOLS
    key: str
    secret: str
    url: str = URL
    open_s: float = 10.0
    ready_s: float = 10.0
    silence_s: float = 60.0
    steady_s: float = 10.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    refused_pause_s: float = 60.0
    chunk: int = 100

    @property
    def name(self) -> str:
        return f"alpaca-{self.feed}"

    @property
    def endpoint(self) -> str:
        return f"{self.url.rstrip('/')}/v2/{self.feed}"


def plan_from(
    environment: Mapping[str, str], feed: AlpacaFeed, symbols: tuple[str, ...] = SYMBOLS, url: str = URL
) -> AlpacaPlan:
    """The plan with the key of the environment. Raises `MissingKey`."""
    key, secret = environment.get(KEY, ""), environment.get(SECRET, "")
    if not (key and secret):
        raise MissingKey
    return AlpacaPlan(feed=feed, symbols=symbols, key=key, secret=secret, url=url)
