"""Outcomes: what the market made of every question of a bucket, sent to the governor when its horizon has passed."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, cast

import psycopg
import redis

from governance.domain.scoreboard import SCORER
from governance.domain.scoring import FOLDS, LATEST_NS, NS_PER_S, Pending, due_at
from govsite.scorer import outcomes_of, parts_of
from ledger.reader import COLUMNS, recorded
from ledger.records import RecordedEvent
from ledger.session import Row, Session
from market.domain.terms import with_term
from market.marks import Connection, first_after, market_clock
from streams.client import COMMANDS, Streams
from streams.envelope import Envelope, derived_id
from streams.events import (
    TOPICS,
    BookFounded,
    BookTerms,
    CouncilScored,
    DeliberationClosed,
    DeliberationOpened,
    Event,
    OutcomesRecorded,
    ProposalAdmitted,
    TermChanged,
    aggregate_id,
)
from streams.partitions import suffixed

log = logging.getLogger(__name__)

LOST = (psycopg.OperationalError, psycopg.InterfaceError, redis.RedisError)

BATCH = 2_000
MOST_BATCHES = 20
MOST_BUCKETS = 20
QUIET_NS = 2 * NS_PER_S
AGAIN_NS = 10 * NS_PER_S
LOOK_BACK = 10

TERMS = (BookFounded, TermChanged)
QUESTIONS = (DeliberationOpened, ProposalAdmitted, DeliberationClosed, OutcomesRecorded, CouncilScored)

_BEGIN = """
    SELECT work_begin(%s, false, true), (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint,
           coalesce((SELECT position FROM head WHERE log = 'governance' AND partition = %s), 0)"""
_EVENTS = f"""
    SELECT {COLUMNS} FROM event_log
    WHERE log = 'governance' AND partition = %s AND position > %s AND position <= %s AND topic = ANY(%s)
    ORDER BY position LIMIT {BATCH}"""
_NAMED = f"""
    SELECT {COLUMNS} FROM event_log
    WHERE split_part(topic, '.', 2) = %s AND log = 'governance' AND partition = %s AND position <= %s"""
_RECENT = _NAMED + f" AND book = %s ORDER BY position DESC LIMIT {LOOK_BACK}"
_FIRST = """
    SELECT min(position) FROM event_log
    WHERE log = 'governance' AND partition = %s AND originator_id = ANY(%s::uuid[]) AND originator_version = 1"""
_ANSWERS = "SELECT command_id, result FROM inbox WHERE command_id = ANY(%s)"


Part = tuple[str, int, int]


def command_id(book: str, bucket: int, part: int = 0) -> str:
    """A bucket takes one command, or several parts where it has many questions."""
    return derived_id("outcomes", book, bucket, *([part] if part else []))


class NotFollowed(Exception):
    """The log has not been read to its end yet: what is unanswered is not known."""


class Questions:
    """What one book has asked and nobody has answered; `last_at` is when its last round was recorded (ns)."""

    def __init__(self) -> None:
        self.terms = BookTerms()
        self.pending = Pending()
        self.last_bucket = -1
        self.last_at = 0

    def fold(self, event: RecordedEvent) -> None:
        body = event.event.body
        if isinstance(body, BookFounded):
            self.terms = body.terms
        elif isinstance(body, TermChanged):
            if not body.instrument:
                self.terms = with_term(self.terms, body.name, body.to)
        elif type(body) in QUESTIONS:
            FOLDS[type(body)](self.pending, body, event.event.originator_id)
            if isinstance(body, DeliberationOpened) and body.market_opened_at and body.track == "TRADE":
                self.last_bucket = int(body.weights_version.rpartition(":")[2])
                self.last_at = event.recorded_at

    def due(self, clock: int, now: int) -> list[int]:
        """Buckets whose last outcome is final on the market clock and to which no round can come any more: rounds of a
        track are recorded one after another, so a later one, or silence, shows it."""
        return [
            bucket
            for bucket in self.pending.buckets()
            if due_at(bucket, self.terms.horizon_s) <= clock
            and (bucket < self.last_bucket or now - self.last_at > QUIET_NS)
        ]


class Sweeper:
    """Follows the governance log of a partition from where unanswered questions may lie, and sends one `RecordOutcomes`
    for each bucket that is due. What the inbox has is not sent again; what was sent and is not there yet, after 10 s.
    Its connections last: a sweep that finds nothing costs a few round trips."""

    def __init__(self, database_url: str, redis_url: str, partition: int = 0) -> None:
        self.partition = partition
        self.session = Session(database_url, SCORER)
        self.streams = Streams(redis_url)
        self._turn = threading.Lock()
        self._away = False
        self._start_anew()

    def _start_anew(self) -> None:
        self.position = -1
        self.followed = False
        self.books: dict[str, Questions] = {}
        self._sent: dict[str, int] = {}
        self._settled: set[str] = set()

    def sweep(self) -> int:
        """How many commands were sent; 0 while another sweep is at work, here or elsewhere, or a server is away. After
        any failure it begins anew from the ledger."""
        if not self._turn.acquire(blocking=False):
            return 0
        try:
            connection = self.session.connection
            with connection.transaction():
                sent = self._sweep(connection)
        except LOST as error:
            self._start_anew()
            if not self._away:
                log.warning("outcomes wait: %s", error)
            self._away = True
            return 0
        except BaseException:
            self._start_anew()
            raise
        else:
            self._away = False
            return sent
        finally:
            self._turn.release()

    def needed_from(self) -> int | None:
        """The earliest market time (ns) that an unanswered question needs; None where there is none. Raises
        `NotFollowed` until the log has been read to its end."""
        if not self.followed:
            raise NotFollowed
        openings = [
            question.opened_at
            for book, asked in self.books.items()
            for bucket in asked.pending.buckets()
            for part, questions in enumerate(parts_of(asked.pending.questions(bucket)))
            if command_id(book, bucket, part) not in self._settled
            for question in questions
        ]
        return min(openings, default=None)

    def close(self) -> None:
        self.session.close()
        self.streams.redis.close()

    def _sweep(self, connection: Connection) -> int:
        begin = [f"outcomes {self.partition}", self.partition]
        alone, now, head = cast("Row", connection.execute(_BEGIN, begin, prepare=True).fetchone())
        if not alone or not self._follow(connection, head):
            return 0
        if not any(book.pending.buckets() for book in self.books.values()):
            return 0
        clock = market_clock(connection)
        due = [] if clock is None else self._due(connection, clock, now)
        if not due:
            return 0
        return self._send([self._envelope(connection, *part) for part in due], now)

    def _follow(self, connection: Connection, head: int) -> bool:
        """Folds what was recorded since; False where there is more than one sweep should take."""
        if self.position < 0:
            self.position = self._begin(connection, head)
        topics = [TOPICS[event] for event in (*TERMS, *QUESTIONS)]
        self.followed = False
        for _ in range(MOST_BATCHES):
            if self.position >= head:
                break
            rows = connection.execute(_EVENTS, [self.partition, self.position, head, topics], prepare=True).fetchall()
            for row in rows:
                self._fold(recorded("governance", self.partition, row))
            self.position = rows[-1][0] if len(rows) == BATCH else head
        self.followed = self.position >= head
        return self.followed

    def _fold(self, event: RecordedEvent) -> None:
        self.books.setdefault(event.event.book, Questions()).fold(event)

    def _begin(self, connection: Connection, head: int) -> int:
        """The terms of all books as of then, and the position before the first round of the last ten answered
        buckets: what is older was answered, or never will be."""
        firsts = []
        founded = self._named(connection, _NAMED, BookFounded, head)
        for book in {event.event.book for event in founded}:
            answered = self._named(connection, _RECENT, OutcomesRecorded, head, book)
            bodies = [event.event.body for event in answered]
            rounds = [o.deliberation_id for b in bodies if isinstance(b, OutcomesRecorded) for o in b.outcomes]
            ids = [aggregate_id("Deliberation", each) for each in rounds]
            row = connection.execute(_FIRST, [self.partition, ids]).fetchone()
            firsts.append(row[0] if row and row[0] else 1)
        position = min(firsts, default=1) - 1
        told = [*founded, *self._named(connection, _NAMED, TermChanged, position)]
        for event in sorted(told, key=lambda event: event.position):
            if event.position <= position:
                self._fold(event)
        return position

    def _named(self, connection: Connection, query: str, event: type[Event], *rest: Any) -> list[RecordedEvent]:
        rows = connection.execute(query, [event.__name__, self.partition, *rest]).fetchall()
        return [recorded("governance", self.partition, row) for row in rows]

    def _due(self, connection: Connection, clock: int, now: int) -> list[Part]:
        """Books, buckets and their parts, the earliest first, that are due and neither answered nor on their way."""
        found = sorted((bucket, book) for book, asked in self.books.items() for bucket in asked.due(clock, now))
        ids = {
            command_id(book, bucket, part): (book, bucket, part)
            for bucket, book in found
            for part in range(len(parts_of(self.books[book].pending.questions(bucket))))
        }
        self._sent = {each: at for each, at in self._sent.items() if each in ids}
        self._settled &= ids.keys()
        open_ = [each for each in ids if each not in self._settled and now - self._sent.get(each, 0) > AGAIN_NS]
        answers = dict(connection.execute(_ANSWERS, [open_], prepare=True).fetchall()) if open_ else {}
        for each, result in answers.items():
            self._settled.add(each)
            if result != "accepted":
                log.error("the outcomes of %s, bucket %d, part %d, were not taken: %s", *ids[each], result)
        return [ids[each] for each in open_ if each not in answers][:MOST_BUCKETS]

    def _envelope(self, connection: Connection, book: str, bucket: int, part: int) -> Envelope:
        asked, terms = parts_of(self.books[book].pending.questions(bucket))[part], self.books[book].terms
        horizon_ns = terms.horizon_s * NS_PER_S
        wanted = {(leg.instrument, each.opened_at + horizon_ns) for each in asked for leg in each.legs}
        found = first_after(connection, wanted, LATEST_NS)
        body = outcomes_of(bucket, asked, lambda instrument, at: found.get((instrument, at)), terms)
        id = command_id(book, bucket, part)
        return Envelope(id=id, body=body, actor=SCORER, sent_at=time.time_ns(), book=book)

    def _send(self, envelopes: list[Envelope], now: int) -> int:
        if envelopes:
            self.streams.publish(suffixed(COMMANDS, self.partition), envelopes)
            self._sent |= {envelope.id: now for envelope in envelopes}
        return len(envelopes)
