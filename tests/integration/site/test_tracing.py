"""Decisions as traces: what the ledger has of them arrives at a collector, over the real protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent
from pytest_django import Settings

from govsite.tracing.exporting import Collector
from govsite.tracing.following import pass_on
from govsite.tracing.spans import Span, spans, trace_id
from ledger import audit
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import processes
from tests.integration.site.conftest import Writer
from tests.servers import wait_until


class Taken:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.traces: dict[int, list[Span]] = {}

    def take(self, trace: int, spans: list[Span]) -> None:
        self.traces[trace] = spans


class FakeCollector:
    """A collector on this machine: `spans` that it took; it refuses while `status` is not 200."""

    def __init__(self) -> None:
        self.spans: list[Sent] = []
        self.status = 200
        self.asked = 0
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.asked += 1
                if collector.status == 200:
                    collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(collector.status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Not on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, request: ExportTraceServiceRequest) -> None:
        self.spans += [span for each in request.resource_spans for scope in each.scope_spans for span in scope.spans]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCollector]:
    collector = FakeCollector()
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield collector
    collector.server.shutdown()
    collector.server.server_close()
    thread.join()


def a_span(number: int) -> Span:
    return Span(name=f"span {number}", span_id=number + 1, parent=None, begun=1, ended=2, attributes={})


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


def test_a_collector_receives_it(writer: Writer, ledger_url: str, fake: FakeCollector) -> None:
    received = fake.spans
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


def test_what_a_collector_that_is_down_did_not_take_comes_later(fake: FakeCollector) -> None:
    fake.status = 400
    collector = Collector(first_pause_s=0.01)
    collector.take(1, [a_span(0), a_span(1)])
    wait_until(lambda: fake.asked >= 2, "it has been tried again")
    assert (collector.waiting, collector.sent) == (2, 0)
    fake.status = 200
    assert collector.flush(30)
    assert [span.name for span in fake.spans] == ["span 0", "span 1"]
    assert (collector.sent, collector.dropped) == (2, 0)
    collector.close()


@pytest.mark.parametrize("bound", ["full", "given up"])
def test_what_is_dropped_in_the_end_is_counted_and_logged(
    fake: FakeCollector, caplog: pytest.LogCaptureFixture, bound: str
) -> None:
    fake.status = 400
    bounds = {"most": 3} if bound == "full" else {"gives_up_s": 0.0}
    collector = Collector(first_pause_s=0.01, **bounds)
    for number in range(5):
        collector.take(number, [a_span(number)])
    left = 3 if bound == "full" else 0
    wait_until(lambda: collector.dropped == 5 - left, "the bound is kept")
    assert collector.waiting == left
    assert "dropped the" in caplog.text
    collector.close()
    assert (collector.dropped, collector.waiting, collector.sent) == (5, 0, 0)


def test_the_end_waits_for_what_is_on_its_way(fake: FakeCollector) -> None:
    collector = Collector()
    collector.take(1, [a_span(number) for number in range(1200)])
    collector.close(30)
    assert (len(fake.spans), collector.sent, collector.dropped) == (1200, 1200, 0)


def test_a_check_says_in_one_line_whether_the_collector_takes_traces(
    fake: FakeCollector, caplog: pytest.LogCaptureFixture
) -> None:
    said = StringIO()
    call_command("runtraces", "--check", stdout=said)
    assert said.getvalue() == f"The collector at {fake.url} takes traces.\n"
    fake.status = 403
    with pytest.raises(CommandError, match=f"The collector at {fake.url} does not take traces: .*403") as error:
        call_command("runtraces", "--check")
    assert error.value.returncode == 1
    assert "\n" not in str(error.value)
    assert (fake.spans, caplog.records) == ([], [])


def test_a_check_of_nobody_says_so(fake: FakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.tracing.exporting.ANSWERS_WITHIN_S", 0.5)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CommandError, match=r"http://127\.0\.0\.1:9 does not take traces: .+") as error:
        call_command("runtraces", "--check")
    assert error.value.returncode == 1


def test_the_process_tells_what_it_sent(
    writer: Writer, redis_url: str, fake: FakeCollector, settings: Settings
) -> None:
    settings.REDIS_URL = redis_url
    connection = connect(redis_url)

    def told() -> dict[str, Any]:
        return processes(connection).get("traces", {})

    stop = Stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("govsite.tracing.following.SETTLED_S", 0.0)
        patch.setattr("govsite.management.commands.runtraces.Stop.install", lambda _: stop)
        process = threading.Thread(target=call_command, args=["runtraces"])
        process.start()
        wait_until(told, "it lives")
        writer.show(lambda history: history.found().round())
        wait_until(lambda: told()["counters"].get("spans_sent") == 5, "it has told how many spans it sent")
        assert (told()["counters"]["spans_dropped"], told()["gauges"]["spans_waiting"]) == (0, 0)
        stop.set()
        process.join(30)
    assert not process.is_alive()
    assert len(fake.spans) == 5
    assert "traces" not in processes(connection)
