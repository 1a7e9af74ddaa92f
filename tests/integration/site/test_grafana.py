"""The dashboard of docs/grafana.json asks for nothing that `/metrics` does not give, and leaves out nothing of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from ledger import outbox
from streams.client import connect
from streams.envelope import Envelope
from streams.messages import ResumeTrading
from streams.telemetry import TICKS, Telemetry
from tests.integration.site import everything
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip

DASHBOARD = Path(__file__).resolve().parents[3] / "docs" / "grafana.json"
NAME = re.compile(r"\bgovsite_\w+")
SELECTED = re.compile(r"(govsite_\w+)\{([^}]*)\}")
LABEL = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
GROUPED = re.compile(r"by \(([^)]*)\)")


Samples = dict[str, list[dict[str, str]]]


@pytest.fixture
def given(writer: Writer, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Samples:
    """The labels of every sample, by name, where there is one of everything: an alarm, a command that waits, a process
    that has measured something and reads a stream, a dead letter."""
    monkeypatch.setattr(settings, "REDIS_URL", redis_url)
    writer.show(lambda history: trip(history.found()))
    everything.bury(redis_url, "odd")
    body = ResumeTrading(reason="drill")
    outbox.enqueue(connection, Envelope(id="waits", body=body, actor="operator:ada", sent_at=1, book="demo"))
    redis = connect(redis_url)
    entry: Any = redis.xadd(TICKS, {"raw": b"one"})
    telemetry = Telemetry(redis, "governor")
    telemetry.counters.update({"decisions": 1, "outcome:granted": 1, "refused:UNKNOWN_AGENT": 1})
    telemetry.gauges["waiting"] = 1.0
    telemetry.read_up_to(TICKS, entry.decode())
    telemetry.observe("end_to_end", 5_000_000)
    telemetry.beat(force=True)
    samples: Samples = {}
    for family in text_string_to_metric_families(Client().get("/metrics").text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(sample.labels)
    return samples


def targets() -> list[tuple[str, str]]:
    """What is asked, and how the lines of the answer are called."""
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    asked = [target for panel in dashboard["panels"] for target in panel.get("targets", ())]
    return [(target["expr"], target.get("legendFormat", "")) for target in asked]


def variables() -> list[str]:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return [each["query"]["query"] for each in dashboard["templating"]["list"] if each["type"] == "query"]


def labels_of(samples: list[dict[str, str]]) -> set[str]:
    """Those that every sample has."""
    return set.intersection(*(set(labels) for labels in samples))


def test_every_name_that_is_asked_for_has_samples(given: Samples) -> None:
    for query in [*(query for query, _ in targets()), *variables()]:
        names = NAME.findall(query)
        assert names, query
        assert set(names) <= given.keys(), query


def test_every_label_that_is_asked_for_is_there_and_can_have_that_value(given: Samples) -> None:
    for query, _ in targets():
        for name, selected in SELECTED.findall(query):
            for label, operator, value in LABEL.findall(selected):
                assert label in labels_of(given[name]), query
                values = {labels[label] for labels in given[name]}
                wanted = value.replace("$book", "demo")
                matching = {each for each in values if (re.fullmatch(wanted, each) is None) == operator.startswith("!")}
                assert matching, query
        for grouped in GROUPED.findall(query):
            for name in NAME.findall(query):
                assert {label.strip() for label in grouped.split(",")} <= labels_of(given[name]), query
    for query in variables():
        assert re.fullmatch(r"label_values\((\w+), (\w+)\)", query), query
        name, label = re.findall(r"\w+", query)[1:]
        assert label in labels_of(given[name]), query


def test_lines_are_called_by_labels_that_the_answer_has(given: Samples) -> None:
    for query, legend in targets():
        kept = [{label.strip() for label in grouped.split(",")} for grouped in GROUPED.findall(query)]
        kept += [labels_of(given[name]) for name in NAME.findall(query)] if not kept else []
        answered = set.intersection(*kept) - ({"le"} if "histogram_quantile" in query else set())
        assert set(re.findall(r"{{(\w+)}}", legend)) <= answered, query


def test_all_of_ours_is_shown(given: Samples) -> None:
    shown = {name for query, _ in targets() for name in NAME.findall(query)}
    ours = {name.removesuffix("_total") for name in given if name.startswith("govsite_")}
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in ours}
    asked = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in shown}
    assert families - asked == set()


def test_it_is_one_that_grafana_reads() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["schemaVersion"] >= 39
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in dashboard["panels"])
    sources = {panel["datasource"]["uid"] for panel in dashboard["panels"] if panel["type"] != "row"}
    assert sources == {"${datasource}"}
