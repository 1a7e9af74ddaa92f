"""A governance log to decide in, and executors over real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from execution.executor import Executor
from execution.venues.remote import RemoteVenue
from streams.stopping import Stop
from tests.integration.execution.council import Council

Hire = Callable[..., Executor]


@pytest.fixture
def council(ledger_url: str, redis_url: str) -> Iterator[Council]:
    """The demo book, founded and funded."""
    council = Council(ledger_url, redis_url)
    council.found()
    yield council
    council.close()


@pytest.fixture
def hire(ledger_url: str, redis_url: str) -> Iterator[Hire]:
    """Makes executors that are closed at the end."""
    hired: list[Executor] = []

    def make(
        record: Path | None = None,
        kind: type[Executor] = Executor,
        owner: str = "test",
        venue: RemoteVenue | None = None,
    ) -> Executor:
        made = kind(database_url=ledger_url, redis_url=redis_url, stop=Stop(), record=record, owner=owner, venue=venue)
        hired.append(made)
        return hired[-1]

    yield make
    for executor in hired:
        executor.close()
