"""Which processes a stack consists of, with which arguments, and in which order they stop."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Literal

from django.conf import settings

from govsite.stack.child import Child
from govsite.tracing import ENDPOINTS

PROJECT = Path(__file__).resolve().parent.parent.parent
FEEDS = ("live", "replay", "synthetic")
DEMO = ("demo",)
RECORDED = ("agents", "governor", "executor")


class Stage(IntEnum):
    """The last stage stops first: the market falls silent, then those who act on it, then those who show it."""

    POSTGRES = 0
    VALKEY = 1
    READERS = 2
    EXECUTOR = 3
    GOVERNOR = 4
    AGENTS = 5
    FEED = 6


@dataclass(frozen=True)
class Options:
    """What the user chose; paths are absolute."""

    feed: Literal["live", "replay", "synthetic"] = "live"
    paths: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    symbols: str = ""
    urls: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    fallback: str = ""
    patience: str = ""
    record_market: Path | None = None
    start_at: str = ""
    scenario: str = ""
    speed: str = "1"
    rate: float | None = None
    seed: int | None = None
    port: int = 8000
    seconds: float | None = None
    record: Path | None = None
    loop: bool = False
    council: Literal["demo", "bench"] = "demo"
    metronome: int | None = None
    dashboard: bool = True
    books: tuple[str, ...] = DEMO


def _numbered(name: str, count: int) -> list[str]:
    """One of a kind has no number."""
    return [name if number == 1 else f"{name}-{number}" for number in range(1, count + 1)]


def _kind(name: str) -> str:
    return re.sub(r"-\d+$", "", name)


@dataclass(frozen=True)
class Plan:
    """The children of one stack; `environment` tells them where the servers and the data directory are, `accounts` some
    by their kind what they are told besides: their own accounts on the servers."""

    options: Options
    data_dir: Path
    environment: dict[str, str]
    accounts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def preparation(self) -> Child:
        """Tables, operators and the demo book, once at every start."""
        options = self.options
        arguments = ["--council", options.council]
        if options.books != DEMO:
            arguments += ["--books", *options.books]
        if options.paths:
            arguments += ["--path", *options.paths]
        if options.feed == "live":
            arguments += self._venues()
        return self._command("prepare", "stack", "prepare", *arguments, lives="once", pages=True)

    def processes(self) -> Iterator[Child]:
        """Everything but the servers and the feed."""
        yield self._command("relay", "runrelay")
        for name in _numbered("governor", settings.PARTITIONS):
            yield self._command(name, "rungovernor", *self._record("governor"), stage=Stage.GOVERNOR)
        for name in _numbered("executor", settings.PARTITIONS):
            yield self._command(name, "runexecutor", *self._record("executor"), stage=Stage.EXECUTOR)
        for name, book in zip(_numbered("agents", len(self.options.books)), self.options.books, strict=True):
            council = self._council() + ([] if (book,) == DEMO else ["--book", book])
            yield self._command(name, "runagents", *council, *self._record(name), stage=Stage.AGENTS)
        yield self._command("projector", "runprojector")
        yield self._web()
        yield self._worker()
        if any(os.environ.get(name) for name in ENDPOINTS):
            yield self._command("traces", "runtraces")

    def dashboard(self) -> Child:
        """Builds it, beside the running market."""
        return self._command("dashboard", "dashboard", lives="once", pages=True)

    def feed(self) -> Child:
        """The market; a replay may come to its end, everything else comes back."""
        options = self.options
        arguments = ["--feed", options.feed, "--speed", options.speed]
        if options.paths:
            arguments += ["--path", *options.paths]
        arguments += self._venues()
        for name, value in (
            ("--scenario", options.scenario),
            ("--fallback", options.fallback),
            ("--patience", options.patience),
            ("--record", options.record_market),
            ("--start-at", options.start_at),
            ("--seed", options.seed),
            ("--rate", options.rate),
        ):
            if value not in (None, ""):
                arguments += [name, str(value)]
        if options.loop:
            arguments.append("--loop")
        lives: Literal["always", "until_done"] = "until_done" if options.feed == "replay" else "always"
        return self._command("feed", "runfeed", *arguments, stage=Stage.FEED, lives=lives)

    def _venues(self) -> list[str]:
        options = self.options
        arguments = ["--symbols", options.symbols] if options.symbols else []
        for name, values in (("--venue", options.venues), ("--url", options.urls), ("--rest", options.rest)):
            if values:
                arguments += [name, *values]
        return arguments

    def _council(self) -> list[str]:
        pace = ["--metronome", str(self.options.metronome)] if self.options.metronome else []
        return ["--council", self.options.council, *pace]

    def _record(self, name: str) -> list[str]:
        return ["--record", str(self.options.record / f"{name}.jsonl")] if self.options.record else []

    def _web(self) -> Child:
        address = ("-b", "127.0.0.1", "-p", str(self.options.port))
        quiet = ("-v", "0")  # open pages ask once a second, and each request would be a line
        return self._module("web", "daphne", *quiet, *address, "govsite.asgi:application", pages=True)

    def _worker(self) -> Child:
        """One worker with beat inside; a thread for the work, so that the heart beats meanwhile."""
        schedule = str(self.data_dir / "celerybeat-schedule")
        settings = ("-B", "-s", schedule, "--pool", "threads", "--concurrency", "2", "--loglevel", "INFO")
        alone = ("--without-gossip", "--without-mingle")
        return self._module("worker", "celery", "-A", "govsite", "worker", *settings, *alone)

    def _command(
        self,
        name: str,
        *arguments: str,
        stage: Stage = Stage.READERS,
        lives: Literal["always", "until_done", "once"] = "always",
        pages: bool = False,
    ) -> Child:
        command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        return Child(name, command, stage, self._environment(name, pages), directory=str(PROJECT), lives=lives)

    def _module(self, name: str, *arguments: str, pages: bool = False) -> Child:
        command = [sys.executable, "-m", *arguments]
        return Child(name, command, Stage.READERS, self._environment(name, pages), directory=str(PROJECT))

    def _environment(self, name: str, pages: bool) -> dict[str, str]:
        """A process that shows no page loads nothing of the admin; one of several is as the others of its kind."""
        own = {**self.environment, **self.accounts.get(_kind(name), {})}
        return own if pages else {**own, "GOVSITE_PAGES": "none"}
