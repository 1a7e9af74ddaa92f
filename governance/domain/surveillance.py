"""What has happened lately in the market and in the book: the windows that controls and breakers read."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from governance.domain.equity import EquityMarks
from governance.domain.operators import is_operator
from governance.domain.state import BookState
from market.domain.mark import QUOTE_FRESH_NS, Prices
from market.domain.position import ZERO
from streams import events
from streams.events import Conditions, Event, GrantedOrder, MarketView, Standing
from streams.messages import Code, Quote, Side, Tick, Trade

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
OWN_REFUSALS = frozenset((Code.MODE, Code.REDUCE_ONLY, Code.POSITION_LIMIT, Code.NOT_SUPPORTED))


class Watch:
    """The prices of one instrument, doubled (bid + ask needs no division, and volatility is a ratio): the low and high
    of the second of the market clock that runs; of those before it the ones that are still extreme, in two monotonic
    queues. `mid` is of the last quote, of `quoted_at`. `heard_at` is when the last tick that makes a price came
    (process clock, ns), `clean_since` where the market clock stood when ticks last began to come without a pause."""

    __slots__ = (
        "clean_since",
        "heard_at",
        "high",
        "highs",
        "low",
        "lows",
        "mid",
        "price",
        "quoted_at",
        "second",
        "volatile_at",
    )

    def __init__(self, price: Decimal, second: int, heard_at: int, clean_since: int) -> None:
        self.price = self.low = self.high = self.mid = price
        self.second, self.heard_at, self.clean_since = second, heard_at, clean_since
        self.lows: deque[tuple[int, Decimal]] = deque()
        self.highs: deque[tuple[int, Decimal]] = deque()
        self.quoted_at = -QUOTE_FRESH_NS - 1
        self.volatile_at: int | None = None

    def roll(self, second: int, price: Decimal) -> None:
        """A new second begins with the price that was in force until then, and goes on to `price`."""
        lows, highs = self.lows, self.highs
        while lows and lows[-1][1] >= self.low:
            lows.pop()
        lows.append((self.second, self.low))
        while highs and highs[-1][1] <= self.high:
            highs.pop()
        highs.append((self.second, self.high))
        self.second, self.low, self.high = second, min(self.price, price), max(self.price, price)
        self.price = price

    def extend(self, price: Decimal) -> None:
        self.price = price
        if price < self.low:
            self.low = price
        elif price > self.high:
            self.high = price

    def volatility(self, window_s: int) -> Decimal:
        """(max − min)/min of the running second and the `window_s` before it: 60 to 61 s, never less."""
        for queue in (self.lows, self.highs):
            while queue and queue[0][0] < self.second - window_s:
                queue.popleft()
        low = min(self.low, self.lows[0][1]) if self.lows else self.low
        high = max(self.high, self.highs[0][1]) if self.highs else self.high
        return (high - low) / low


class Surveillance:
    """Every tick goes through `observe` (after `prices`), every event of the execution log through `executed` (after
    the fold), every decision through `decided`. Windows over orders run on the process clock, those over prices on
    the market clock, by its seconds; after a restart they begin empty. `touched_at` is when something was executed
    that no breaker has looked at yet."""

    def __init__(self, state: BookState, prices: Prices) -> None:
        self.state = state
        self.prices = prices
        self.marks = EquityMarks(state, prices)
        self.watches: dict[str, Watch] = {}
        self.touched_at: int | None = None
        self.begun_at: int | None = None
        self.seen_live = False
        self._fills: dict[tuple[str, str, Side], deque[int]] = {}
        self._fresh_fills: dict[tuple[str, str, Side], None] = {}
        self._in_part: set[str] = set()
        self._accepted: deque[int] = deque()
        self._rejected: deque[int] = deque()
        self._granted: dict[str, deque[tuple[int, GrantedOrder]]] = {}
        self._streaks: dict[str, tuple[int, int]] = {}

    # --- the market -------------------------------------------------------------------------------

    def observe(self, tick: Tick) -> None:
        """P at every tick that makes one: the mid of a quote, or a trade's price where no quote is fresh."""
        kind = type(tick)
        if kind is Quote:
            self._quoted(tick)  # type: ignore[arg-type]
        elif kind is Trade:
            self._traded(tick)  # type: ignore[arg-type]

    def _quoted(self, quote: Quote) -> None:
        if not (quote.bid_size and quote.ask_size and quote.bid and quote.ask):
            return
        price = mid = quote.bid + quote.ask
        if self.prices.now - quote.market_at > QUOTE_FRESH_NS:
            if (view := self.prices.view(quote.instrument)) is None:
                return
            price = view.price + view.price
        watch = self._take(quote, price)
        watch.quoted_at, watch.mid = quote.market_at, mid

    def _traded(self, trade: Trade) -> None:
        watch = self.watches.get(trade.instrument)
        if watch is not None and self.prices.now - watch.quoted_at <= QUOTE_FRESH_NS:
            self._take(trade, watch.mid)
        else:
            self._take(trade, trade.price + trade.price)

    def _take(self, tick: Tick, price: Decimal) -> Watch:
        clock, received_at = self.prices.now, tick.received_at
        watch = self.watches.get(tick.instrument)
        if watch is None:
            watch = self.watches[tick.instrument] = Watch(price, clock // NS_PER_S, received_at, clock)
        if received_at - watch.heard_at > self.state.terms.stale_suspend_s * NS_PER_S:
            watch.clean_since = clock
        watch.heard_at = received_at
        if clock // NS_PER_S != watch.second:
            self._roll(watch, price)
        else:
            watch.extend(price)
        return watch

    def _roll(self, watch: Watch, price: Decimal) -> None:
        watch.roll(self.prices.now // NS_PER_S, price)
        self._note_volatility(watch)

    def _note_volatility(self, watch: Watch) -> Decimal:
        volatility = watch.volatility(self.state.terms.volatility_window_s)
        if volatility > self.state.terms.max_volatility:
            watch.volatile_at = self.prices.now
        return volatility

    def _look(self, instrument: str, watch: Watch) -> MarketView | None:
        """P may change without a tick, when a quote grows old: so it is taken again before anybody reads."""
        view = self.prices.view(instrument)
        if view is not None:
            if self.prices.now // NS_PER_S != watch.second:
                self._roll(watch, view.price + view.price)
            else:
                watch.extend(view.price + view.price)
        return view

    def sample(self, now: int) -> None:
        """Before breakers look (process clock, ns)."""
        if self.begun_at is None:
            self.begun_at = now
        for instrument, watch in self.watches.items():
            view = self._look(instrument, watch)
            self.seen_live = self.seen_live or (view is not None and view.source == "live")
        for instrument, found in self.state.safety.round_trips.items():
            self._streak(instrument, found.closed)

    def _streak(self, instrument: str, closed: int) -> int:
        """When the last round trip closed (market clock). After a restart that is unknown: now, the safe side."""
        known = self._streaks.get(instrument)
        if self.prices.now and (known is None or known[0] != closed):
            known = self._streaks[instrument] = (closed, self.prices.now)
        return known[1] if known else self.prices.now

    # --- the book ---------------------------------------------------------------------------------

    def executed(self, event: Event, at: int) -> None:
        """What the execution log recorded at `at` (process clock, ns)."""
        self.touched_at = at
        match event:
            case events.OrderAccepted():
                self._accepted.append(at)
            case events.OrderRejected():
                if event.reason not in OWN_REFUSALS:
                    self._rejected.append(at)
            case events.OrderFilled() | events.OrderPartiallyFilled():
                self._filled(event, at)
            case events.PositionAdjusted():
                self._streak(event.instrument, self.state.safety.round_trips[event.instrument].closed)
        if isinstance(event, events.FINAL):
            self._in_part.discard(event.order_id)  # type: ignore[attr-defined]

    def _filled(self, fill: events.Fill, at: int) -> None:
        """An order counts once, with the first of its fills; what operators order is no agent's loop."""
        self._streak(fill.instrument, self.state.safety.round_trips[fill.instrument].closed)
        if fill.order_id in self._in_part:
            return
        self._in_part.add(fill.order_id)
        for agent in self.state.safety.agents_of(fill.order_id):
            if is_operator(agent):
                continue
            key = (agent, fill.instrument, fill.side)
            self._fills.setdefault(key, deque()).append(at)
            self._fresh_fills[key] = None

    def decided(self, decision: events.DecisionReached, now: int) -> None:
        for ticket in decision.orders:
            order = GrantedOrder(side=ticket.side, quantity=ticket.quantity, limit=ticket.limit)
            self._granted.setdefault(ticket.instrument, deque()).append((now, order))

    def resumed(self) -> None:
        """A person lets trade again: what was rejected before does not count against it."""
        self._accepted.clear()
        self._rejected.clear()

    def forget_fills(self, agent: str, instrument: str) -> None:
        """A person has looked at them: the latch begins anew."""
        for side in _SIDES:
            self._fills.pop((agent, instrument, side), None)
            self._fresh_fills.pop((agent, instrument, side), None)

    # --- what is asked ----------------------------------------------------------------------------

    def orders(self, now: int) -> tuple[int, int]:
        """Orders and venue rejects of the window of the reject rate."""
        since = now - self.state.terms.reject_window_s * NS_PER_S
        for times in (self._accepted, self._rejected):
            _forget(times, since)
        return len(self._accepted), len(self._rejected)

    def fresh_fills(self, now: int) -> Mapping[tuple[str, str, Side], int]:
        """Fills in the window of repeated execution, of those who had one since this was asked last."""
        since = now - self.state.terms.repeated_window_s * NS_PER_S
        fresh, self._fresh_fills = self._fresh_fills, {}
        for key in [key for key, times in self._fills.items() if times[-1] <= since]:
            del self._fills[key]
        for key in fresh.keys() & self._fills.keys():
            _forget(self._fills[key], since)
        return {key: len(self._fills[key]) for key in fresh if key in self._fills}

    def recent_fills(self, now: int) -> Mapping[tuple[str, str, Side], int]:
        """Fills in the window of repeated execution, of everybody who has any; asking changes nothing."""
        since = now - self.state.terms.repeated_window_s * NS_PER_S
        counted = {key: sum(at > since for at in times) for key, times in self._fills.items()}
        return {key: fills for key, fills in counted.items() if fills}

    def recent_volatility(self, instrument: str) -> tuple[Decimal, int | None]:
        """As it was when it was last looked at, and for how long it has not been too much (ns); None: it never was."""
        watch, terms = self.watches[instrument], self.state.terms
        calm = None if watch.volatile_at is None else self.prices.now - watch.volatile_at
        return watch.volatility(terms.volatility_window_s), calm

    def loss_age(self, instrument: str) -> int | None:
        """Since the last round trip closed (market clock, ns), as it was last looked at; None: unknown."""
        known = self._streaks.get(instrument)
        return None if known is None else self.prices.now - known[1]

    def conditions(self, instrument: str, now: int) -> Conditions:
        """`now` is the process clock (ns)."""
        safety, market_now, terms = self.state.safety, self.prices.now, self.state.terms
        gap = safety.gaps.get(instrument)
        volatility, volatile_at = self._volatility(instrument)
        trips = safety.round_trips.get(instrument)
        losses = trips.losses if trips else 0
        return Conditions(
            suspended=instrument in safety.suspended,
            tradable=instrument not in safety.untradable,
            restricted=self._restricted(instrument),
            gap_age=None if gap is None else max(0, market_now - gap),
            volatility=volatility,
            calm_age=None if volatile_at is None else market_now - volatile_at,
            losses=losses,
            losses_age=market_now - self._streak(instrument, trips.closed) if trips and losses else None,
            latched=tuple(sorted(safety.latched.get(instrument, ()))),
            granted=self._recently_granted(instrument, now - terms.duplicate_window_ms * NS_PER_MS),
        )

    def standing(self) -> Standing:
        return self.marks.standing()

    def equity(self) -> Decimal | None:
        """cash + Σ position · P; None while a position has no price."""
        return self.marks.equity()

    def age(self, instrument: str, now: int) -> int | None:
        """Since the last tick that made a price, by the process clock: with a dead feed the market clock stops too.
        Who has just begun has not waited yet: what was read from the stream's past is no silence."""
        watch = self.watches.get(instrument)
        return None if watch is None else max(0, now - max(watch.heard_at, self.begun_at or now))

    def clean(self, instrument: str, now: int) -> bool:
        """Whether ticks have come without a pause and without a gap for the last 5 s (market clock)."""
        watch, age, terms = self.watches.get(instrument), self.age(instrument, now), self.state.terms
        if watch is None or age is None or age > terms.stale_suspend_s * NS_PER_S:
            return False
        since = max(watch.clean_since, self.state.safety.gaps.get(instrument, 0))
        return self.prices.now - since >= terms.gap_clean_ms * NS_PER_MS

    def _volatility(self, instrument: str) -> tuple[Decimal, int | None]:
        watch = self.watches.get(instrument)
        if watch is None:
            return ZERO, None
        self._look(instrument, watch)
        return self._note_volatility(watch), watch.volatile_at

    def _restricted(self, instrument: str) -> Literal["", "soft", "hard"]:
        listed = self.state.safety.restrictions.get(instrument)
        if listed is None or self.prices.now < listed.since:
            return ""
        if listed.until is not None and self.prices.now >= listed.until:
            return ""
        return "hard" if listed.hard else "soft"

    def _recently_granted(self, instrument: str, since: int) -> tuple[GrantedOrder, ...]:
        granted = self._granted.get(instrument)
        while granted and granted[0][0] <= since:
            granted.popleft()
        return tuple(order for _, order in granted or ())


_SIDES: tuple[Side, Side] = ("buy", "sell")


def _forget(times: deque[int], since: int) -> None:
    while times and times[0] <= since:
        times.popleft()
