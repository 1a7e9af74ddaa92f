"""`/metrics` with real servers: what Prometheus reads, who may, and what it says when a server is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from streams.client import connect
from streams.telemetry import BOUNDS_MS, Telemetry
from tests.integration.site.conftest import Writer

pytestmark = pytest.mark.usefixtures("database")
NOBODY = "redis://127.0.0.1:1"
ROOT = Path(__file__).resolve().parent.parent.parent.parent


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels; text that is no metrics fails."""
    families = text_string_to_metric_families(text)
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for known in families for each in known.samples}


@pytest.fixture
def told(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Telemetry:
    monkeypatch.setattr(settings, "REDIS_URL", redis_url)
    telemetry = Telemetry(connect(redis_url), "governor")
    telemetry.counters["decisions"] = 12
    telemetry.counters["refused:UNKNOWN_AGENT"] = 3
    for milliseconds in (0.4, 4, 4, 40_000):
        telemetry.observe("resolution", int(milliseconds * 1e6))
    telemetry.beat(force=True)
    return telemetry


def test_latencies_are_histograms_and_rejects_have_codes(told: Telemetry) -> None:
    found = read(Client().get("/metrics").text)
    stage = (("process", "governor"), ("stage", "resolution"))

    def under(bound: str) -> float:
        return found["govsite_latency_seconds_bucket", tuple(sorted((("le", bound), *stage)))]

    assert [under("0.0005"), under("0.005"), under("10.0"), under("+Inf")] == [1, 3, 3, 4]
    assert found["govsite_latency_seconds_count", stage] == 4
    assert found["govsite_latency_seconds_sum", stage] == pytest.approx(40.0, rel=0.01)
    assert found["govsite_rejects_total", (("code", "UNKNOWN_AGENT"), ("process", "governor"))] == 3
    assert found["govsite_events_total", (("process", "governor"), ("what", "decisions"))] == 12
    assert found["govsite_process_running", (("process", "governor"),)] == 1


def test_buckets_stay_when_quantiles_begin_anew(told: Telemetry, redis_url: str) -> None:
    with connect(redis_url) as connection:
        connection.set("telemetry:since", "now")
    told.beat(force=True)
    assert sum(told.report(0)["buckets"]["resolution"]["counts"]) == 4
    assert len(BOUNDS_MS) + 1 == len(told.report(0)["buckets"]["resolution"]["counts"])


def test_the_books_and_the_ledger_are_in_it(told: Telemetry, writer: Writer) -> None:
    writer.show(lambda history: history.found().round())
    found = read(Client().get("/metrics").text)
    books = [value for (name, _), value in found.items() if name == "govsite_book_mode"]
    assert books == [0]
    assert found["govsite_log_position", (("log", "governance"), ("partition", "0"))] > 0
    assert found["govsite_up", (("server", "postgresql"),)] == 1


def test_without_redis_the_rest_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", NOBODY)
    found = read(Client().get("/metrics").text)
    assert found["govsite_up", (("server", "redis"),)] == 0
    assert found["govsite_up", (("server", "postgresql"),)] == 1


def test_only_this_machine_or_who_has_the_token(told: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 403
    assert Client(headers={"X-Forwarded-For": "192.0.2.7"}).get("/metrics").status_code == 403
    monkeypatch.setattr(settings, "METRICS_TOKEN", "long and random")
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/metrics", headers={"Authorization": "Bearer wrong ü"}).status_code == 403
    far = Client(REMOTE_ADDR="192.0.2.7").get("/metrics", headers={"Authorization": "Bearer long and random"})
    assert far.status_code == 200


def started(code: str, log_format: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GOVSITE_LOG_FORMAT": log_format, "DJANGO_SETTINGS_MODULE": "govsite.settings"}
    command = [sys.executable, "-c", f"import django; django.setup(); {code}"]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_logs_are_json_where_that_is_asked_for() -> None:
    ran = started(
        "import logging; logging.getLogger('a.b').warning('seen %s', 3, extra={'correlation_id': 'tick-1'})", "json"
    )
    said = json.loads(ran.stderr.splitlines()[-1])
    assert said.pop("timestamp").endswith("Z")
    assert said == {"event": "seen 3", "logger": "a.b", "level": "warning", "correlation_id": "tick-1"}


def test_another_format_stops_with_its_name() -> None:
    ran = started("", "xml")
    assert ran.returncode == 1
    assert ran.stderr.strip() == "GOVSITE_LOG_FORMAT is 'xml': it must be line or json."
