"""What a local exchange knows: its order books, the trades that REST lists, and the state of its instruments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from feeds.exchange.tape import Data, Event, Snapshot, Steps, Tape

MOST_TRADES = 200_000
LEVELS_A_CHANGE = 400


class Book:
    """Price → quantity of both sides as texts, after the change `last_id`."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self.first = snapshot or Snapshot((), ())
        self.bids = _side(self.first.bids)
        self.asks = _side(self.first.asks)
        self.last_id = 0
        self.round = 0

    def change(self, data: Data) -> None:
        for side, changes in ((self.bids, data["b"]), (self.asks, data["a"])):
            for price, quantity, *_ in changes:
                if Decimal(quantity):
                    side[Decimal(price)] = (price, quantity)
                else:
                    side.pop(Decimal(price), None)
        self.last_id = data["u"]

    def levels(self, limit: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best levels of both sides, best first."""
        bids = [list(self.bids[price]) for price in sorted(self.bids, reverse=True)[:limit]]
        return bids, [list(self.asks[price]) for price in sorted(self.asks)[:limit]]

    def way_back(self) -> tuple[list[list[str]], list[list[str]]]:
        """The changes that lead to the book that the tape begins with."""
        return _way(self.bids, _side(self.first.bids)), _way(self.asks, _side(self.first.asks))


Side = dict[Decimal, tuple[str, str]]


def _side(levels: Sequence[Sequence[str]]) -> Side:
    return {Decimal(price): (price, quantity) for price, quantity, *_ in levels}


def _way(now: Side, then: Side) -> list[list[str]]:
    gone = [[text, "0.00000000"] for price, (text, _) in now.items() if price not in then]
    return gone + [list(level) for price, level in then.items() if now.get(price) != level]


class KnownMarket:
    """`observe` takes what happens, in its order. Prints outside the market and `forgotten` trades are not listed."""

    def __init__(self, tape: Tape) -> None:
        self.kind = tape.market
        self.steps: Mapping[str, Steps] = tape.steps
        self.books = {symbol: Book(tape.snapshots.get(symbol)) for symbol in tape.symbols}
        self._quotes: dict[str, Data] = {}
        self._derives = not tape.has_aggregates
        self._prints: Counter[str] = Counter()
        self._trades: dict[str, dict[int, Data]] = {symbol: {} for symbol in tape.symbols}
        self._aggregates: dict[str, dict[int, Data]] = {symbol: {} for symbol in tape.symbols}

    def observe(self, event: Event) -> Iterator[Event]:
        """The event as its followers have to see it, behind the changes that lead there from the round before."""
        if event.kind == "depthUpdate":
            book = self.books.setdefault(event.symbol, Book(None))
            if event.round != book.round and book.last_id:
                yield from self._begin_anew(book, event)
                if "pu" in event.data:
                    event.data["pu"] = book.last_id
            book.round = event.round
            book.change(event.data)
        elif event.kind == "bookTicker":
            self._quotes[event.symbol] = event.data
        elif event.kind == "aggTrade":
            _list(self._aggregates, event.symbol, event.id, event.data)
        elif event.kind == "trade":
            self._trade(event)
        yield event

    def offers(self, symbol: str, rank: Literal["bids", "asks"]) -> list[tuple[Decimal, Decimal]]:
        """What can be had, best first: the levels of the book, but none better than the last quote, which is newer."""
        book, quote = self.books[symbol], self._quotes.get(symbol)
        side = {price: Decimal(size) for price, (_, size) in (book.asks if rank == "asks" else book.bids).items()}
        if quote is not None:
            best, size = (Decimal(quote[key]) for key in (("a", "A") if rank == "asks" else ("b", "B")))
            side = {price: each for price, each in side.items() if (price > best if rank == "asks" else price < best)}
            side[best] = size
        return sorted(((price, size) for price, size in side.items() if price and size), reverse=rank == "bids")

    def forget(self, event: Event) -> None:
        if event.kind == "trade":
            self._trades[event.symbol].pop(event.id, None)
        aggregate = event.aggregate or event.data
        self._aggregates[event.symbol].pop(aggregate.get("a", -1), None)

    def _trade(self, event: Event) -> None:
        """Prints have their place among the ids of trades, and none among those of aggregates."""
        if event.data.get("X", "MARKET") != "MARKET":
            self._prints[event.symbol] += 1
            return
        _list(self._trades, event.symbol, event.id, event.data)
        if self._derives:
            event.aggregate = _aggregate(event.data, event.id - self._prints[event.symbol])
            _list(self._aggregates, event.symbol, event.aggregate["a"], event.aggregate)

    def trades(self, symbol: str, *, from_id: int | None = None, limit: int = 500) -> list[Data]:
        """From an id on, or the newest."""
        return _listed(self._trades.get(symbol, {}), from_id, limit)

    def aggregates(
        self, symbol: str, *, from_id: int | None = None, start: int = 0, end: int = 2**63, limit: int = 500
    ) -> list[Data]:
        """As aggregated on the tape, else each trade as an aggregate of its own; times in ms, inclusive."""
        known = self._aggregates.get(symbol, {})
        if start or end < 2**63:
            within = [data for data in known.values() if start <= data["T"] <= end]
            return within[:limit]
        return _listed(known, from_id, limit)

    def _begin_anew(self, book: Book, event: Event) -> Iterator[Event]:
        bids, asks = book.way_back()
        until = event.data["U"] - 1
        parts = max(1, -(-max(len(bids), len(asks)) // LEVELS_A_CHANGE))
        for part in range(parts):
            levels = slice(part * LEVELS_A_CHANGE, (part + 1) * LEVELS_A_CHANGE)
            first = book.last_id + 1
            last = until if part == parts - 1 else first
            data = {**event.data, "U": first, "u": last, "b": bids[levels], "a": asks[levels]}
            if "pu" in data:
                data["pu"] = book.last_id
            book.change(data)
            yield Event(event.at, event.symbol, event.kind, data, event.round)


def _listed(known: Mapping[int, Data], from_id: int | None, limit: int) -> list[Data]:
    if from_id is None:
        return list(known.values())[-limit:]
    return [data for id, data in known.items() if id >= from_id][:limit]


def _list(known: dict[str, dict[int, Data]], symbol: str, id: int, data: Data) -> None:
    listed = known.setdefault(symbol, {})
    listed[id] = data
    if len(listed) > MOST_TRADES:
        del listed[next(iter(listed))]


def _aggregate(trade: Data, id: int) -> Data:
    data: Data = {key: trade[key] for key in ("E", "s", "p", "q", "T", "m", "M") if key in trade}
    return {"e": "aggTrade", **data, "a": id, "f": trade["t"], "l": trade["t"]}
