"""docker-compose.yml: the processes of the one-command stack, confined, with health checks and without secrets."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from govsite.accounts.postgres import role_of
from govsite.accounts.redis_users import lines
from govsite.accounts.signing import SIGNS
from govsite.accounts.table import ACCOUNTS, OWNER, VARIABLES, variable
from govsite.settings.environment import SECRETS
from govsite.stack.plan import Options, Plan
from streams.signing import VARIABLES as SIGNING
from streams.signing import variable as signing_variable

PROJECT = Path(__file__).resolve().parents[2]
SERVERS = {"postgres", "redis"}
APART = {"migrate", "beat", "proxy"}
"""What the one-command stack has no process for: it prepares by itself, beat is in its worker, nothing ends TLS."""
OUTSIDE = {"feed", "executor", "web", "worker", "traces", "proxy"}
TEXT = (PROJECT / "docker-compose.yml").read_text()
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = FILE["services"]
SECRET = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET|SIGNING|KEY|TOKEN|HEADERS|_URL)\w*)(?::([?-])(.*?))?\}")
MUST_BE_GIVEN = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "GOVSITE_SECRET_KEY", *VARIABLES, *SIGNING}
KNOW_ALL_PASSWORDS = {"redis", "migrate"}
"""Who makes the accounts."""


def test_it_runs_the_processes_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    plan = Plan(Options(), Path("/data"), {})
    names = {child.name for child in [*plan.processes(), plan.feed()]}
    assert SERVICES.keys() == names | SERVERS | APART
    profiles = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}
    assert profiles == {"traces": ["traces"], "proxy": ["tls"]}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] in ("10001:10001", name)  # the servers run as the user of their images that has their name
    assert service["init"] is True
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert not service.keys() & {"privileged", "cap_add", "network_mode", "pid", "devices"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_comes_back_and_has_time_to_end(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert SERVICES[name]["stop_grace_period"] in ("30s", "2m")


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"migrate"}))
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - SERVERS - {"migrate", "proxy"}))
def test_every_process_waits_for_the_tables(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_only_who_needs_it_reaches_the_outside() -> None:
    assert FILE["networks"]["back"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if "outside" in service["networks"]} == OUTSIDE
    assert {name for name, service in SERVICES.items() if "back" not in service["networks"]} == {"proxy"}
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports.keys() == {"web", "proxy"}
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


def test_secrets_come_from_the_environment_or_it_says_so() -> None:
    found = {(name, kind, said) for name, kind, said in SECRET.findall(TEXT) if "$" not in said}
    assert {name for name, kind, said in found if kind == "?" and said} == MUST_BE_GIVEN
    assert [(name, said) for name, kind, said in found if kind != "?" and said] == []


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_process_knows_its_own_password_only(name: str) -> None:
    environment = SERVICES[name]["environment"]
    own = f"${{{variable(name)}}}"
    assert environment["DATABASE_URL"].startswith(f"postgresql://{role_of(name)}:{own}@")
    assert environment["REDIS_URL"].startswith(f"${{GOVSITE_REDIS_SCHEME:-redis}}://{name}:{own}@")
    said = [found for value in environment.values() for found, *_ in SECRET.findall(str(value))]
    assert set(said) & {*VARIABLES, "POSTGRES_PASSWORD", "REDIS_PASSWORD"} == {variable(name)}


def test_each_publisher_knows_its_own_secret_and_only_the_governor_all() -> None:
    for name, service in SERVICES.items():
        wanted = {signing_variable(one) for one in SIGNS.get(name, ())}
        assert set(SIGNING) & service.get("environment", {}).keys() == wanted, name


def test_only_the_site_can_sign_for_browsers() -> None:
    knowing = {name for name, service in SERVICES.items() if "GOVSITE_SECRET_KEY" in service.get("environment", {})}
    assert knowing == {"migrate", "web"}


def test_only_who_makes_the_accounts_knows_all_passwords() -> None:
    knowing = {name for name, service in SERVICES.items() if "REDIS_PASSWORD" in str(service.get("environment"))}
    assert knowing == KNOW_ALL_PASSWORDS
    assert all(set(VARIABLES) <= SERVICES[name]["environment"].keys() for name in KNOW_ALL_PASSWORDS)


def test_the_access_list_of_redis_is_that_of_the_table() -> None:
    """Else: python manage.py accounts redis > deploy/users.acl"""
    words = {name: f">${{{variable(name)}}}" for name in ACCOUNTS} | {OWNER: ">${REDIS_PASSWORD}"}
    assert (PROJECT / "deploy" / "users.acl").read_text().splitlines() == lines(words)


def test_the_access_list_is_written_with_the_passwords_or_not_at_all(tmp_path: Path) -> None:
    """By the script that starts Redis, up to Redis itself."""
    script = (PROJECT / "deploy" / "redis.sh").read_text().replace("/accounts/", f"{PROJECT}/deploy/")
    script = script.replace("/tmp/users.acl", str(tmp_path / "users.acl")).replace("exec redis-server", "echo")
    given = {name: f"pw{number}" for number, name in enumerate((*VARIABLES, "REDIS_PASSWORD"))}
    told = subprocess.run(["sh", "-c", script], env={**os.environ, **given}, capture_output=True, text=True, check=True)
    assert told.stdout == f"--aclfile {tmp_path / 'users.acl'}\n"
    words = {name: f">{given[variable(name)]}" for name in ACCOUNTS} | {OWNER: f">{given['REDIS_PASSWORD']}"}
    assert (tmp_path / "users.acl").read_text().splitlines() == lines(words)
    del given[variable("governor")]
    missing = subprocess.run(["sh", "-c", script], env={**os.environ, **given}, capture_output=True, check=False)
    assert missing.returncode
    assert variable("governor") in missing.stderr.decode()


def test_every_secret_of_the_site_can_be_given() -> None:
    assert {name for name in SECRETS if f"      {name}:" not in TEXT and f"  {name}:" not in TEXT} == set()


def test_the_commands_are_those_of_the_plan() -> None:
    plan = Plan(Options(), Path("/data"), {})
    for child in [*plan.processes(), plan.feed()]:
        service = SERVICES[child.name]
        named = service.get("command") or service["entrypoint"]
        assert named[0] in child.command, child.name


def test_images_hold_no_tests_and_no_secrets() -> None:
    taken = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert taken[0] == "*"
    assert not {"!tests", "!docs", "!.env", "!.git", "!var", "!tls", "!deploy"} & set(taken)
