"""The doors of recordings: what a venue's intake takes, and rows of tables beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from msgspec import structs

from feeds.alpaca.intake import AlpacaIntake
from feeds.binance.frames import RefusedTrade
from feeds.intake import Counts, Intake, Item
from feeds.recordings.aggressor import TickTest
from feeds.recordings.entries import Flaw, Format, Row
from feeds.recordings.mended import Mended
from streams.envelope import Refused
from streams.messages import Quote, Source, Trade

Take = Callable[[bytes, int, int], Sequence[Item]]
Judge = Callable[[Row, int], Sequence[Item]]


class Door(Intake):
    """One venue's: ids go on from one file to the next, whatever the formats are, so that no gap is seen where there
    is none, and what two files have in common counts once."""

    def __init__(
        self, source: Source, venue: str, counts: Counts, *, symbols: Collection[str] = (), levels: bool = True
    ) -> None:
        super().__init__(source, symbols=symbols, counts=counts, levels=levels, venue=venue)
        self._running: Counter[tuple[str, str]] = Counter()
        self._sides = TickTest()

    def judge(self, row: Row, now: int) -> Sequence[Item]:
        """What a row amounts to. Rows without ids of the venue are numbered as they come."""
        tick = row.tick
        self.counts.frames += 1
        if tick is None:
            return self._leave_out("not_market")
        if not self._wants(tick.instrument):
            return self._leave_out("symbol")
        if not row.sided and isinstance(tick, Trade):
            tick = structs.replace(tick, aggressor=self._sides.of(tick.instrument, tick.price))
        if not row.numbered:
            return (self._counted(self._numbered(tick, now)),)
        if tick.market_at != now:
            tick = structs.replace(tick, market_at=now, received_at=now)
        return self._judge(row.kind, tick, row.raw, "", now)

    def refuse_line(self, flaw: Flaw, now: int) -> Sequence[Item]:
        self.counts.frames += 1
        refusal = Refused(flaw.code, flaw.detail)
        if flaw.trade is not None and self._wants(flaw.trade[1]):
            kind, instrument, id = flaw.trade
            refusal = RefusedTrade(flaw.code, flaw.detail, kind=kind, instrument=instrument, id=id)
        return self._refused(refusal, flaw.raw, "", now)

    def _numbered(self, tick: Trade | Quote, now: int) -> Trade | Quote:
        key = (tick.instrument, type(tick).__name__)
        self._running[key] = id = self._running[key] + 1
        if isinstance(tick, Quote):
            return structs.replace(tick, market_at=now, received_at=now, update_id=id)
        return structs.replace(tick, market_at=now, received_at=now, trade_id=id)


class Doors:
    """The doors of all venues: two venues may use the same ids for different things."""

    def __init__(self, source: Source, counts: Counts, *, symbols: Collection[str] = (), levels: bool = True) -> None:
        self._source: Source = source
        self._counts = counts
        self._symbols = symbols
        self._levels = levels
        self._doors: dict[str, Door] = {}
        self._mended: dict[str, Mended] = {}
        self._stocks: dict[str, AlpacaIntake] = {}

    def taking(self, form: Format) -> Take:
        """What takes the frames of a recording."""
        venue = form.venue
        if not venue.startswith("alpaca"):
            return self._mended_door(venue).take if form.own else self._door(venue).take
        if venue not in self._stocks:
            self._stocks[venue] = AlpacaIntake(self._source, venue=venue, counts=self._counts, symbols=self._symbols)
        return self._stocks[venue].take

    def judging(self, form: Format) -> Judge:
        """What judges the rows of a recording."""
        return self._door(form.venue).judge

    def refuse(self, flaw: Flaw, form: Format, now: int) -> Sequence[Item]:
        return self._door(form.venue).refuse_line(flaw, now)

    def give_up(self) -> Sequence[Item]:
        """What still waits in any of them when nothing more comes."""
        return [item for door in self._mended.values() for item in door.give_up()]

    def _mended_door(self, venue: str) -> Mended:
        if venue not in self._mended:
            self._mended[venue] = Mended(self._door(venue))
        return self._mended[venue]

    def _door(self, venue: str) -> Door:
        if venue not in self._doors:
            self._doors[venue] = Door(self._source, venue, self._counts, symbols=self._symbols, levels=self._levels)
        return self._doors[venue]
