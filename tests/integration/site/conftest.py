"""A ledger with a history in it, and Django looking at the same database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from pytest_django import Settings

from execution.projections import ExecutionProjection
from governance.projections import GovernanceProjection
from ledger.application import LedgerApplication
from ledger.projector import Projector
from tests.integration.site.viewer import ORIGIN, Viewer, leave
from tests.unit.site.history import History


@contextmanager
def django_at(url: str, blocker: Any) -> Iterator[str]:
    """Django's default database is the one at `url`."""
    with pytest.MonkeyPatch.context() as patch:
        connection = connections["default"]
        connection.close()
        patch.setitem(connection.settings_dict, "NAME", url.rpartition("/")[2])
        patch.setattr(settings, "DATABASE_URL", url)
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        with blocker.unblock():
            yield url
            connections.close_all()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Slow hashes are for those who guess."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def database(ledger_url: str, django_db_blocker: Any) -> Iterator[str]:
    """Django's default database is the ledger's, migrated and empty."""
    with django_at(ledger_url, django_db_blocker) as url:
        yield url


class Writer:
    """Commits what a history tells, and projects it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.history = History()
        self.governance = LedgerApplication(url, "governance", owner="test")
        self.execution = LedgerApplication(url, "execution", owner="test")
        self.governance.acquire()
        self.execution.acquire()

    def commit(self) -> None:
        for application, events in (
            (self.governance, self.history.governance),
            (self.execution, self.history.execution),
        ):
            if events:
                application.commit(list(events))
                events.clear()

    def project(self) -> int:
        projector = Projector(self.url, [GovernanceProjection(), ExecutionProjection()])
        projector.connect()
        try:
            return projector.catch_up()
        finally:
            projector.close()

    def show(self, tell: Callable[[History], object]) -> None:
        """Tells, commits and projects."""
        tell(self.history)
        self.commit()
        self.project()

    def close(self) -> None:
        self.governance.close()
        self.execution.close()


@pytest.fixture
def writer(database: str) -> Iterator[Writer]:
    writer = Writer(database)
    yield writer
    writer.close()


@pytest.fixture
def operator(database: str) -> User:
    return User.objects.create(username="ada", is_staff=True, is_superuser=True)


@pytest.fixture
def cookie(operator: User) -> bytes:
    """The header of a browser in which the operator is logged in."""
    client = Client()
    client.force_login(operator)
    return f"sessionid={client.cookies['sessionid'].value}".encode()


@pytest.fixture
def layers(redis_url: str) -> Iterator[None]:
    """A channel layer of this test's event loop."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()


@pytest.fixture
async def viewer(cookie: bytes, layers: None) -> AsyncIterator[Viewer]:
    viewer = Viewer(ORIGIN, (b"cookie", cookie))
    assert (await viewer.socket.connect())[0]
    yield viewer
    await viewer.socket.disconnect()
    await leave()
