"""The plan: who runs, with which arguments, and who stops first."""

from __future__ import annotations

from pathlib import Path

from pytest_django import Settings

from govsite.accounts.table import ACCOUNTS
from govsite.stack.plan import Options, Plan

ENVIRONMENT = {"DATABASE_URL": "postgresql://p"}


def plan(**chosen: object) -> Plan:
    return Plan(Options(**chosen), Path("/data"), ENVIRONMENT)  # type: ignore[arg-type]


def arguments_of(plan: Plan, name: str) -> list[str]:
    child = next(child for child in [plan.preparation(), *plan.processes(), plan.feed()] if child.name == name)
    return child.command[2:]


def test_all_processes_are_there_and_know_where_the_servers_are() -> None:
    children = list(plan().processes())
    assert {child.name for child in children} == {
        "relay",
        "governor",
        "executor",
        "agents",
        "projector",
        "web",
        "worker",
    }
    assert all(child.environment.items() >= ENVIRONMENT.items() for child in children)


def test_each_of_several_has_the_account_of_its_kind(settings: Settings) -> None:
    settings.PARTITIONS = 12
    accounts = {name: {"REDIS_URL": f"redis://{name}"} for name in ACCOUNTS}
    several = Plan(Options(books=("demo", "north", "south")), Path("/data"), ENVIRONMENT, accounts)
    found = {child.name: child.environment.get("REDIS_URL", "") for child in [*several.processes(), several.feed()]}
    assert {"governor", "governor-2", "executor-12", "agents-3"} <= found.keys()
    assert {name: f"redis://{name.partition('-')[0]}" for name in found} == found


def test_only_what_shows_pages_or_makes_tables_loads_the_admin() -> None:
    children = [plan().preparation(), *plan().processes(), plan().feed()]
    assert {child.name for child in children if "GOVSITE_PAGES" not in child.environment} == {"prepare", "web"}


def test_the_market_falls_silent_before_those_who_act_on_it() -> None:
    children = [*plan().processes(), plan().feed()]
    stages = {child.name: child.stage for child in children}
    assert stages["feed"] > stages["agents"] > stages["governor"] > stages["executor"] > stages["relay"]


def test_the_feed_is_told_what_the_user_chose() -> None:
    chosen = plan(feed="replay", paths=("/a.jsonl", "/b.jsonl"), speed="max")
    assert arguments_of(chosen, "feed") == [
        *("runfeed", "--feed", "replay", "--speed", "max"),
        *("--path", "/a.jsonl", "/b.jsonl"),
    ]
    assert arguments_of(plan(feed="synthetic", seed=7), "feed")[-2:] == ["--seed", "7"]


def test_only_a_replay_may_come_to_its_end() -> None:
    assert plan(feed="replay", paths=("/a",)).feed().lives == "until_done"
    assert plan(feed="live").feed().lives == "always"


def test_recordings_are_listed_before_they_are_traded() -> None:
    prepare = arguments_of(plan(paths=("/a.jsonl",)), "prepare")
    assert prepare[:2] == ["stack", "prepare"]
    assert prepare[-2:] == ["--path", "/a.jsonl"]


def test_the_same_council_is_seated_and_run() -> None:
    benched = plan(council="bench")
    for name in ("prepare", "agents"):
        arguments = arguments_of(benched, name)
        assert arguments[arguments.index("--council") + 1] == "bench", name


def test_what_the_cores_are_given_is_recorded_by_name() -> None:
    recorded = plan(record=Path("/kept"))
    for name in ("agents", "governor", "executor"):
        assert arguments_of(recorded, name)[-2:] == ["--record", f"/kept/{name}.jsonl"]
    assert "--record" not in arguments_of(plan(), "governor")
