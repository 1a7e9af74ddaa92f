"""The accounts of all processes in the Redis of the tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from govsite.stack.embedded import logged_in
from tests.integration.conftest import password

As = Callable[[str], str]


@pytest.fixture
def redis_as(redis_url: str) -> As:
    """The URL of Redis for the account of a process."""
    return lambda account: logged_in(redis_url, account, password(account))
