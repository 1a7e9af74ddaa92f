"""The site as people meet it: a web server, a projector, a ledger with a history, and Chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.integration.conftest import empty
from tests.integration.conftest import migrated_url as migrated_url
from tests.integration.site.conftest import Writer, django_at
from tests.servers import wait_until

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct horse battery staple"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


class Site:
    """The processes behind the pages; `url` is where they are."""

    def __init__(self, database_url: str, redis_url: str, logs: Path) -> None:
        self.environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
        self.logs = logs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.projector = self._start("projector", "manage.py", "runprojector")
        self.start_web()

    def start_web(self) -> None:
        address = ("-b", "127.0.0.1", "-p", str(self.port))
        self.web = self._start("web", "-m", "daphne", *address, "govsite.asgi:application")
        wait_until(self._answers, "the web server answers", seconds=60)

    def stop_web(self) -> None:
        self.web.kill()
        self.web.wait(20)

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command], env=self.environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, TimeoutError):
            return False

    def stop(self) -> None:
        self.projector.terminate()
        self.projector.wait(20)
        self.stop_web()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def writer(chromium: Browser, migrated_url: str, django_db_blocker: Any) -> Iterator[Writer]:
    """A book with four decisions; the tests of a module add to it."""
    empty(migrated_url)
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's event loop runs in this thread, so Django would refuse its ORM here.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with django_at(migrated_url, django_db_blocker) as url:
            User.objects.create_superuser("ada", password=PASSWORD)
            writer = Writer(url)
            writer.history.found()
            for outcome in ("granted", "vetoed", "reduced", "refused"):
                writer.history.round(outcome=outcome, why="<img src=x onerror=hacked=1>")
            writer.commit()
            writer.project()
            yield writer
            writer.close()


@pytest.fixture(scope="module")
def site(writer: Writer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    redis_url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(redis_url) as connection:
        connection.flushall()
        site = Site(writer.url, redis_url, tmp_path_factory.mktemp("site"))
        yield site
        site.stop()
        connection.flushall()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    yield context
    context.close()


def log_in(context: BrowserContext, site: Site, name: str = "ada") -> Page:
    """The live page, after the login that it asks for; an error in its scripts fails the test."""
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"a script of the page failed: {error}"))
    page.goto(f"{site.url}/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{site.url}/")
    page.wait_for_selector("#connection:has-text('live')")
    return page
