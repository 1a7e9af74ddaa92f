"""docker-compose.yml: the processes of the one-command stack, each with a health check and no secret in the file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from govsite.stack.plan import Options, Plan

PROJECT = Path(__file__).resolve().parents[2]
SERVERS = {"postgres", "redis"}
TEXT = (PROJECT / "docker-compose.yml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]


def test_it_runs_the_processes_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    plan = Plan(Options(), Path("/data"), {})
    names = {child.name for child in [*plan.processes(), plan.feed()]}
    assert SERVICES.keys() == names | SERVERS | {"migrate"}
    assert {name for name, service in SERVICES.items() if "profiles" in service} == {"traces"}


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - SERVERS - {"migrate"}))
def test_every_process_waits_for_the_tables(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_secrets_come_from_the_environment_or_it_says_so() -> None:
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET)\w*)(:\?[^}]+)?\}", TEXT)
    assert {name for name, _ in secrets} == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "GOVSITE_SECRET_KEY"}
    assert all(message for _, message in secrets)


def test_the_commands_are_those_of_the_plan() -> None:
    plan = Plan(Options(), Path("/data"), {})
    for child in [*plan.processes(), plan.feed()]:
        service = SERVICES[child.name]
        named = service.get("command") or service["entrypoint"]
        assert named[0] in child.command, child.name
