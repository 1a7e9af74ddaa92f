"""CSV of data.binance.vision: trades, aggregate trades and best quotes, of spot and futures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from feeds.binance.ticks import TradeKind
from feeds.recordings.entries import Flaw, Row, Timed, flaw, instant, number, symbol
from feeds.recordings.opening import Unusable
from streams.envelope import Refused
from streams.messages import Code, Quote, Source, Trade

HEADERS = (b"id,price,", b"agg_trade_id,", b"agg_tradeid,", b"update_id,best_bid_price,", b"trade_id,price,")
NAMED = re.compile(r"([A-Za-z0-9]{2,24}(?:_[A-Za-z0-9]{1,10})?)-(?:trades|aggTrades|bookTicker)\b", re.IGNORECASE)
ID = rb"\d{1,19}"
NUMBER = rb"[^,]*\d[^,]*"
TIME = rb"\d{10,19}"
TRUTH = {b"true": True, b"false": False, b"1": True, b"0": False}
BOOLEAN = rb"(?i:true|false)"
TRADES = re.compile(rb",".join([ID, NUMBER, NUMBER, NUMBER, TIME, BOOLEAN]) + rb"(?P<spot>," + BOOLEAN + rb")?\s*")
AGGREGATES = re.compile(rb",".join([ID, NUMBER, NUMBER, ID, ID, TIME, BOOLEAN]) + rb"(?P<spot>," + BOOLEAN + rb")?\s*")
QUOTES = re.compile(rb",".join([ID, NUMBER, NUMBER, NUMBER, NUMBER, TIME, TIME]) + rb"\s*")
MOST_DIGITS = 18
Kind = Literal["trade", "aggTrade", "bookTicker"]
SHAPES: dict[Kind, re.Pattern[bytes]] = {"trade": TRADES, "aggTrade": AGGREGATES, "bookTicker": QUOTES}


class Archive(Struct, frozen=True):
    """Rows of one instrument. Received when it happened: an archive knows no other time."""

    kind: Kind
    venue: str
    instrument: str
    source: Source
    own: bool = False

    def read(self, line: bytes) -> Timed:
        line = line.strip()
        if not line or line.startswith(HEADERS):
            return None, None
        cells = line.split(b",")
        try:
            return self._quote(cells, line) if self.kind == "bookTicker" else self._trade(cells, line)
        except IndexError:
            return None, Flaw(Code.INVALID, "the row has too few columns", line)
        except (Refused, ValueError) as error:
            return None, flaw(error, line, self._plainly(cells))

    def _plainly(self, cells: list[bytes]) -> tuple[TradeKind, str, int] | None:
        if self.kind == "bookTicker" or not cells[0].isdigit() or len(cells[0]) > MOST_DIGITS:
            return None
        return self.kind, self.instrument, int(cells[0])

    def _trade(self, cells: list[bytes], line: bytes) -> Timed:
        aggregate = self.kind == "aggTrade"
        at = instant(cells[5 if aggregate else 4])
        seller_aggressed = TRUTH.get(cells[6 if aggregate else 5].lower())
        if seller_aggressed is None:
            raise Refused(Code.INVALID, "who aggressed is neither true nor false")
        tick = Trade(
            instrument=self.instrument,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=self.venue,
            source=self.source,
            trade_id=_id(cells[0]),
            price=number(cells[1]),
            quantity=number(cells[2]),
            aggressor="sell" if seller_aggressed else "buy",
        )
        return at, Row(self.kind, tick, line)

    def _quote(self, cells: list[bytes], line: bytes) -> Timed:
        at = instant(cells[6])
        tick = Quote(
            instrument=self.instrument,
            market_at=at,
            received_at=at,
            event_at=instant(cells[5]),
            venue=self.venue,
            source=self.source,
            update_id=_id(cells[0]),
            bid=number(cells[1]),
            bid_size=number(cells[2]),
            ask=number(cells[3]),
            ask_size=number(cells[4]),
        )
        return at, Row(self.kind, tick, line)


def _id(text: bytes) -> int:
    if not text.isdigit() or len(text) > MOST_DIGITS:
        raise Refused(Code.INVALID, f"{text[:40]!r} is no id")
    return int(text)


def recognised(sample: Sequence[bytes], names: Sequence[str], source: Source) -> Archive | None:
    """The format for these lines, None if they are of another. Raises `Unusable` where no name says the instrument."""
    header = sample[0].lower()
    for line in sample[:20]:
        for kind, shape in SHAPES.items():
            if found := shape.fullmatch(line.strip()):
                spot = kind != "bookTicker" and found["spot"] is not None
                instrument = _instrument(names)
                coins = b"base_qty" in header or "_" in instrument
                venue = "binance" if spot else "binance-coinm" if coins else "binance-usdm"
                return Archive(kind, venue, instrument, source)
    return None


def _instrument(names: Sequence[str]) -> str:
    for name in names:
        if found := NAMED.match(name):
            return symbol(found[1].encode())
    raise Unusable(
        f"{names[-1]}: these rows do not say of which instrument they are, so the name of the file has to, as at "
        "data.binance.vision: BTCUSDT-trades-2024-08-08.csv, BTCUSDT-aggTrades-2024-08-08.zip."
    )
