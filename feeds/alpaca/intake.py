"""The door for Alpaca's frames, live or recorded: from typed messages to ticks, with every message counted."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal, InvalidOperation
from hashlib import blake2b

from feeds.alpaca.conditions import NOT_FIRM, sets_last, trading
from feeds.alpaca.frames import (
    CancelFrame,
    Control,
    CorrectionFrame,
    Failure,
    Flaw,
    Message,
    QuoteFrame,
    StatusFrame,
    Subscription,
    Success,
    TradeFrame,
    decode,
    nanoseconds,
    number,
)
from feeds.intake import Counts, Item, RefusedFrame
from feeds.sequence import RESTART_AFTER
from streams.messages import Code, Quote, ReportTradingStatus, Side, Source, Trade

log = logging.getLogger(__name__)

MOST_REMEMBERED = 200_000
SIP_DISORDER_NS = 1_000_000_000
FURTHEST_AHEAD_NS = 3_600_000_000_000
LETTER_EVERY_NS = 1_000_000_000
REPORTING_FACILITY = "D"  # FINRA: sales off the exchanges, up to 10 s late
STATUS_LENGTH = 64


class Unwanted(ValueError):
    """A message that may not become a tick; `code` says why to programs."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class _Order:
    """The event times of one instrument on one channel: what is older than the newest by more than `slack_ns` is
    late. A hundred latecomers in a row mean that the newest was wrong, not they."""

    def __init__(self, slack_ns: int) -> None:
        self._slack_ns = slack_ns
        self._late_run = 0
        self.newest = 0

    def is_late(self, at: int) -> bool:
        if at < self.newest - self._slack_ns:
            self._late_run += 1
            if self._late_run < RESTART_AFTER:
                return True
            self.newest = at
        self._late_run = 0
        self.newest = max(self.newest, at)
        return False


class _Stock:
    """What has to be known of an instrument to judge its next message."""

    def __init__(self, slack_ns: int, *, in_doubt: bool) -> None:
        self.trades = _Order(slack_ns)
        self.quotes = _Order(slack_ns)
        self.statuses = _Order(0)
        self.quoted: QuoteFrame | None = None
        self.quote_id = 0
        self.mid = Decimal(0)
        self.price = Decimal(0)
        self.direction: Side = "buy"
        self.halted_at = 0
        self.in_doubt = in_doubt
        self.next_letter = 0

    def aggressor(self, price: Decimal) -> Side:
        """Lee and Ready: above the middle of the last quote a buyer, below it a seller, at it (or without a quote) by
        the last change of price."""
        if self.price:
            self.direction = "buy" if price > self.price else "sell" if price < self.price else self.direction
        self.price = price
        if not self.mid or price == self.mid:
            return self.direction
        return "buy" if price > self.mid else "sell"


