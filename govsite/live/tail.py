"""The newest rows of the ledger as ready frames, read once for all clients of a process."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Any

import msgspec
import psycopg
from django.conf import settings
from django.db import connections

from govsite.live import presence
from streams.partitions import split, suffixed

BATCH = 500
LARGEST_FRAME = 256 * 1024
FRAMES_KEPT = 256
FRESH_MS = 2000
FILLS = ("OrderFilled", "OrderPartiallyFilled")
PUBLIC = frozenset(
    {
        *("DeliberationOpened", "ProposalAdmitted", "AmendmentOffered", "ProposalRefused", "ProposalTallied"),
        *("ProposalsArbitrated", "DecisionReached", "OrderAccepted", "OrderSent", "OrderWorking"),
        *("OrderPartiallyFilled", "OrderFilled", "OrderRejected", "OrderCancelled", "OrderExpired"),
        *("TradingHalted", "TradingReduced", "TradingResumed", "FeedSourceChanged"),
        *("BreakerWarned", "BreakerTripped", "BreakerCleared", "AlarmAcknowledged"),
    }
)
"""What decisions, orders, the mode of trading and alarms are told by; the rest is for who may explore the ledger."""
QUERY = """
SELECT position, event_id::text, (extract(epoch FROM recorded_at) * 1000)::bigint, aggregate, aggregate_id::text,
       version, event, book, actor, correlation_id, causation_id, payload::text
FROM ledger WHERE log = %s AND partition = %s AND position > %s ORDER BY position LIMIT %s
"""
NAMES = (
    *("position", "event_id", "at", "aggregate", "aggregate_id", "version"),
    *("event", "book", "actor", "correlation_id", "causation_id"),
)
EVENT, BOOK = NAMES.index("event"), NAMES.index("book")


class Received(msgspec.Struct):
    received_at: int


class View(msgspec.Struct, frozen=True):
    """Whose events a client is shown ("" is every book's), and whether all of them or the public ones."""

    book: str
    everything: bool


class Frame:
    """The rows up to `last` of a log. Each row is encoded once, and each view of them once. `whole`: no row that is
    committed later can belong to it."""

    def __init__(self, log: str, rows: list[tuple[Any, ...]], *, whole: bool) -> None:
        self.log = log
        self.whole = whole
        self._rows: list[tuple[str, str, bytes]] = []
        size = 0
        for row in rows:
            payload = msgspec.Raw(row[-1].encode())
            text = msgspec.json.encode({**dict(zip(NAMES, row, strict=False)), "payload": payload})
            size += len(text)
            if self._rows and size > LARGEST_FRAME:
                self.whole = True
                break
            self._rows.append((row[EVENT], row[BOOK] or "", text))
            self.last = int(row[0])
        self._texts: dict[View, str] = {}

    def text(self, view: View) -> str:
        """The message for clients of that view; "" if it is shown none of these rows."""
        if view not in self._texts:
            shown = [
                text
                for event, book, text in self._rows
                if (view.everything or event in PUBLIC) and (not view.book or not book or book == view.book)
            ]
            head = b'{"type":"event","log":"%s","position":%d,"payload":[' % (self.log.encode(), self.last)
            self._texts[view] = (head + b",".join(shown) + b"]}").decode() if shown else ""
        return self._texts[view]


class Tail:
    """One per event loop. Clients that stand at the same position get the same frame, encoded once."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._lock = asyncio.Lock()
        self._frames: OrderedDict[tuple[str, int], Frame] = OrderedDict()

    async def after(self, log: str, position: int, upto: int) -> Frame | None:
        """The next rows after `position`, at most 500; None where there are none. Raises psycopg.OperationalError."""
        async with self._lock:
            frame = self._frames.get((log, position))
            if frame is None or (frame.last < upto and not frame.whole):
                rows = await self._read(log, position)
                if not rows:
                    return None
                _observe(rows)
                frame = Frame(log, rows, whole=len(rows) == BATCH)
                self._keep((log, position), frame)
            return frame

    async def heads(self) -> dict[str, int]:
        """Where the logs end."""
        async with self._lock:
            cursor = await (await self._connected()).execute("SELECT log, partition, position FROM head")
            return {suffixed(log, partition): position for log, partition, position in await cursor.fetchall()}

    async def _read(self, log: str, position: int) -> list[tuple[Any, ...]]:
        cursor = await (await self._connected()).execute(QUERY, (*split(log), position, BATCH), prepare=True)
        return await cursor.fetchall()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                conninfo(), autocommit=True, application_name="live tail", connect_timeout=5
            )
        return self._connection

    def _keep(self, key: tuple[str, int], frame: Frame) -> None:
        self._frames[key] = frame
        while len(self._frames) > FRAMES_KEPT:
            self._frames.popitem(last=False)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def conninfo() -> str:
    """Where Django's own database is; a test's is another than the settings' URL says."""
    known = connections["default"].settings_dict
    return psycopg.conninfo.make_conninfo(settings.DATABASE_URL, dbname=known["NAME"])


def _observe(rows: list[tuple[Any, ...]]) -> None:
    """How long it took from the tick to here, for fills that are new; what is read again says nothing of that."""
    now = time.time_ns()
    for row in rows:
        if row[NAMES.index("event")] in FILLS and now // 1_000_000 - row[NAMES.index("at")] < FRESH_MS:
            presence.observe("display", now - msgspec.json.decode(row[-1], type=Received).received_at)


_tails: dict[asyncio.AbstractEventLoop, Tail] = {}


def tail() -> Tail:
    """The tail of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _tails:
        for other in [known for known in _tails if known.is_closed()]:
            del _tails[other]
        _tails[loop] = Tail()
    return _tails[loop]
