"""The dashboard of docs/grafana.json asks for nothing that `/metrics` does not give, and leaves out nothing of ours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from streams.client import connect
from streams.telemetry import Telemetry
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip

DASHBOARD = Path(__file__).resolve().parents[3] / "docs" / "grafana.json"
NAME = re.compile(r"\bgovsite_\w+")
SELECTED = re.compile(r"(govsite_\w+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\)")


@pytest.fixture
def given(writer: Writer, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Names of samples with their labels, of a book with an alarm and a process that has measured something."""
    monkeypatch.setattr(settings, "REDIS_URL", redis_url)
    writer.show(lambda history: trip(history.found()))
    telemetry = Telemetry(connect(redis_url), "governor")
    telemetry.counters.update({"decisions": 1, "outcome:granted": 1, "refused:UNKNOWN_AGENT": 1})
    telemetry.gauges["waiting"] = 1.0
    telemetry.observe("end_to_end", 5_000_000)
    telemetry.beat(force=True)
    families = list(text_string_to_metric_families(Client().get("/metrics").text))
    named: dict[str, set[str]] = {family.name: set() for family in families}
    for family in families:
        for sample in family.samples:
            named.setdefault(sample.name, set()).update(sample.labels)
    return named


def queries() -> list[str]:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    return asked + [each["query"]["query"] for each in dashboard["templating"]["list"] if each["type"] == "query"]


def test_every_name_and_label_that_is_asked_for_is_there(given: dict[str, set[str]]) -> None:
    for query in queries():
        names = NAME.findall(query)
        assert names, query
        assert set(names) <= given.keys(), query
        for name, selected in SELECTED.findall(query):
            labels = {part.partition("=")[0].rstrip("!~") for part in selected.split(",") if "=" in part}
            assert not given[name] or labels <= given[name], query
        for grouped in GROUPED.findall(query):
            labels = {label.strip() for label in grouped.split(",")}
            known = set().union(*(given[name] for name in names))
            assert labels <= known, query


def test_all_of_ours_is_shown(given: dict[str, set[str]]) -> None:
    shown = {name for query in queries() for name in NAME.findall(query)}
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
