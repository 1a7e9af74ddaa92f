"""Two people at two browsers, with a governor behind the pages: a halt takes one of them, to leave it takes both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from ledger import gate
from ledger.models import LedgerEvent
from tests.browser.conftest import PASSWORD, Site, log_in
from tests.integration.conftest import empty
from tests.integration.site.conftest import django_at
from tests.integration.site.test_govern import governed, people
from tests.servers import wait_until

__all__ = ["governed", "people"]
pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000


@pytest.fixture
def database(migrated_url: str, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    empty(migrated_url)
    # Playwright's event loop runs in this thread, so Django would refuse its ORM here.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with django_at(migrated_url, django_db_blocker) as url:
        yield url


@pytest.fixture
def pages(chromium: Browser, governed: str, redis_url: str, tmp_path: Path) -> Iterator[list[Page]]:
    """Of ann and of bob, each in a browser of their own."""
    User.objects.update(password=make_password(PASSWORD))  # in one statement: no signals, which need a thread of ours
    site = Site(governed, redis_url, tmp_path)
    contexts = [chromium.new_context(viewport={"width": 1400, "height": 900}) for _ in range(2)]
    yield [log_in(context, site, name) for context, name in zip(contexts, ("ann", "bob"), strict=True)]
    for context in contexts:
        context.close()
    site.stop()


def resume(page: Page, reason: str) -> None:
    """Asks to resume; the dialog stays open with what came of it."""
    if not page.locator("#resume-dialog").is_visible():
        page.click("#resume")
    page.fill("#resume-dialog textarea", reason)
    page.click("#resume-dialog button.resume")


def both_show(pages: list[Page], mode: str, words: str = "") -> None:
    for page in pages:
        expect(page.locator("#mode")).to_have_attribute("data-mode", mode, timeout=PATIENCE_MS)
        if words:
            expect(page.locator("#mode-banner")).to_contain_text(words, timeout=PATIENCE_MS)


@pytest.mark.timeout(180)
def test_one_person_halts_and_it_takes_another_one_to_end_it(pages: list[Page]) -> None:
    ann, bob = pages
    both_show(pages, "NORMAL")
    ann.click("#halt")
    ann.fill("#halt-dialog textarea", "odd fills")
    ann.click("#halt-dialog button.halt")
    both_show(pages, "HALTED", "by operator:ann: “odd fills”")
    halted = LedgerEvent.objects.filter(event="TradingHalted")
    wait_until(halted.exists, "the governor has seen the halt")
    resume(ann, "they were right")
    both_show(pages, "REDUCE_ONLY", "they were right")
    resume(ann, "all of it")
    answer = ann.locator("#resume-dialog [data-answer]")
    expect(answer).to_contain_text("another operator can", timeout=PATIENCE_MS)
    both_show(pages, "REDUCE_ONLY")
    assert gate.read(connection, "demo").mode == "REDUCE_ONLY"
    resume(bob, "seen it too")
    both_show(pages, "NORMAL")
    for page in pages:
        expect(page.locator("#mode-banner")).to_be_hidden()
    assert gate.read(connection, "demo").mode == "NORMAL"
