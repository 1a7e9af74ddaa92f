"""Venues as they happen: their clients in a thread and an event loop of their own, as one source of ticks."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

import uvloop
from msgspec import structs

from feeds.backlog import Backlog
from feeds.connecting import Backoff
from feeds.intake import Counts, Item, RefusedFrame
from feeds.recorder import Recorder
from feeds.source import Clock, Figures
from feeds.venue import Venue
from market.domain.listing import Listing
from streams.messages import BookSnapshot, ChangeFeedSource, Depth, Quote, Source, Trade
from streams.stopping import Stop

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

LARGEST_BATCH = 200  # some 5 ms to publish; larger ones are no faster
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
STEADY_S = 60.0  # a client that ran for so long was a good one, and is started again soon
ANSWER_WITHIN_S = 2.0
END_WITHIN_S = 5.0
TICKS = frozenset({Trade, Quote, Depth, BookSnapshot})
ADDED_UP = frozenset({"connections", "refilling"})


class Inlet:
    """The `Sink` of the clients, in the thread of their loop. What goes through never goes back in market time: a
    trade that was refilled late has the time at which it could be told."""

    def __init__(self, backlog: Backlog, recorder: Recorder | None) -> None:
        self._backlog = backlog
        self._recorder = recorder
        self._market_at = 0
        self._listed: dict[tuple[str, str], Listing] = {}
        self._turn = threading.Lock()

    def items(self, items: Sequence[Item]) -> None:
        self._backlog.append(items if self._are_in_time(items) else [self._in_time(item) for item in items])

    def listings(self, listings: Sequence[Listing]) -> None:
        with self._turn:
            self._listed.update({(listing.venue, listing.symbol): listing for listing in listings})

    def raw(self, venue: str, at: int, frame: bytes) -> None:
        if self._recorder is not None:
            self._recorder.take(venue, at, frame)

    def take_listings(self) -> list[Listing]:
        """The newest of each instrument since the last call; for any thread."""
        with self._turn:
            listed, self._listed = self._listed, {}
        return list(listed.values())

    def _are_in_time(self, items: Sequence[Item]) -> bool:
        """Whether they go as they are: ticks, as nearly always, none of them earlier than what was before."""
        market_at = self._market_at
        for item in items:
            if type(item) not in TICKS or item.market_at < market_at:  # type: ignore[union-attr]
                return False
            market_at = item.market_at  # type: ignore[union-attr]
        self._market_at = market_at
        return True

    def _in_time(self, item: Item) -> Item:
        if isinstance(item, RefusedFrame | ChangeFeedSource):
            return item
        if item.market_at < self._market_at:
            return structs.replace(item, market_at=self._market_at)
        self._market_at = item.market_at
        return item


class Live:
    """A `TickSource` over venues. Their clients are asked and told in their loop's thread only. A client whose task
    ends by itself is started again after a pause that grows; the others go on meanwhile."""

    def __init__(
        self,
        venues: Sequence[Venue],
        *,
        recorder: Recorder | None = None,
        backlog: Backlog | None = None,
        clock: Clock = time.time_ns,
        random: Random | None = None,
    ) -> None:
        self.ended = False
        self.throttled = False
        self.source: Source = "live"
        self._venues = tuple(venues)
        self._recorder = recorder
        self._backlog = Backlog(clock=clock) if backlog is None else backlog
        self._inlet = Inlet(self._backlog, recorder)
        self._random = random or Random()
        self._own = Counts()
        self._counts = Counts()
        self._figures: Figures = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)

    @property
    def mode(self) -> str:
        return f"live {' + '.join(venue.name for venue in self._venues)}"

    @property
    def counts(self) -> Counts:
        """The clients' and those of the hand-over; the last known ones while the loop is too busy to answer."""
        self._counts = self._asked(self._summed, self._counts)
        return self._counts

    @property
    def figures(self) -> Figures:
        self._figures = self._asked(self._merged, self._figures)
        return self._figures

    def start(self) -> Live:
        self._thread.start()
        self._begun.wait(END_WITHIN_S)
        return self

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        return self._backlog.take(LARGEST_BATCH, 0.0 if stop else timeout_s)

    def listings(self) -> Sequence[Listing]:
        return self._inlet.take_listings()

    def want_snapshot(self, instrument: str) -> bool:
        return self._asked(lambda: any(venue.want_snapshot(instrument) for venue in self._venues), False)

    def paused(self, nanoseconds: int) -> None:
        """Nothing to do: a venue does not wait."""

    def close(self) -> None:
        """Ends every connection, then the recording."""
        self.ended = True
        if self._thread.is_alive():
            self._asked(self._cancel, None)
            self._thread.join(END_WITHIN_S)
            if self._thread.is_alive():
                log.error("the clients of %s did not end within %.0f s", self.mode, END_WITHIN_S)
        if self._recorder is not None:
            self._recorder.close()

    def _asked(self, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        """What `question` gives in the thread of the loop; `otherwise` where there is no answer in time."""
        loop = self._loop
        if loop is None:
            return question()
        answer: concurrent.futures.Future[Answer] = concurrent.futures.Future()
        try:
            loop.call_soon_threadsafe(_reply, answer, question, otherwise)
            return answer.result(ANSWER_WITHIN_S)
        except RuntimeError:  # the loop has ended meanwhile, and nobody else asks its clients
            return question()
        except TimeoutError:
            log.warning("the clients of %s do not answer within %.0f s", self.mode, ANSWER_WITHIN_S)
            return otherwise

    # --- in the thread of the loop --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                self._loop = runner.get_loop()
                runner.run(self._keep_all())
        finally:
            self._loop = None
            self._begun.set()

    async def _keep_all(self) -> None:
        self._tasks = [asyncio.create_task(self._keep(venue), name=venue.name) for venue in self._venues]
        self._begun.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _keep(self, venue: Venue) -> None:
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S, self._random)
        while True:
            began = time.monotonic()
            try:
                await venue.run(self._inlet)
                log.error("the client of %s has ended by itself", venue.name)
            except Exception:
                log.exception("the client of %s has died", venue.name)
            self._own.events["crashes"] += 1
            if time.monotonic() - began >= STEADY_S:
                backoff.reset()
            pause = backoff.next_pause()
            log.warning("the client of %s is started again in %.1f s", venue.name, pause)
            await asyncio.sleep(pause)

    def _summed(self) -> Counts:
        total = Counts()
        total.events.update(self._own.events)
        total.events.update(self._backlog.counts)
        for venue in self._venues:
            total = total.plus(venue.counts)
        return total

    def _merged(self) -> Figures:
        """Of one venue as they are; of several also each one's own, as `<venue>.<name>`."""
        figures: dict[str, float | str] = {"waiting": len(self._backlog)}
        for venue in self._venues:
            for name, value in venue.figures.items():
                figures[name] = _together(name, figures.get(name), value)
                if len(self._venues) > 1:
                    figures[f"{venue.name}.{name}"] = value
        return figures | dict(self._recorder.figures if self._recorder else {})


def _reply(answer: concurrent.futures.Future[Answer], question: Callable[[], Answer], otherwise: Answer) -> None:
    try:
        result = question()
    except Exception:
        log.exception("a client could not be asked")
        result = otherwise
    answer.set_result(result)


def _together(name: str, known: float | str | None, value: float | str) -> float | str:
    """Numbers of connections add up; of lags and offsets the worst counts; texts stand side by side."""
    if known is None:
        return value
    if isinstance(known, str) or isinstance(value, str):
        return f"{known}, {value}"
    return known + value if name in ADDED_UP else max(known, value, key=abs)
