"""An invented market in which being right pays: seeded, correlated, with regimes, jumps and outliers; pure.

All instruments follow one factor (volatility 1 bp per √s, times the instrument's beta) and a noise of their own. The
factor lives through regimes of 60 s and more, 150 s in the mean, drawn in equal parts:

- trend: it drifts by 0.16 bp/s up or down, 0.9 of its deviation over 30 s. Who follows the moves of the last 5 s is
  right about them 30 s later in 60 of 100 cases, who follows those of the last 30 s in 65, after 0.4 bp and the spread.
- reversion: it is pulled to where it was when the regime began, with a time constant of 12 s. Who bets against a move
  away from the average of 20 s is right in 70 of 100 cases; who follows moves, in 25 to 35.
- calm: a random walk; nothing pays.

A jump of 6 to 15 bp comes every 3 minutes in the mean, to the factor or to one instrument; half of it decays within
10 s. It brings stress, which halves every 5 s and widens spreads, quickens arrivals and swells trades. One trade in 250
is an outlier of 25 times the size. Order flow leans to where the price is drawn to. About 72 ticks a second.

What a scenario adds (moods, bursts, lulls, pauses, crashes, order books) draws from a source of chance of its own, so
that the default market is the same with and without this code.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from random import Random

from feeds.synthetic.crash import Crash
from feeds.synthetic.ladder import Ladder, Sizes
from feeds.synthetic.listings import BP, LISTINGS, Listing
from feeds.synthetic.scenario import SCENARIOS, RegimeName, Scenario
from feeds.synthetic.tempo import Closures, Moods, Tempo
from streams.messages import BookSnapshot, Depth, Quote, Trade

VOLATILITY = 1.0 * BP
DRIFT = 0.16 * BP
PULL_S = 12.0
REVERSION_VOLATILITY = 1.6 * BP
REGIME_LEAST_S, REGIME_MEAN_S = 60.0, 150.0
JUMP_DECAY_S = 10.0
STRESS_DECAY_S = 7.2
OUTLIER_SHARE, OUTLIER_TIMES = 1 / 250, 25.0
VENUE = "synthetic"
Levels = tuple[tuple[Decimal, Decimal], ...]


class _Instrument:
    """Where an instrument is: in logs, against its first price."""

    def __init__(self, number: int, listing: Listing, ladder: Ladder | None) -> None:
        self.number = number
        self.listing = listing
        self.ladder = ladder
        self.walk = 0.0
        self.transient = 0.0
        self.seen_s = 0.0
        self.quotes = 0
        self.trades = 0
        self.bid = self.ask = 0


class SyntheticMarket:
    """Iterate it for ticks without end. The same seed and scenario give the same ones, whenever they begin."""

    def __init__(
        self,
        seed: int,
        start_ns: int,
        listings: Sequence[Listing] = LISTINGS,
        scenario: Scenario = SCENARIOS["default"],
    ) -> None:
        self._random = Random(seed)
        self._chance = Random(f"{seed}: what a scenario adds")
        self._start_ns = start_ns
        self._scenario = scenario
        self._instruments = [_Instrument(n, listing, self._ladder(listing)) for n, listing in enumerate(listings)]
        rates = [rate for listing in listings for rate in (listing.quotes_per_s, listing.trades_per_s)]
        self._thresholds = list(accumulate(rates))
        self._tempo = Tempo(self._chance, scenario)
        self._moods = Moods(self._chance, scenario.moods)
        self._closures = Closures(self._chance, scenario.pauses) if scenario.pauses else None
        self._next_crash_s = scenario.crashes.first_s if scenario.crashes else math.inf
        self.crash: Crash | None = None
        self.mood = self._moods.mood
        self.now_s = 0.0
        self.factor = 0.0
        self.stress = 0.0
        self._begin_regime()

    def __iter__(self) -> Iterator[Quote | Trade | Depth | BookSnapshot]:
        for instrument in self._instruments:
            quote = self._quote(instrument)
            yield quote
            if instrument.ladder is not None:
                yield self._snapshot(instrument, instrument.ladder, quote)
        while True:
            self._pass_time()
            drawn = bisect(self._thresholds, self._random.random() * self._thresholds[-1])
            instrument = self._instruments[drawn // 2]
            self._move(instrument)
            if drawn % 2:
                yield self._trade(instrument)
                continue
            quote = self._quote(instrument)
            yield quote
            if instrument.ladder is not None and self.now_s >= instrument.ladder.due_s:
                yield self._depth(instrument, instrument.ladder, quote)

    def pull(self) -> float:
        """What the factor is expected to do, per second."""
        if self.regime == "trend":
            return self.direction * DRIFT
        if self.regime == "reversion":
            return (self._anchor - self.factor) / PULL_S
        return 0.0

    # --- time -------------------------------------------------------------------------------------

    def _begin_regime(self) -> None:
        self.regime: RegimeName = self._random.choice(self._scenario.regimes)
        self.direction = self._random.choice((1, -1))
        self._anchor = self.factor
        stay = self._random.expovariate(1 / (REGIME_MEAN_S - REGIME_LEAST_S))
        self._regime_until = self.now_s + REGIME_LEAST_S + stay

    def _pass_time(self) -> None:
        random = self._random
        step = random.expovariate(self._arrivals())
        self.now_s += step
        self.stress *= math.exp(-step / STRESS_DECAY_S)
        volatility = REVERSION_VOLATILITY if self.regime == "reversion" else VOLATILITY
        volatility *= self._wildness()
        self.factor += self.pull() * step + volatility * math.sqrt(step) * random.gauss(0.0, 1.0)
        if self.now_s >= self._regime_until:
            self._begin_regime()
        jump_every_s = self._scenario.jump_every_s
        if jump_every_s and random.random() < step / jump_every_s:
            self._jump()
        self._add_scenario()

    def _arrivals(self) -> float:
        """Ticks a second."""
        usual = self._thresholds[-1]
        rate = max(usual * (1.0 + 2.0 * self.stress) * self._tempo.share(self.now_s), self._tempo.burst(self.now_s))
        return rate if self.crash is None else max(rate, self.crash.rush_per_s, usual * self.crash.arrivals)

    def _wildness(self) -> float:
        """How many times the usual volatility there is."""
        return self.mood.times if self.crash is None else self.mood.times * self.crash.volatility

    def _jump(self) -> None:
        random = self._random
        size = random.choice((1, -1)) * random.uniform(6.0, 15.0) * BP
        hit = self._instruments if random.random() < 0.5 else [random.choice(self._instruments)]
        for instrument in hit:
            instrument.walk += size / 2 * instrument.listing.beta
            instrument.transient += size / 2 * instrument.listing.beta
        self.stress = 1.0

    def _add_scenario(self) -> None:
        if self._closures is not None and (reopening := self._closures.reopening(self.now_s)):
            self.now_s, gap = reopening
            self.factor += gap
            self._anchor += gap
        self.mood = self._moods.advance(self.now_s)
        if self.crash is not None and self.crash.over(self.now_s):
            self._end_crash(self.crash)
        if self.crash is None and self.now_s >= self._next_crash_s:
            self._begin_crash()
        if self.crash is not None:
            self.crash.advance(self.now_s)

    def _begin_crash(self) -> None:
        crashes = self._scenario.crashes
        assert crashes is not None
        self.crash = Crash(self._chance, crashes, len(self._instruments), self.now_s)

    def _end_crash(self, crash: Crash) -> None:
        """What was lost for good is where the instruments are now."""
        for instrument in self._instruments:
            instrument.walk += crash.moved(instrument.number, self.now_s)
        self._next_crash_s = self.now_s + crash.quiet_s
        self.crash = None

    # --- ticks ------------------------------------------------------------------------------------

    def _move(self, instrument: _Instrument) -> None:
        step = self.now_s - instrument.seen_s
        instrument.seen_s = self.now_s
        noise = instrument.listing.noise * self._wildness()
        instrument.walk += noise * math.sqrt(step) * self._random.gauss(0.0, 1.0)
        instrument.transient *= math.exp(-step / JUMP_DECAY_S)

    def _lean(self) -> float:
        """From −1 to 1: how much more buyers want than sellers."""
        return math.tanh(self.pull() / DRIFT * 0.6)

    def _quote(self, instrument: _Instrument) -> Quote:
        listing, random, crash = instrument.listing, self._random, self.crash
        moved = instrument.walk + instrument.transient + listing.beta * self.factor
        widening, size = 1.0 + 6.0 * self.stress, 4.0
        if crash is not None:
            moved += crash.moved(instrument.number, self.now_s)
            widening = max(widening, crash.spread)
            size *= crash.on_offer
        spread = listing.spread * (0.5 + random.random()) * widening
        price = listing.price * math.exp(moved)
        scale = 10**listing.price_decimals
        instrument.bid = max(1, math.floor(price * (1.0 - spread / 2) * scale))
        instrument.ask = max(instrument.bid + 1, math.ceil(price * (1.0 + spread / 2) * scale))
        instrument.quotes += 1
        lean = self._lean()
        at = self._at()
        return Quote(
            instrument=listing.symbol,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=VENUE,
            source="synthetic",
            update_id=instrument.quotes,
            bid=_decimal(instrument.bid, listing.price_decimals),
            bid_size=self._size(listing, size * (1.0 + 0.5 * lean)),
            ask=_decimal(instrument.ask, listing.price_decimals),
            ask_size=self._size(listing, size * (1.0 - 0.5 * lean)),
        )

    def _trade(self, instrument: _Instrument) -> Trade:
        listing, random, crash = instrument.listing, self._random, self.crash
        buys = random.random() < 0.5 + (crash.lean if crash else 0.25 * self._lean())
        times = OUTLIER_TIMES if random.random() < OUTLIER_SHARE else 1.0 + 4.0 * self.stress
        if crash is not None:
            times *= crash.traded
        instrument.trades += 1
        at = self._at()
        return Trade(
            instrument=listing.symbol,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=VENUE,
            source="synthetic",
            trade_id=instrument.trades,
            price=_decimal(instrument.ask if buys else instrument.bid, listing.price_decimals),
            quantity=self._size(listing, times),
            aggressor="buy" if buys else "sell",
        )

    def _size(self, listing: Listing, times: float) -> Decimal:
        return _decimal(_units(self._random, listing, times), listing.quantity_decimals)

    # --- order books ------------------------------------------------------------------------------

    def _ladder(self, listing: Listing) -> Ladder | None:
        levels = self._scenario.levels
        return Ladder(self._chance, levels, listing.price * 10**listing.price_decimals) if levels else None

    def _snapshot(self, instrument: _Instrument, ladder: Ladder, quote: Quote) -> BookSnapshot:
        listing, at = instrument.listing, quote.market_at
        self._update(instrument, ladder, quote)
        return BookSnapshot(
            instrument=listing.symbol,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=VENUE,
            source="synthetic",
            last_id=ladder.last_id,
            bids=_levels(listing, dict(sorted(ladder.bids.items(), reverse=True))),
            asks=_levels(listing, dict(sorted(ladder.asks.items()))),
        )

    def _depth(self, instrument: _Instrument, ladder: Ladder, quote: Quote) -> Depth:
        listing, at = instrument.listing, quote.market_at
        first_id = ladder.last_id + 1
        bids, asks = self._update(instrument, ladder, quote)
        return Depth(
            instrument=listing.symbol,
            market_at=at,
            received_at=at,
            event_at=at,
            venue=VENUE,
            source="synthetic",
            first_id=first_id,
            last_id=ladder.last_id,
            bids=_levels(listing, bids),
            asks=_levels(listing, asks),
        )

    def _update(self, instrument: _Instrument, ladder: Ladder, quote: Quote) -> tuple[Sizes, Sizes]:
        listing, crash = instrument.listing, self.crash
        scale = 10**listing.quantity_decimals
        best = (instrument.bid, int(quote.bid_size * scale), instrument.ask, int(quote.ask_size * scale))
        on_offer = 8.0 * (crash.on_offer if crash else 1.0)
        touched = crash.intensity if crash else 0.0
        return ladder.update(best, touched, lambda: _units(self._chance, listing, on_offer), self.now_s)

    def _at(self) -> int:
        return self._start_ns + int(self.now_s * 1e9)


def _units(random: Random, listing: Listing, times: float) -> int:
    notional = listing.notional * times * random.lognormvariate(0.0, 0.9)
    units: int = round(notional / listing.price * 10**listing.quantity_decimals)
    return max(1, units)


def _levels(listing: Listing, sizes: Sizes) -> Levels:
    return tuple(
        (_decimal(price, listing.price_decimals), _decimal(size, listing.quantity_decimals))
        for price, size in sizes.items()
    )


def _decimal(units: int, decimals: int) -> Decimal:
    return Decimal(units).scaleb(-decimals)
