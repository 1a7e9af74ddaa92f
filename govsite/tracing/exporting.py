"""Spans to a collector over OTLP: a bounded queue waits for a collector that is down, and costs nothing else here."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags

from govsite.tracing.spans import Span

SERVICE = "govsite"
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
AT_ONCE = 512
MOST_WAITING = 20_000
ANSWERS_WITHIN_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
GIVES_UP_S = 600.0
TOLD_EVERY_S = 10.0
SDK = logging.getLogger("opentelemetry.exporter.otlp")
log = logging.getLogger(__name__)


class Collector:
    """Where to is told by the standard variables of OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT`, …).

    What a collector does not take is sent again after pauses that double, up to 30 s; after `gives_up_s` the oldest
    spans are dropped, as they are where more than `most` wait. `sent` and `dropped` count spans."""

    def __init__(
        self, service: str = SERVICE, *, most: int = MOST_WAITING, gives_up_s: float = GIVES_UP_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:  # fmt: skip
        self.sent = self.dropped = 0
        self._told_at = -TOLD_EVERY_S
        self._most, self._gives_up_s, self._first_pause_s = most, gives_up_s, first_pause_s
        self._resource = Resource.create({SERVICE_NAME: service})
        self._exporter = OTLPSpanExporter(timeout=ANSWERS_WITHIN_S)
        self._queue: deque[ReadableSpan] = deque()
        self._changed = threading.Condition()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def take(self, trace: int, spans: Sequence[Span]) -> None:
        """Returns at once."""
        with self._changed:
            self._queue.extend(self._readable(trace, span) for span in spans)
            self._drop(len(self._queue) - self._most, "the queue is full")
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Whether nothing waits any more within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue, timeout_s)

    def close(self, patience_s: float = ANSWERS_WITHIN_S) -> None:
        """What waits is tried once more; what the collector does not take within the time is dropped."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join(patience_s)
        self._exporter.shutdown()  # type: ignore[no-untyped-call]
        self._thread.join(ANSWERS_WITHIN_S)
        with self._changed:
            self._drop(len(self._queue), "the process ends")

    def _run(self) -> None:
        pause_s, failing_since = self._first_pause_s, 0.0
        while batch := self._next():
            last = self._ends
            if self._exporter.export(batch) is SpanExportResult.SUCCESS:
                pause_s, failing_since = self._first_pause_s, 0.0
                self._settle(batch, taken=True)
                continue
            if last:
                return
            failing_since = failing_since or time.monotonic()
            if time.monotonic() - failing_since >= self._gives_up_s:
                failing_since = 0.0
                self._settle(batch, taken=False)
            with self._changed:
                self._changed.wait_for(lambda: self._ends, pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _next(self) -> list[ReadableSpan]:
        """The oldest spans, once there are some; [] when it ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ends)
            return [self._queue[at] for at in range(min(AT_ONCE, len(self._queue)))]

    def _settle(self, batch: list[ReadableSpan], *, taken: bool) -> None:
        """What of it was not dropped from a full queue meanwhile leaves the queue: `taken` by the collector or not."""
        with self._changed:
            settled = {id(span) for span in batch}
            number = sum(1 for span in itertools.takewhile(lambda span: id(span) in settled, self._queue))
            if not taken:
                self._drop(number, "the collector did not take them")
            else:
                self.sent += number
                for _ in range(number):
                    self._queue.popleft()
            self._changed.notify_all()

    def _drop(self, number: int, why: str) -> None:
        if number <= 0:
            return
        for _ in range(number):
            self._queue.popleft()
        self.dropped += number
        now = time.monotonic()
        if self._ends or now >= self._told_at + TOLD_EVERY_S:  # a full queue drops with every decision
            self._told_at = now
            log.warning("dropped the %d oldest spans (%d so far): %s", number, self.dropped, why)

    def _readable(self, trace: int, span: Span) -> ReadableSpan:
        parent = None if span.parent is None else SpanContext(trace, span.parent, is_remote=False, trace_flags=SAMPLED)
        return ReadableSpan(
            name=span.name,
            context=SpanContext(trace, span.span_id, is_remote=False, trace_flags=SAMPLED),
            parent=parent,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(note.name, note.attributes, note.at) for note in span.notes],
            start_time=span.begun,
            end_time=span.ended,
        )


def refusal() -> str:
    """Why the collector does not take a request without spans; "" where it does."""
    with _listening() as said:
        exporter = OTLPSpanExporter(timeout=ANSWERS_WITHIN_S)
        taken = exporter.export([]) is SpanExportResult.SUCCESS
        exporter.shutdown()  # type: ignore[no-untyped-call]
    return "" if taken else " ".join((said or ["it does not answer"])[-1].split())


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What the SDK says of a failure, kept from the log: it returns no reason."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    listener, propagates = Listener(), SDK.propagate
    SDK.addHandler(listener)
    SDK.propagate = False
    try:
        yield said
    finally:
        SDK.removeHandler(listener)
        SDK.propagate = propagates
