"""From recordings to ticks: several files merged by receive time, read once, in constant memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, time
from itertools import dropwhile
from pathlib import Path

from msgspec import Struct

from feeds.intake import Counts, Item, RefusedFrame
from feeds.recordings.door import Doors
from feeds.recordings.entries import Flaw, Row
from feeds.recordings.formats import recordings_in
from feeds.recordings.lines import expand
from feeds.recordings.mended import in_time
from feeds.recordings.opening import Progress, Unreadable
from feeds.recordings.ordering import Run, merged
from streams.messages import Quote, Source, Trade

SCANNED_LINES = 5_000


class Seen(Struct, frozen=True):
    """An instrument that a recording holds: decimals in use, and its last price."""

    symbol: str
    price_decimals: int
    quantity_decimals: int
    price: str


def read_ticks(
    paths: Iterable[str | Path],
    counts: Counts | None = None,
    *,
    source: Source = "replay",
    symbols: Collection[str] = (),
    levels: bool = True,
    start: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Item]:
    """Trades, quotes and depth of all files in the order in which they were received, `received_at` = `market_at`.

    Where ids are missing a `ReportFeedGap` comes before the tick that showed it, and a `RefusedFrame` comes in place of
    what cannot be taken. Without `levels` the `Depth` ticks have ids and times only, and reading takes half the time.
    What was received before `start` (ns) is left out, and where the ids begin then is no gap.
    Raises `Unreadable` before the first item, and nothing afterwards."""
    runs = runs_of(paths, source, progress)
    doors = Doors(source, counts or Counts(), symbols=symbols, levels=levels)
    ticks = _ticks(runs, doors, start or 0)
    return in_time(ticks) if any(run.format.own for run in runs) else ticks


def _ticks(runs: list[Run], doors: Doors, start: int) -> Iterator[Item]:
    takes = [doors.taking(run.format) for run in runs]
    judges = [doors.judging(run.format) for run in runs]
    now = 0
    entries = merged(runs)
    for at, index, number, payload in dropwhile(lambda entry: entry[0] < start, entries) if start else entries:
        if at > now:
            now = at
        if type(payload) is bytes:
            items = takes[index](payload, now, now)
        elif type(payload) is Row:
            items = judges[index](payload, now)
        else:
            assert isinstance(payload, Flaw)
            items = doors.refuse(payload, runs[index].format, now)
        for item in items:
            if type(item) is RefusedFrame:
                item.origin = f"{runs[index].member.origin}:{number}"
            yield item
    yield from doors.give_up()


def runs_of(paths: Iterable[str | Path], source: Source = "replay", progress: Progress | None = None) -> list[Run]:
    """By their first times, then by name: in which order they were named does not matter. Raises `Unreadable`."""
    found = [readable for path in expand(paths) for readable in recordings_in(path, source)]
    if progress is not None:
        progress.begin([member for member, _ in found])
    runs = sorted((Run(member, form) for member, form in found), key=lambda run: (run.first_at, run.member.origin))
    for index, run in enumerate(runs):
        run.index = index
        run.progress = progress
    return runs


def start_time(text: str, paths: Iterable[str | Path]) -> int:
    """The moment (ns) that an ISO time means, or `HH:MM`, `HH:MM:SS` on the recording's first day, UTC if it does not
    say. Raises `Unreadable`."""
    try:
        try:
            clock = time.fromisoformat(text)
        except ValueError:
            moment = datetime.fromisoformat(text)
        else:
            began = min(run.first_at for run in runs_of(paths))
            moment = datetime.combine(datetime.fromtimestamp(began // 1_000_000_000, UTC), clock)
    except ValueError as error:
        raise Unreadable(f"{text!r} is no time; it should be like 2024-08-08T23:55:00 or 23:55") from error
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(known.timestamp()) * 1_000_000_000 + known.microsecond * 1_000


def instruments(paths: Iterable[str | Path], *, lines: int = SCANNED_LINES) -> dict[str, Seen]:
    """The instruments in the first lines of each file, by symbol: as traded, or as quoted where nothing was traded
    yet. Raises `Unreadable`."""
    seen: dict[str, Seen] = {}
    for run in runs_of(paths):
        doors = Doors("replay", Counts(), levels=False)
        take, judge = doors.taking(run.format), doors.judging(run.format)
        for at, _, number, payload in run.entries():
            if number > lines:
                break
            if isinstance(payload, Flaw):
                continue
            for item in judge(payload, at) if isinstance(payload, Row) else take(payload, at, at):
                if isinstance(item, Trade) or (isinstance(item, Quote) and item.instrument not in seen):
                    seen[item.instrument] = _seen(item, seen.get(item.instrument))
    return dict(sorted(seen.items()))


def _seen(tick: Trade | Quote, before: Seen | None) -> Seen:
    price, quantity = (tick.price, tick.quantity) if isinstance(tick, Trade) else (tick.bid, tick.bid_size)
    return Seen(
        tick.instrument,
        max(before.price_decimals if before else 0, decimals(str(price))),
        max(before.quantity_decimals if before else 0, decimals(str(quantity))),
        str(price),
    )


def decimals(number: str) -> int:
    """Digits behind the point that are not just trailing zeros."""
    return len(number.partition(".")[2].rstrip("0"))
