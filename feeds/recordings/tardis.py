"""CSV of tardis.dev: trades, and quotes (also called book_ticker), in the columns that the header names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from feeds.recordings.entries import Flaw, Row, Timed, flaw, instant, number, symbol
from feeds.recordings.opening import Unusable
from streams.envelope import Refused
from streams.messages import Code, Quote, Source, Trade

FIRST = b"exchange,symbol,timestamp,local_timestamp,"
TRADES = ("id", "side", "price", "amount")
QUOTES = ("ask_amount", "ask_price", "bid_price", "bid_amount")
VENUES = {"binance": "binance", "binance-futures": "binance-usdm", "binance-delivery": "binance-coinm"}
SIDES = (b"buy", b"sell")
MOST_DIGITS = 18


class Tardis(Struct, frozen=True):
    """Rows of one exchange. Received at `local_timestamp`, happened at `timestamp`.

    Ids are the exchange's where they are whole numbers that rise one by one, which is known of Binance only; all
    others run."""

    kind: Literal["trade", "bookTicker"]
    venue: str
    columns: dict[str, int]
    source: Source
    own: bool = False

    def read(self, line: bytes) -> Timed:
        line = line.strip()
        if not line or line.startswith(FIRST):
            return None, None
        try:
            cells = line.split(b",")
            if len(cells) < len(self.columns):
                return None, Flaw(Code.INVALID, f"{len(cells)} columns instead of {len(self.columns)}", line)
            at = instant(cells[3])
            return at, self._trade(cells, line, at) if self.kind == "trade" else self._quote(cells, line, at)
        except (Refused, ValueError) as error:
            return None, flaw(error, line)

    def _trade(self, cells: list[bytes], line: bytes, at: int) -> Row:
        at_id, at_side, at_price, at_amount = (self.columns[name] for name in TRADES)
        id, side = cells[at_id], cells[at_side]
        numbered = self.venue in VENUES.values() and id.isdigit() and len(id) <= MOST_DIGITS
        tick = Trade(
            instrument=symbol(cells[1]),
            market_at=at,
            received_at=at,
            event_at=instant(cells[2]),
            venue=self.venue,
            source=self.source,
            trade_id=int(id) if numbered else 0,
            price=number(cells[at_price]),
            quantity=number(cells[at_amount]),
            aggressor="sell" if side == b"sell" else "buy",
        )
        return Row("trade", tick, line, numbered=numbered, sided=side in SIDES)

    def _quote(self, cells: list[bytes], line: bytes, at: int) -> Row:
        ask_size, ask, bid, bid_size = (number(cells[self.columns[name]] or b"0") for name in QUOTES)
        tick = Quote(
            instrument=symbol(cells[1]),
            market_at=at,
            received_at=at,
            event_at=instant(cells[2]),
            venue=self.venue,
            source=self.source,
            update_id=0,
            bid=bid,
            bid_size=bid_size,
            ask=ask,
            ask_size=ask_size,
        )
        return Row("bookTicker", tick, line, numbered=False)


def recognised(sample: Sequence[bytes], names: Sequence[str], source: Source) -> Tardis | None:
    """The format for these lines, None if they are of another. Raises `Unusable` for tables that are not read."""
    if not sample[0].startswith(FIRST):
        return None
    columns = {name.strip(): index for index, name in enumerate(sample[0].decode("ascii", "replace").split(","))}
    kind: Literal["trade", "bookTicker"] = "trade" if "side" in columns else "bookTicker"
    wanted = TRADES if kind == "trade" else QUOTES
    if missing := [name for name in wanted if name not in columns]:
        raise Unusable(
            f"{names[-1]} is CSV of tardis.dev, but neither trades nor quotes: it has no column {missing[0]}."
        )
    exchange = sample[1].partition(b",")[0].decode("ascii", "replace") if len(sample) > 1 else "tardis"
    return Tardis(kind, VENUES.get(exchange, exchange), columns, source)
