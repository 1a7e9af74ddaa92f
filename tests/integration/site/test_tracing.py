"""Decisions as traces: what the ledger has of them arrives at a collector, over the real protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from django.core.management import CommandError, call_command
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent

from govsite.tracing.exporting import Collector
from govsite.tracing.following import pass_on
from govsite.tracing.spans import Span, spans, trace_id
from ledger import audit
from tests.integration.site.conftest import Writer
from tests.servers import wait_until


class Taken:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.traces: dict[int, list[Span]] = {}

    def take(self, trace: int, spans: list[Span]) -> None:
        self.traces[trace] = spans


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sent]]:
    """A collector on this machine, and what it has been sent."""
    sent: list[Sent] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            sent.extend(span for each in request.resource_spans for scope in each.scope_spans for span in scope.spans)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Not on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield sent
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_decision_is_one_trace_whose_times_are_the_ledgers(writer: Writer, ledger_url: str) -> None:
    writer.show(lambda history: history.found())
    keys = [writer.history.round(), writer.history.round(outcome="refused")]
    writer.commit()
    taken = Taken()
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        last = pass_on(connection, taken, 0, 0, 0.0)
        assert pass_on(connection, taken, 0, last, 0.0) == last
        story = audit.explain(connection, keys[0])
    assert taken.traces.keys() == {trace_id(key) for key in keys}
    assert story is not None
    root, *rest = taken.traces[trace_id(keys[0])]
    assert root.name == "decision BTCUSDT granted"
    assert root.parent is None
    assert [one.name for one in rest] == [
        "ingestion and agents", "deliberation", "resolution and commit", "order BTCUSDT buy",
    ]  # fmt: skip
    assert {one.parent for one in rest} == {root.span_id}
    assert len({one.span_id for one in (root, *rest)}) == len(rest) + 1
    assert all(root.begun <= one.begun <= one.ended for one in rest)
    assert rest[-1].ended == root.ended == max(one.recorded_at for one in story.events if one.log == "execution")
    assert root.attributes["govsite.decision_id"] == keys[0]
    refused = taken.traces[trace_id(keys[1])]
    assert refused[0].name == "decision BTCUSDT refused"
    assert not any(one.name.startswith("order") for one in refused)


def test_a_round_without_a_decision_is_no_trace() -> None:
    assert spans(audit.Story(decision_id="", outcome="open", events=[])) == []


def test_a_collector_receives_it(writer: Writer, ledger_url: str, received: list[Sent]) -> None:
    writer.show(lambda history: history.found())
    key = writer.history.round()
    writer.commit()
    collector = Collector("desk")
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        pass_on(connection, collector, 0, 0, 0.0)
    assert collector.flush(10)
    wait_until(lambda: len(received) == 5, "five spans have come")
    collector.close()
    assert {span.trace_id for span in received} == {trace_id(key).to_bytes(16, "big")}
    (root,) = [span for span in received if not span.parent_span_id]
    assert {span.parent_span_id for span in received if span is not root} == {root.span_id}
    assert {each.key: each.value.string_value for each in root.attributes}["govsite.decision_id"] == key
    order = next(span for span in received if span.name.startswith("order"))
    assert [event.name for event in order.events][-1] in ("OrderFilled", "OrderPartiallyFilled")
    assert order.start_time_unix_nano < order.end_time_unix_nano


@pytest.mark.parametrize(
    ("value", "words"), [("", "no collector"), ("localhost:4318", "http:// or https://"), ("http://", "and a host")]
)
def test_without_a_collector_it_does_not_start(monkeypatch: pytest.MonkeyPatch, value: str, words: str) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", value)
    with pytest.raises(CommandError, match=words):
        call_command("runtraces")
