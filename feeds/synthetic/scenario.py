"""What kind of market is invented: scenarios, and the parts that they are put together from. All times in seconds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

RegimeName = Literal["trend", "reversion", "calm"]
REGIMES: tuple[RegimeName, ...] = ("trend", "reversion", "calm")
Range = tuple[float, float]


class Mood(Struct, frozen=True):
    """A regime of volatility: `times` the usual one, for `mean_s` in the mean and 30 s at least."""

    name: str
    times: float
    mean_s: float


class Bursts(Struct, frozen=True, kw_only=True):
    """Stretches with so many `ticks_per_s`, `every_s` in the mean."""

    every_s: float = 30.0
    lasts_s: Range = (1.0, 4.0)
    ticks_per_s: Range = (1_000.0, 3_000.0)


class Lulls(Struct, frozen=True, kw_only=True):
    """Stretches with `share` of the usual arrivals, `every_s` in the mean."""

    every_s: float = 90.0
    lasts_s: Range = (5.0, 20.0)
    share: float = 0.1


class Pauses(Struct, frozen=True, kw_only=True):
    """The market closes for `lasts_s` after every `open_s`, and opens elsewhere: `gap` is the deviation of the move."""

    open_s: float = 900.0
    lasts_s: float = 30.0
    gap: float = 20e-4


class Crashes(Struct, frozen=True, kw_only=True):
    """Flash crashes, the first after `first_s`, each other `every_s` in the mean after the one before is over, and half
    as long at least. Each falls by `depth` within `falls_s`, while spreads are `widening` times the usual, the quantity
    on offer goes down to `left`, and in rushes there are `rush_per_s` ticks a second; then `recovery` of the fall comes
    back with the time constant `recovery_s`."""

    first_s: float = 120.0
    every_s: float = 1_200.0
    falls_s: Range = (30.0, 60.0)
    depth: Range = (0.05, 0.10)
    widening: Range = (10.0, 50.0)
    left: float = 0.05
    rush_per_s: Range = (1_000.0, 3_000.0)
    recovery: Range = (0.3, 0.7)
    recovery_s: Range = (60.0, 120.0)


class Scenario(Struct, frozen=True, kw_only=True):
    """`summary` is for people. Without `jump_every_s` there are no jumps; `levels` is the depth of the order books a
    side, 0 for a market without them."""

    summary: str
    regimes: tuple[RegimeName, ...] = REGIMES
    moods: tuple[Mood, ...] = (Mood("usual", 1.0, 0.0),)
    jump_every_s: float = 180.0
    bursts: Bursts | None = None
    lulls: Lulls | None = None
    pauses: Pauses | None = None
    crashes: Crashes | None = None
    levels: int = 0


MOODS = (Mood("quiet", 0.5, 240.0), Mood("usual", 1.0, 240.0), Mood("wild", 2.5, 90.0))

SCENARIOS: dict[str, Scenario] = {
    "default": Scenario(summary="regimes and jumps; what the demo agents are made for"),
    "calm": Scenario(
        summary="a random walk at half the volatility, without jumps, with lulls: nothing pays",
        regimes=("calm",),
        moods=(Mood("quiet", 0.5, 0.0),),
        jump_every_s=0.0,
        lulls=Lulls(),
    ),
    "flash-crash": Scenario(
        summary="as default, with regimes of volatility, order books, and a flash crash after two minutes",
        moods=MOODS,
        crashes=Crashes(),
        levels=20,
    ),
    "bursts": Scenario(
        summary="as default, with bursts of 1,000 to 3,000 ticks a second, and lulls", bursts=Bursts(), lulls=Lulls()
    ),
    "stress": Scenario(
        summary="everything at once: crashes, bursts, lulls, many jumps, and the market closes every 15 min",
        moods=MOODS,
        jump_every_s=60.0,
        bursts=Bursts(),
        lulls=Lulls(),
        pauses=Pauses(),
        crashes=Crashes(every_s=600.0),
        levels=20,
    ),
}
