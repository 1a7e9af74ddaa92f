"""Spans to a collector over OTLP: a bounded queue of the SDK's, so that a collector that is down costs nothing here."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanContext, TraceFlags

from govsite.tracing.spans import Span

SERVICE = "govsite"
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Collector:
    """Where to is told by the standard variables of OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT`, …)."""

    def __init__(self, service: str = SERVICE) -> None:
        self._resource = Resource.create({SERVICE_NAME: service})
        self._processor = BatchSpanProcessor(OTLPSpanExporter())

    def take(self, trace: int, spans: Sequence[Span]) -> None:
        """Returns at once; what does not fit into the queue is dropped and logged by the SDK."""
        for span in spans:
            self._processor.on_end(self._readable(trace, span))

    def flush(self, timeout_s: float) -> bool:
        return bool(self._processor.force_flush(round(timeout_s * 1000)))

    def close(self) -> None:
        self._processor.shutdown()  # type: ignore[no-untyped-call]

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
