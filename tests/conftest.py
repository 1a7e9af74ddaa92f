"""Fixtures for all tests: an empty Redis, the folder of recordings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

# How fast a machine is decides no test, and all machines try the same cases; `HYPOTHESIS=explore` looks for new ones.
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", settings.get_profile("anywhere"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS", "anywhere"))

MARKET = Path(__file__).resolve().parent.parent.parent / "shared" / "market"


@pytest.fixture
def redis_url() -> Iterator[str]:
    """An empty Redis."""
    url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(url) as connection:
        connection.flushall()
    yield url
    with redis.Redis.from_url(url) as connection:
        connection.flushall()


@pytest.fixture
def recordings() -> Path:
    """The folder of real recordings; the test is skipped where it is not there."""
    if not MARKET.exists():
        pytest.skip(f"the real recordings are not there: {MARKET}")
    return MARKET