class AlpacaIntake:
    """Takes what the intake of Binance takes, and gives the same. `counts.frames` counts messages, not arrays.

    Ids do not follow each other, so there is no gap that could be seen from them: duplicates are found by id, exchange
    and time among the last 200,000 trades, and holes are known only to who holds the connection (`doubt`). With
    `in_doubt` nobody knows whether a stock is halted until its first status or sale, which then says so."""

    def __init__(
        self,
        source: Source,
        *,
        venue: str = "alpaca",
        symbols: Collection[str] = (),
        counts: Counts | None = None,
        on_control: Callable[[Control], None] | None = None,
        in_doubt: bool = False,
    ) -> None:
        self.source: Source = source
        self.venue = venue
        self.symbols = frozenset(symbols)
        self.counts = counts or Counts()
        self._on_control = on_control
        self._in_doubt = in_doubt
        self._slack_ns = 0 if venue == "alpaca-iex" else SIP_DISORDER_NS  # one exchange has one clock
        self._stocks: dict[str, _Stock] = {}
        self._seen: OrderedDict[tuple[str, int], None] = OrderedDict()

    def take(self, raw: bytes, market_at: int, received_at: int, origin: str = "") -> Sequence[Item]:
        """What a frame amounts to, in its order. Never raises, unless the receiver of controls does."""
        items: list[Item] = []
        for message in decode(raw):
            self.counts.frames += 1
            try:
                self._take(message, market_at, received_at, items)
            except Unwanted as unwanted:
                items += self._refused(message, unwanted.code, str(unwanted), raw, origin, market_at)
            except (ValueError, InvalidOperation) as error:
                items += self._refused(message, _code_of(error), str(error), raw, origin, market_at)
        return items

    def doubt(self) -> None:
        """The connection was lost for a while: whoever was halted may have been resumed unheard. The next sale that
        sets the last price says so; until then the halt stands."""
        for stock in self._stocks.values():
            stock.in_doubt = stock.halted_at > 0

    def _take(self, message: Message, market_at: int, received_at: int, items: list[Item]) -> None:
        match message:
            case TradeFrame() | QuoteFrame() | StatusFrame() if self.symbols and message.S not in self.symbols:
                self.counts.passed["symbol"] += 1
            case TradeFrame():
                self._take_trade(message, market_at, received_at, items)
            case QuoteFrame():
                self._take_quote(message, market_at, received_at, items)
            case StatusFrame():
                self._take_status(message, market_at, items)
            case CorrectionFrame() | CancelFrame():
                self._take_amendment(message)
            case Flaw():
                raise Unwanted(message.code, message.detail)
            case Success() | Subscription() | Failure():
                self.counts.passed["error" if isinstance(message, Failure) else "ack"] += 1
                if self._on_control is not None:
                    self._on_control(message)
            case _:
                self.counts.passed[message.why] += 1

    def _take_trade(self, frame: TradeFrame, market_at: int, received_at: int, items: list[Item]) -> None:
        event_at = _event_time(frame.t, market_at)
        if not sets_last(frame.c or (), frame.z):
            self.counts.passed["not_market"] += 1
            return
        price, quantity = number(frame.p), number(frame.s)
        if not (price and quantity):
            raise Unwanted(Code.NOT_POSITIVE, "price or size is not positive")
        key = (frame.S, trade_id(frame.i, frame.x, event_at))
        if self._is_known(key):
            self.counts.duplicates += 1
            return
        stock = self._stock(frame.S)
        if stock.trades.is_late(event_at):
            raise Unwanted(Code.OUT_OF_ORDER, f"the trade {frame.i} of {frame.x} came after a later one")
        if stock.in_doubt and frame.x != REPORTING_FACILITY and event_at > stock.halted_at:
            items.append(self._status(frame.S, stock, True, "trades", market_at, event_at))
        self.counts.ticks += 1
        self.counts.trades += 1
        items.append(
            Trade(
                instrument=frame.S,
                market_at=market_at,
                received_at=received_at,
                event_at=event_at,
                venue=self.venue,
                source=self.source,
                trade_id=key[1],
                price=price,
                quantity=quantity,
                aggressor=stock.aggressor(price),
            )
        )

    def _take_quote(self, frame: QuoteFrame, market_at: int, received_at: int, items: list[Item]) -> None:
        event_at = _event_time(frame.t, market_at)
        if frame.c and not NOT_FIRM.isdisjoint(frame.c):
            self.counts.passed["not_market"] += 1
            return
        stock = self._stock(frame.S)
        if frame == stock.quoted:
            self.counts.duplicates += 1
            return
        if stock.quotes.is_late(event_at):
            raise Unwanted(Code.OUT_OF_ORDER, f"the quote of {frame.t} came after a later one")
        quote = Quote(
            instrument=frame.S,
            market_at=market_at,
            received_at=received_at,
            event_at=event_at,
            venue=self.venue,
            source=self.source,
            update_id=max(stock.quote_id + 1, event_at),
            bid=number(frame.bp),
            bid_size=number(frame.bs),
            ask=number(frame.ap),
            ask_size=number(frame.as_),
        )
        stock.quoted, stock.quote_id = frame, quote.update_id
        stock.mid = (quote.bid + quote.ask) / 2 if quote.two_sided else Decimal(0)
        self.counts.ticks += 1
        items.append(quote)

    def _take_status(self, frame: StatusFrame, market_at: int, items: list[Item]) -> None:
        event_at = _event_time(frame.t, market_at)
        stock = self._stock(frame.S)
        if stock.statuses.is_late(event_at):
            raise Unwanted(Code.OUT_OF_ORDER, f"the status of {frame.t} came after a later one")
        self.counts.passed["status"] += 1
        says = trading(frame.sc)
        if says != "unchanged":
            word = (frame.sm or frame.sc or "unknown") + (f" ({frame.rc})" if frame.rc else "")
            items.append(self._status(frame.S, stock, says == "trading", word, market_at, event_at))

    def _status(
        self, symbol: str, stock: _Stock, tradable: bool, word: str, market_at: int, event_at: int
    ) -> ReportTradingStatus:
        stock.halted_at = 0 if tradable else event_at
        stock.in_doubt = False
        log.info("%s: %s is %s: %s", self.venue, symbol, "tradable" if tradable else "not tradable", word)
        return ReportTradingStatus(
            instrument=symbol, tradable=tradable, status=word[:STATUS_LENGTH], market_at=market_at
        )

    def _take_amendment(self, frame: CorrectionFrame | CancelFrame) -> None:
        """Nothing is unseen: agents acted on the trade, and its mark and bar stand. It is counted and logged."""
        if isinstance(frame, CorrectionFrame):
            self.counts.passed["correction"] += 1
            log.info("%s: trade %d of %s was at %s, not %s", self.venue, frame.oi, frame.S, frame.cp, frame.op)
        else:
            self.counts.passed["cancel"] += 1
            log.info("%s: trade %d of %s at %s does not count (%s)", self.venue, frame.i, frame.S, frame.p, frame.a)

    def _stock(self, symbol: str) -> _Stock:
        known = self._stocks.get(symbol)
        return known or self._stocks.setdefault(symbol, _Stock(self._slack_ns, in_doubt=self._in_doubt))

    def _is_known(self, key: tuple[str, int]) -> bool:
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _refused(
        self, message: Message, code: Code, detail: str, raw: bytes, origin: str, at: int
    ) -> Sequence[RefusedFrame]:
        """Crossed quotes are no fault of the transport and come by the hundred: one a second and instrument becomes a
        letter, all are counted."""
        self.counts.refused[code] += 1
        if code is Code.CROSSED and isinstance(message, QuoteFrame):
            stock = self._stock(message.S)
            if at < stock.next_letter:
                return ()
            stock.next_letter = at + LETTER_EVERY_NS
        own = message.raw if isinstance(message, Flaw) else raw
        return (RefusedFrame(code, detail, raw=own, origin=origin, at=at),)


def trade_id(id: int, exchange: str, event_at: int) -> int:
    """62 bits that are the same whenever the same trade comes, and no other trade of its instrument has."""
    digest = blake2b(f"{id}:{exchange}:{event_at}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 2


def _event_time(text: str, market_at: int) -> int:
    event_at = nanoseconds(text)
    if event_at > market_at + FURTHEST_AHEAD_NS:
        raise ValueError(f"the time {text} is more than an hour ahead")
    return event_at


def _code_of(error: ValueError | InvalidOperation) -> Code:
    text = str(error)
    if isinstance(error, InvalidOperation) or "not finite" in text:
        return Code.NOT_FINITE
    if "crossed" in text:
        return Code.CROSSED
    if "positive" in text or "negative" in text:
        return Code.NOT_POSITIVE
    return Code.INVALID
