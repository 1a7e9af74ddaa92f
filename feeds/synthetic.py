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
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Literal

from msgspec import Struct

from streams.messages import Quote, Trade

BP = 1e-4
VOLATILITY = 1.0 * BP
DRIFT = 0.16 * BP
PULL_S = 12.0
REVERSION_VOLATILITY = 1.6 * BP
REGIME_LEAST_S, REGIME_MEAN_S = 60.0, 150.0
JUMP_EVERY_S = 180.0
JUMP_DECAY_S = 10.0
STRESS_DECAY_S = 7.2
OUTLIER_SHARE, OUTLIER_TIMES = 1 / 250, 25.0
VENUE = "synthetic"

RegimeName = Literal["trend", "reversion", "calm"]
REGIMES: tuple[RegimeName, ...] = ("trend", "reversion", "calm")


class Listing(Struct, frozen=True, kw_only=True):
    """What an instrument is like; `noise` is its own volatility per √s, `notional` the median trade in quote."""

    symbol: str
    price: float
    price_decimals: int
    quantity_decimals: int
    beta: float
    noise: float
    spread: float
    quotes_per_s: float
    trades_per_s: float
    notional: float


LISTINGS = (
    Listing(
        symbol="BTCUSDT",
        price=61_000.0,
        price_decimals=2,
        quantity_decimals=5,
        beta=1.0,
        noise=0.3 * BP,
        spread=0.03 * BP,
        quotes_per_s=24.0,
        trades_per_s=8.0,
        notional=900.0,
    ),
    Listing(
        symbol="ETHUSDT",
        price=2_650.0,
        price_decimals=2,
        quantity_decimals=4,
        beta=1.2,
        noise=0.4 * BP,
        spread=0.05 * BP,
        quotes_per_s=18.0,
        trades_per_s=6.0,
        notional=600.0,
    ),
    Listing(
        symbol="SOLUSDT",
        price=152.0,
        price_decimals=3,
        quantity_decimals=3,
        beta=1.5,
        noise=0.6 * BP,
        spread=0.15 * BP,
        quotes_per_s=12.0,
        trades_per_s=4.0,
        notional=350.0,
    ),
)


class _Instrument:
    """Where an instrument is: in logs, against its first price."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.walk = 0.0
        self.transient = 0.0
        self.seen_s = 0.0
        self.quotes = 0
        self.trades = 0
        self.bid = self.ask = 0


class SyntheticMarket:
    """Iterate it for ticks without end. The same seed gives the same ones, whenever they begin."""

    def __init__(self, seed: int, start_ns: int, listings: Sequence[Listing] = LISTINGS) -> None:
        self._random = Random(seed)
        self._start_ns = start_ns
        self._instruments = [_Instrument(listing) for listing in listings]
        rates = [rate for listing in listings for rate in (listing.quotes_per_s, listing.trades_per_s)]
        self._thresholds = list(accumulate(rates))
        self.now_s = 0.0
        self.factor = 0.0
        self.stress = 0.0
        self._begin_regime()

    def __iter__(self) -> Iterator[Quote | Trade]:
        for instrument in self._instruments:
            yield self._quote(instrument)
        while True:
            self._pass_time()
            drawn = bisect(self._thresholds, self._random.random() * self._thresholds[-1])
            instrument = self._instruments[drawn // 2]
            self._move(instrument)
            yield self._trade(instrument) if drawn % 2 else self._quote(instrument)

    def _begin_regime(self) -> None:
        self.regime: RegimeName = self._random.choice(REGIMES)
        self.direction = self._random.choice((1, -1))
        self._anchor = self.factor
        stay = self._random.expovariate(1 / (REGIME_MEAN_S - REGIME_LEAST_S))
        self._regime_until = self.now_s + REGIME_LEAST_S + stay

    def _pass_time(self) -> None:
        random = self._random
        step = random.expovariate(self._thresholds[-1] * (1.0 + 2.0 * self.stress))
        self.now_s += step
        self.stress *= math.exp(-step / STRESS_DECAY_S)
        volatility = REVERSION_VOLATILITY if self.regime == "reversion" else VOLATILITY
        self.factor += self.pull() * step + volatility * math.sqrt(step) * random.gauss(0.0, 1.0)
        if self.now_s >= self._regime_until:
            self._begin_regime()
        if random.random() < step / JUMP_EVERY_S:
            self._jump()

    def pull(self) -> float:
        """What the factor is expected to do, per second."""
        if self.regime == "trend":
            return self.direction * DRIFT
        if self.regime == "reversion":
            return (self._anchor - self.factor) / PULL_S
        return 0.0

    def _jump(self) -> None:
        random = self._random
        size = random.choice((1, -1)) * random.uniform(6.0, 15.0) * BP
        hit = self._instruments if random.random() < 0.5 else [random.choice(self._instruments)]
        for instrument in hit:
            instrument.walk += size / 2 * instrument.listing.beta
            instrument.transient += size / 2 * instrument.listing.beta
        self.stress = 1.0

    def _move(self, instrument: _Instrument) -> None:
        step = self.now_s - instrument.seen_s
        instrument.seen_s = self.now_s
        instrument.walk += instrument.listing.noise * math.sqrt(step) * self._random.gauss(0.0, 1.0)
        instrument.transient *= math.exp(-step / JUMP_DECAY_S)

    def _lean(self) -> float:
        """From −1 to 1: how much more buyers want than sellers."""
        return math.tanh(self.pull() / DRIFT * 0.6)

    def _quote(self, instrument: _Instrument) -> Quote:
        listing, random = instrument.listing, self._random
        price = listing.price * math.exp(instrument.walk + instrument.transient + listing.beta * self.factor)
        spread = listing.spread * (0.5 + random.random()) * (1.0 + 6.0 * self.stress)
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
            bid_size=self._size(listing, 4.0 * (1.0 + 0.5 * lean)),
            ask=_decimal(instrument.ask, listing.price_decimals),
            ask_size=self._size(listing, 4.0 * (1.0 - 0.5 * lean)),
        )

    def _trade(self, instrument: _Instrument) -> Trade:
        listing, random = instrument.listing, self._random
        buys = random.random() < 0.5 + 0.25 * self._lean()
        times = OUTLIER_TIMES if random.random() < OUTLIER_SHARE else 1.0 + 4.0 * self.stress
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
        notional = listing.notional * times * self._random.lognormvariate(0.0, 0.9)
        return _decimal(
            max(1, round(notional / listing.price * 10**listing.quantity_decimals)), listing.quantity_decimals
        )

    def _at(self) -> int:
        return self._start_ns + int(self.now_s * 1e9)


def _decimal(units: int, decimals: int) -> Decimal:
    return Decimal(units).scaleb(-decimals)
