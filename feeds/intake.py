"""The door of the feed: every frame is decoded, checked against its sequence and counted here, whatever brought it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection
from collections.abc import Sequence as Items
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from feeds.binance.frames import FAILURES, LARGEST_UPDATE, WHOLE, WITHOUT_LEVELS, RefusedTrade, decode
from feeds.binance.shapes import AggregateFrame, DepthFrame, DepthIds, QuoteFrame, TradeFrame
from feeds.binance.ticks import Content, Kind, Passed, Refill, TradeKind, Unnamed
from feeds.sequence import Gap, Sequence, Verdict
from streams.envelope import Refused
from streams.messages import (
    AnyTick,
    BookSnapshot,
    ChangeFeedSource,
    Code,
    Depth,
    Quote,
    ReportFeedGap,
    ReportTradingStatus,
    Source,
    Trade,
)


class RefusedFrame(Refused):
    """What was refused, with its bytes and where it stood; it comes where the tick would have come."""

    def __init__(self, code: Code, detail: str, *, raw: bytes, origin: str, at: int) -> None:
        super().__init__(code, detail)
        self.raw = raw
        self.origin = origin
        self.at = at


Item = AnyTick | ReportFeedGap | ReportTradingStatus | ChangeFeedSource | RefusedFrame


SECOND_STREAM = Passed("other", "aggregate trades beside trades")
SNAPSHOT = Passed("snapshot")
OTHER_KIND: dict[Kind, TradeKind] = {"trade": "aggTrade", "aggTrade": "trade"}
FARTHEST_TRADE = 1_000_000  # half a day of the busiest instrument
FARTHEST_UPDATE = 10_000_000_000  # futures count 64,000 updates of books in a quiet second
FARTHEST_REFUSED = 1_000
MOST_INSTRUMENTS = 10_000
MOST_UNNAMED = 4
NEAR_IDS = 100_000
NEAR_PRICE = Decimal("0.1")
WHY_REFUSED = {
    "out_of_order": "came after a later one",
    "doubted": "is far ahead of all before, and none near it has confirmed it yet",
}

COUNTED = ("frames", "ticks", "trades", "duplicates", "gaps", "refused", "passed", "events")


class Counts:
    """What came in and what became of it. `frames` = `ticks` + `duplicates` + all `refused` + all `passed`, where each
    trade in an answer over REST counts as a frame. `events`: what else happened to the source, such as reconnects."""

    def __init__(self) -> None:
        self.frames = 0
        self.ticks = 0
        self.trades = 0
        self.duplicates = 0
        self.gaps = 0
        self.refused: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.events: Counter[str] = Counter()

    def plus(self, other: Counts) -> Counts:
        both = Counts()
        for name in COUNTED:
            setattr(both, name, getattr(self, name) + getattr(other, name))
        return both

    def flat(self) -> dict[str, int]:
        """As counters with one name each: `refused:<CODE>`, `passed:<why>`."""
        counts = {name: getattr(self, name) for name in COUNTED[:5]}
        counts |= {f"refused:{code}": count for code, count in self.refused.items()}
        counts |= {f"passed:{why}": count for why, count in self.passed.items()}
        return counts | dict(self.events)


class Intake:
    """Keeps the sequences of one source.

    Trades: where an instrument comes both as trades and as aggregate trades, the kind that came first is the one that
    counts: they tell of the same trades, and counting both would double the volume. Ids that are left out are reported
    before the trade that showed it. Trades in a recorded answer over REST fill what is missing: after the report come
    the trades that were late, in the order of their ids; those of them that are known already are duplicates. A
    latecomer on the stream itself is refused.

    A trade that is refused, or that took place outside the market, has its id in the sequence all the same: it was not
    left out, and the refusal is its mark. A refused update of a book is left out, so the update behind it shows a gap:
    without it the book is wrong.

    A snapshot that does not say whose book it is waits for the next update with ids and prices near its own."""

    def __init__(
        self,
        source: Source,
        *,
        symbols: Collection[str] = (),
        counts: Counts | None = None,
        levels: bool = True,
        venue: str = "binance",
    ) -> None:
        self.source: Source = source
        self.venue = venue
        self.symbols = frozenset(symbols)
        self.counts = counts or Counts()
        self.last_notice = Passed("ack")
        self.restarted: set[str] = set()  # instruments whose trades were numbered anew, until somebody has heard of it
        self._levels = levels
        self._routes = WHOLE if levels else WITHOUT_LEVELS
        self._known: dict[Kind, dict[str, Sequence]] = {
            kind: {} for kind in ("trade", "aggTrade", "bookTicker", "depthUpdate")
        }
        self._quotes = self._known["bookTicker"]
        self._of_shape: dict[type[Struct], dict[str, Sequence]] = {
            TradeFrame: self._known["trade"],
            AggregateFrame: self._known["aggTrade"],
            QuoteFrame: self._known["bookTicker"],
            DepthFrame: self._known["depthUpdate"],
            DepthIds: self._known["depthUpdate"],
        }
        self._unnamed: deque[Unnamed] = deque(maxlen=MOST_UNNAMED)

    def take(self, raw: bytes, market_at: int, received_at: int, origin: str = "") -> Items[Item]:
        """What a frame amounts to: nothing, a tick, a gap and a tick, several late trades, or a `RefusedFrame`.
        Never raises."""
        counts = self.counts
        counts.frames += 1
        try:
            kind, content = decode(raw, market_at, received_at, self.source, self._routes, self.venue)
        except Refused as refusal:
            return self._refused(refusal, raw, origin, market_at)
        # what most frames are goes the short way: their sequence is known, and nothing is amiss
        if type(content) is Quote:
            of_quotes = self._quotes.get(content.instrument)
            if of_quotes is not None and 0 < content.update_id - of_quotes.last <= FARTHEST_UPDATE:
                of_quotes.last = content.update_id
                of_quotes.at = content.event_at
                counts.ticks += 1
                return (content,)
        elif type(content) is Trade:
            of_trades = self._known[kind].get(content.instrument)
            if of_trades is not None and content.trade_id == of_trades.last + 1:
                of_trades.last = content.trade_id
                of_trades.at = content.event_at
                counts.ticks += 1
                counts.trades += 1
                return (content,)
        return self._judge(kind, content, raw, origin, market_at)

    def follow(self, frames: Items[bytes], start: int, at: int, ticks: list[Item]) -> int:
        """The short way for what one read brought at the time `at`: takes frames from `start` on, as long as each goes
        on where its sequence was and nothing is amiss. Gives the index of the first that `take` has to look at."""
        routes, of_shape, source, venue = self._routes, self._of_shape, self.source, self.venue
        before, trades = len(ticks), 0
        tick: Any
        try:
            for raw in islice(frames, start, None):
                if len(raw) > LARGEST_UPDATE:
                    break
                read, wrapped, build = routes[raw.split(b'"', 4)[3]]
                frame = read(raw).data if wrapped else read(raw)
                shape = type(frame)
                sequence = of_shape[shape][frame.s]
                if shape is QuoteFrame:
                    last = frame.u
                    goes_on = 0 < last - sequence.last <= FARTHEST_UPDATE
                elif shape is DepthFrame or shape is DepthIds:
                    last = frame.u
                    goes_on = (frame.pu or frame.U - 1) == sequence.last < last and not self._unnamed
                else:
                    last = frame.t
                    goes_on = last == sequence.last + 1 and frame.X == "MARKET"
                if not goes_on:
                    break
                kind, tick = build(frame, at, at, source, venue)
                sequence.last = last
                sequence.at = tick.event_at
                ticks.append(tick)
                trades += kind in OTHER_KIND
        except (*FAILURES, LookupError):
            pass  # `take` says what is wrong with it
        taken = len(ticks) - before
        self.counts.frames += taken
        self.counts.ticks += taken
        self.counts.trades += trades
        return start + taken

    def refuse(self, code: Code, detail: str, raw: bytes, origin: str, at: int) -> RefusedFrame:
        self.counts.refused[code] += 1
        return RefusedFrame(code, detail, raw=raw, origin=origin, at=at)

    def _refused(self, refusal: Refused, raw: bytes, origin: str, market_at: int) -> Items[Item]:
        refused = self.refuse(refusal.code, refusal.detail, raw, origin, market_at)
        known = self._known[refusal.kind].get(refusal.instrument) if isinstance(refusal, RefusedTrade) else None
        # an id in a damaged frame may be damaged too: it is believed if it is near
        if known is None or not isinstance(refusal, RefusedTrade) or refusal.id - known.last > FARTHEST_REFUSED:
            return (refused,)
        return (*self._account_for(refusal.id, refusal.instrument, known, market_at), refused)

    def _account_for(self, id: int, instrument: str, sequence: Sequence, market_at: int) -> Items[Item]:
        """The id of a trade that does not go on: what is missing before it is missing all the same."""
        if id <= sequence.last:
            sequence.fill(id)
            return ()
        verdict = sequence.step(id, id, sequence.at)
        return (self._gap(instrument, "trade", verdict, market_at),) if isinstance(verdict, Gap) else ()

    def _judge(self, kind: Kind, content: Content, raw: bytes, origin: str, market_at: int) -> Items[Item]:
        if isinstance(content, Unnamed):
            self._unnamed.append(content)
            return self._pass(SNAPSHOT)
        if isinstance(content, Passed) and kind == "passed":
            return self._pass(content)
        if isinstance(content, Refill):
            return self._refill(content, raw, origin)
        if not self._wants(content.instrument):
            return self._leave_out("symbol")
        if isinstance(content, BookSnapshot):
            return self._snapshot(content)
        if self._is_second(kind, content.instrument):
            return self._pass(SECOND_STREAM)
        sequence = self._sequence(kind, content.instrument)
        if sequence is None:
            detail = f"there are more than {MOST_INSTRUMENTS} instruments"
            return (self.refuse(Code.UNKNOWN_INSTRUMENT, detail, raw, origin, market_at),)
        if isinstance(content, Passed):
            self._pass(content)
            return self._account_for(content.id, content.instrument, sequence, market_at)
        items = self._as_judged(sequence.step(*_ids(content), content.event_at), content, raw, origin)
        if self._unnamed and isinstance(content, Depth):
            return (*self._named_by(content), *items)
        return items

    def _wants(self, instrument: str) -> bool:
        return not self.symbols or instrument in self.symbols

    def _is_second(self, kind: Kind, instrument: str) -> bool:
        return kind in OTHER_KIND and instrument in self._known[OTHER_KIND[kind]]

    def _sequence(self, kind: Kind, instrument: str) -> Sequence | None:
        """None where there are too many instruments already."""
        known = self._known[kind]
        if instrument not in known:
            if len(known) >= MOST_INSTRUMENTS:
                return None
            farthest = FARTHEST_TRADE if kind in OTHER_KIND else FARTHEST_UPDATE
            known[instrument] = Sequence(contiguous=kind != "bookTicker", farthest=farthest)
        return known[instrument]

    def _as_judged(self, verdict: Verdict, tick: Trade | Quote | Depth, raw: bytes, origin: str) -> Items[Item]:
        if isinstance(verdict, Gap):
            kind: Literal["trade", "depth"] = "trade" if isinstance(tick, Trade) else "depth"
            return (self._gap(tick.instrument, kind, verdict, tick.market_at), self._counted(tick))
        if verdict == "duplicate":
            self.counts.duplicates += 1
            return ()
        if verdict in WHY_REFUSED:
            detail = f"{tick.id} {WHY_REFUSED[verdict]}"
            return (self.refuse(Code.OUT_OF_ORDER, detail, raw, origin, tick.market_at),)
        if verdict == "restarts":
            self.counts.events["restarted_ids"] += 1
            if isinstance(tick, Trade):
                self.restarted.add(tick.instrument)
        return (self._counted(tick),)

    def _counted(self, tick: AnyTick) -> AnyTick:
        self.counts.ticks += 1
        self.counts.trades += isinstance(tick, Trade)
        return tick

    def _gap(self, instrument: str, kind: Literal["trade", "depth"], gap: Gap, market_at: int) -> ReportFeedGap:
        self.counts.gaps += 1
        return ReportFeedGap(instrument=instrument, kind=kind, first=gap.first, last=gap.last, market_at=market_at)

    def _refill(self, refill: Refill, raw: bytes, origin: str) -> Items[Item]:
        self.counts.frames += len(refill.trades) - 1
        if not self._wants(refill.instrument):
            return self._leave_out("symbol", len(refill.trades))
        sequence = None
        if not self._is_second(refill.kind, refill.instrument):
            sequence = self._sequence(refill.kind, refill.instrument)
        if sequence is None:
            return self._leave_out("other", len(refill.trades))
        items: list[Item] = []
        for trade in refill.trades:
            if sequence.fill(trade.trade_id):
                items.append(self._counted(trade))
            elif trade.trade_id <= sequence.last:
                self.counts.duplicates += 1
            else:
                verdict = sequence.step(trade.trade_id, trade.trade_id, trade.event_at)
                items.extend(self._as_judged(verdict, trade, raw, origin))
        return items

    def _snapshot(self, snapshot: BookSnapshot) -> Items[Item]:
        return (self._counted(snapshot),) if self._levels else self._pass(SNAPSHOT)

    def _named_by(self, depth: Depth) -> Items[Item]:
        """The waiting snapshots of the book that `depth` changes, as if they had come just before it."""
        named = [unnamed for unnamed in self._unnamed if _is_of_one_book(unnamed.snapshot, depth)]
        for unnamed in named:
            self._unnamed.remove(unnamed)
            self.counts.passed["snapshot"] -= 1
        return [
            self._counted(
                replace(
                    unnamed.snapshot,
                    instrument=depth.instrument,
                    market_at=depth.market_at,
                    received_at=depth.received_at,
                )
            )
            for unnamed in named
        ]

    def _pass(self, passed: Passed) -> Items[Item]:
        self.last_notice = passed
        return self._leave_out(passed.why)

    def _leave_out(self, why: str, frames: int = 1) -> Items[Item]:
        self.counts.passed[why] += frames
        return ()


def _ids(tick: Trade | Quote | Depth) -> tuple[int, int]:
    if isinstance(tick, Trade):
        return tick.trade_id, tick.trade_id
    if isinstance(tick, Quote):
        return tick.update_id, tick.update_id
    return tick.previous_id + 1 if tick.previous_id else tick.first_id, tick.last_id


def _is_of_one_book(snapshot: BookSnapshot, depth: Depth) -> bool:
    """Ids alone do not tell: all books of the futures market may share one count."""
    if abs(depth.last_id - snapshot.last_id) > NEAR_IDS:
        return False
    if depth.bids and snapshot.bids:
        price, best = max(depth.bids)[0], snapshot.bids[0][0]
    elif depth.asks and snapshot.asks:
        price, best = min(depth.asks)[0], snapshot.asks[0][0]
    else:
        return False
    return abs(price - best) <= best * NEAR_PRICE
