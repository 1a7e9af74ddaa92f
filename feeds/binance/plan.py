"""Where Binance is, what is read from it and how patient its client is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from feeds.socket import Patience

Market = Literal["spot", "usdm"]


class Place(Struct, frozen=True, kw_only=True):
    """What differs between the markets. `trades`: the REST path and kind that give the ids of the trade stream."""

    name: str
    urls: tuple[str, ...]
    rest_urls: tuple[str, ...]
    kinds: tuple[str, ...]
    path: str
    trades: Literal["trades", "aggTrades"]
    trades_path: str
    listing_by_symbol: bool


PLACES: Mapping[Market, Place] = {
    "spot": Place(
        name="binance",
        urls=(
            "wss://data-stream.binance.vision",
            "wss://stream.binance.com:9443",
            "wss://stream.binance.com:443",
        ),
        rest_urls=("https://data-api.binance.vision", "https://api.binance.com"),
        kinds=("trade", "bookTicker", "depth@100ms"),
        path="/api/v3",
        trades="trades",
        trades_path="/historicalTrades",
        listing_by_symbol=True,
    ),
    "usdm": Place(
        name="binance-usdm",
        urls=("wss://fstream.binance.com",),
        rest_urls=("https://fapi.binance.com",),
        kinds=("aggTrade", "bookTicker", "depth@100ms"),
        path="/fapi/v1",
        trades="aggTrades",
        trades_path="/aggTrades",
        listing_by_symbol=False,
    ),
}


class BinancePlan(Struct, frozen=True, kw_only=True):
    """Without `urls` Binance's own are taken; with `urls` and without `rest_urls` REST is asked of the same hosts.

    All times are in seconds. `silence_s`: a connection without a tick for so long is left; `quiet_s`: a stream without
    one is subscribed anew. `rotate_s`: Binance cuts a connection after a day, so it is replaced before, at an age
    shortened by chance by up to `rotate_jitter_s`; the old one is kept for at most `overlap_s` once the new one stands.
    `steady_s`: a connection that gave ticks for so long was a good one, and the next pause is short again.
    `refill_s`: how long trades are held while a gap before them is refilled, moved by every answer that brings some up
    to `longest_refill_s`; `refills` pages are asked for in `refills_s` at most, half of what Binance allows. It takes 5
    messages a second, answers to its pings included, and 300 attempts in 5 minutes from one address."""

    market: Market = "spot"
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")
    urls: tuple[str, ...] = ()
    rest_urls: tuple[str, ...] = ()
    open_s: float = 10.0
    ping_s: float = 20.0
    pong_s: float = 10.0
    silence_s: float = 10.0
    quiet_s: float = 60.0
    longest_quiet_s: float = 3_600.0
    watch_s: float = 0.25
    ack_s: float = 10.0
    rotate_s: float = 84_600.0
    rotate_jitter_s: float = 1_800.0
    overlap_s: float = 2.0
    steady_s: float = 10.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    messages: int = 4
    messages_s: float = 1.0
    attempts: int = 250
    attempts_s: float = 300.0
    most_streams: int = 1_024
    names_a_message: int = 200
    longest_url: int = 4_000
    refill_s: float = 1.5
    refill_retry_s: float = 0.2
    longest_refill_s: float = 6.0
    largest_refill: int = 20_000
    refills: int = 120
    refills_s: float = 60.0
    rest_s: float = 5.0
    rest_wait_s: float = 30.0
    snapshot_s: float = 1.0
    snapshots: int = 20
    snapshots_s: float = 10.0
    clock_s: float = 60.0
    clock_rounds: int = 3
    listings_s: float = 60.0
    late_s: float = 2.0
    skewed_s: float = 1.0

    @property
    def place(self) -> Place:
        return PLACES[self.market]

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def endpoints(self) -> tuple[str, ...]:
        return tuple(url.rstrip("/") for url in self.urls or self.place.urls)

    @property
    def rest_endpoints(self) -> tuple[str, ...]:
        implied = tuple("http" + url.removeprefix("ws") for url in self.urls)
        return tuple(url.rstrip("/") for url in self.rest_urls or implied or self.place.rest_urls)

    @property
    def patience(self) -> Patience:
        return Patience(open_s=self.open_s, ping_s=self.ping_s, pong_s=self.pong_s)

    def streams(self) -> list[tuple[str, ...]]:
        """The names of all streams, those of an instrument together, in portions that one connection takes."""
        kinds = self.place.kinds
        a_connection = max(self.most_streams // len(kinds), 1)
        portions: Sequence[Sequence[str]] = [
            self.symbols[at : at + a_connection] for at in range(0, len(self.symbols), a_connection)
        ]
        return [tuple(f"{symbol.lower()}@{kind}" for symbol in portion for kind in kinds) for portion in portions]
