"""The door of the feed: every frame is decoded, checked against its sequence and counted here, whatever brought it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from collections.abc import Sequence as Items
from typing import Literal

from feeds.binance.frames import WHOLE, WITHOUT_LEVELS, Kind, Passed, decode
from feeds.sequence import Gap, Sequence, Verdict
from streams.envelope import Refused
from streams.messages import (
    AnyTick,
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


COUNTED = ("frames", "ticks", "trades", "duplicates", "gaps", "refused", "passed", "events")


class Counts:
    """What came in and what became of it. `frames` = `ticks` + `duplicates` + all `refused` + all `passed`.
    `events`: what else happened to the source, such as reconnects."""

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
    """Keeps the sequences of one source. Where an instrument comes both as trades and as aggregate trades, the kind
    that came first is the one that counts: they tell of the same trades, and counting both would double the volume."""

    def __init__(
        self, source: Source, *, symbols: Collection[str] = (), counts: Counts | None = None, levels: bool = True
    ) -> None:
        self.source: Source = source
        self.symbols = frozenset(symbols)
        self.counts = counts or Counts()
        self.last_notice = Passed("ack")
        self._routes = WHOLE if levels else WITHOUT_LEVELS
        self._quotes: dict[str, Sequence] = {}
        self._depths: dict[str, Sequence] = {}
        self._trades: dict[str, tuple[Kind, Sequence]] = {}

    def take(self, raw: bytes, market_at: int, received_at: int, origin: str = "") -> Items[Item]:
        """What a frame amounts to: nothing, a tick, a gap and a tick, or a `RefusedFrame`. Never raises."""
        counts = self.counts
        counts.frames += 1
        try:
            kind, tick = decode(raw, market_at, received_at, self.source, self._routes)
        except Refused as refusal:
            return (self.refuse(refusal.code, refusal.detail, raw, origin, market_at),)
        if kind == "passed" or (self.symbols and tick.instrument not in self.symbols):
            return self._pass(tick)
        if type(tick) is Quote:
            known = self._quotes.get(tick.instrument)
            if known is not None and tick.update_id > known.last:
                known.follow(tick.update_id)
                counts.ticks += 1
                return (tick,)
            known = known or self._quotes.setdefault(tick.instrument, Sequence(contiguous=False))
            return self._as_judged(known.step(tick.update_id, tick.update_id), tick, raw, origin)
        if type(tick) is Depth:
            of_depth = self._depths.get(tick.instrument)
            of_depth = of_depth or self._depths.setdefault(tick.instrument, Sequence(contiguous=True))
            first = tick.previous_id + 1 if tick.previous_id else tick.first_id
            return self._as_judged(of_depth.step(first, tick.last_id), tick, raw, origin)
        assert isinstance(tick, Trade | Passed)
        return self._take_trade(kind, tick, raw, origin, market_at)

    def _take_trade(self, kind: Kind, trade: Trade | Passed, raw: bytes, origin: str, market_at: int) -> Items[Item]:
        known = self._trades.get(trade.instrument)
        of_kind, sequence = known or self._trades.setdefault(trade.instrument, (kind, Sequence(contiguous=True)))
        if of_kind != kind:
            return self._pass(SECOND_STREAM)
        if isinstance(trade, Trade):
            return self._as_judged(sequence.step(trade.trade_id, trade.trade_id), trade, raw, origin)
        self._pass(trade)
        verdict = sequence.step(trade.id, trade.id)
        return (self._gap(trade.instrument, "trade", verdict, market_at),) if isinstance(verdict, Gap) else ()

    def _as_judged(self, verdict: Verdict, tick: AnyTick, raw: bytes, origin: str) -> Items[Item]:
        counts = self.counts
        if verdict == "duplicate":
            counts.duplicates += 1
            return ()
        if verdict == "out_of_order":
            detail = f"{tick.id} came after a later one"
            return (self.refuse(Code.OUT_OF_ORDER, detail, raw, origin, tick.market_at),)
        counts.ticks += 1
        is_trade = type(tick) is Trade
        if is_trade:
            counts.trades += 1
        if verdict == "follows":
            return (tick,)
        assert isinstance(verdict, Gap)
        return (self._gap(tick.instrument, "trade" if is_trade else "depth", verdict, tick.market_at), tick)

    def refuse(self, code: Code, detail: str, raw: bytes, origin: str, at: int) -> RefusedFrame:
        self.counts.refused[code] += 1
        return RefusedFrame(code, detail, raw=raw, origin=origin, at=at)

    def _gap(self, instrument: str, kind: Literal["trade", "depth"], gap: Gap, market_at: int) -> ReportFeedGap:
        self.counts.gaps += 1
        return ReportFeedGap(instrument=instrument, kind=kind, first=gap.first, last=gap.last, market_at=market_at)

    def _pass(self, frame: AnyTick | Passed) -> Items[Item]:
        if isinstance(frame, Passed):
            self.counts.passed[frame.why] += 1
            self.last_notice = frame
        else:
            self.counts.passed["symbol"] += 1
        return ()
