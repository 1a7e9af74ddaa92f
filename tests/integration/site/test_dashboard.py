"""The dashboard under /dashboard/: pages behind the login, scripts for every browser, nothing of elsewhere."""

from __future__ import annotations

import gzip
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from govsite.dashboard import building
from govsite.dashboard.scripts import Scripts
from tests.integration.site.people import browser

SCRIPT = "self.__next_f.push([1])"
PAGE = f"<!doctype html><script src='/x.js'></script><script>{SCRIPT}</script>"
SOURCE = f"'sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}'"


@pytest.fixture(autouse=True)
def out(tmp_path: Path, settings: Any) -> Path:
    """A small export; beside it something that is nobody's business."""
    root = tmp_path / "out"
    chunks = root / "_next" / "static" / "chunks"
    chunks.mkdir(parents=True)
    (root / "agents").mkdir()
    for name in ("index.html", "agents/index.html", "404.html"):
        (root / name).write_text(PAGE)
    (chunks / "main.js").write_text("let a = 1;")
    (chunks / "main.js.gz").write_bytes(gzip.compress(b"let a = 1;"))
    (tmp_path / "secret.key").write_text("secret")
    settings.DASHBOARD_DIR = root
    return root


def test_a_page_is_for_who_is_logged_in(operator: User) -> None:
    refused = Client().get("/dashboard/agents/?agent=rule")
    assert (refused.status_code, refused["Location"]) == (302, "/admin/login/?next=/dashboard/agents/%3Fagent%3Drule")
    shown = browser(operator).get("/dashboard/agents/")
    assert (shown.status_code, shown.content.decode(), shown["Cache-Control"]) == (200, PAGE, "no-cache")


def test_only_its_own_inline_scripts_may_run(operator: User) -> None:
    policy = browser(operator).get("/dashboard/")["Content-Security-Policy"]
    sources = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert sources == f"script-src 'self' {SOURCE}"


def test_scripts_are_kept_by_browsers_for_ever(client: Client) -> None:
    plain = client.get("/dashboard/_next/static/chunks/main.js")
    assert (plain.status_code, plain.content) == (200, b"let a = 1;")
    assert "immutable" in plain["Cache-Control"]
    zipped = client.get("/dashboard/_next/static/chunks/main.js", headers={"Accept-Encoding": "gzip"})
    assert (zipped["Content-Encoding"], gzip.decompress(zipped.content)) == ("gzip", b"let a = 1;")
    assert zipped["ETag"] != plain["ETag"]
    again = client.get("/dashboard/_next/static/chunks/main.js", headers={"If-None-Match": plain["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def asked(address: str, *, method: str = "GET", accepts: str = "br, gzip") -> tuple[dict[str, Any], bytes]:
    """What goes out before Django is asked; Django's answer is 418."""

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    headers = [(b"accept-encoding", accepts.encode())]
    scope = {"type": "http", "method": method, "path": address, "headers": headers}
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        raise AssertionError("a GET has no body to wait for")

    await Scripts(pages)(scope, receive, send)
    start, body = sent
    return start | {"headers": {name.decode(): value.decode() for name, value in start["headers"]}}, body["body"]


async def test_scripts_do_not_wait_for_django() -> None:
    start, body = await asked("/dashboard/_next/static/chunks/main.js")
    assert (start["status"], gzip.decompress(body)) == (200, b"let a = 1;")
    assert start["headers"] == {
        "Content-Type": "text/javascript",
        "Content-Length": str(len(body)),
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        "Content-Encoding": "gzip",
    }
    plain, body = await asked("/dashboard/_next/static/chunks/main.js", accepts="identity")
    assert (body, "Content-Encoding" in plain["headers"]) == (b"let a = 1;", False)


@pytest.mark.parametrize(
    "address",
    [
        "index.html",
        "",
        "_next/static/../../index.html",
        "_next/static/../../../secret.key",
        "_next/static/none.js",
        "_next/static/\0",
    ],
)
async def test_all_else_is_for_django(address: str) -> None:
    assert (await asked(f"/dashboard/{address}"))[0]["status"] == 418


async def test_nothing_is_asked_of_an_export_that_is_not_there(out: Path) -> None:
    (out / "index.html").unlink()
    assert (await asked("/dashboard/_next/static/chunks/main.js"))[0]["status"] == 418
    assert (await asked("/dashboard/_next/static/chunks/main.js", method="POST"))[0]["status"] == 418


def test_an_address_without_its_slash_is_mended_with_its_question(client: Client) -> None:
    response = client.get("/dashboard/agents?agent=rule")
    assert (response.status_code, response["Location"]) == (301, "/dashboard/agents/?agent=rule")


MISSING = ["nothing/", "nothing.js", "../secret.key", "%2e%2e/secret.key", "_next/", "a" * 5000]


@pytest.mark.parametrize("address", MISSING)
def test_what_is_not_there_is_a_page_that_says_so(operator: User, address: str) -> None:
    response = browser(operator).get(f"/dashboard/{address}")
    assert (response.status_code, response.content.decode()) == (404, PAGE)


def test_without_an_export_it_says_how_to_get_one(client: Client, out: Path) -> None:
    (out / "index.html").unlink()
    response = client.get("/dashboard/")
    assert response.status_code == 503
    assert "make dashboard" in response.content.decode()


def test_nobody_writes_to_it(operator: User) -> None:
    assert browser(operator).post("/dashboard/").status_code == 405


def test_the_export_is_current_until_a_source_changes(tmp_path: Path) -> None:
    frontend, out = tmp_path / "frontend", tmp_path / "out"
    (frontend / "app").mkdir(parents=True)
    (tmp_path / "static/site/css").mkdir(parents=True)
    (tmp_path / "static/site/css/tokens.css").write_text(":root {}")
    (frontend / "app/page.tsx").write_text("one")
    assert not building.current(frontend, out)
    (out / building.BUILT).write_text(building.fingerprint(frontend))
    assert building.current(frontend, out)
    (frontend / "node_modules").mkdir()
    (frontend / "node_modules/x.js").write_text("not a source")
    assert building.current(frontend, out)
    (frontend / "app/page.tsx").write_text("two")
    assert not building.current(frontend, out)


def test_without_node_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(building.CannotBuild, match=r"Node 20\.9 or newer"):
        building.build(tmp_path, tmp_path / "out", print)


def test_an_old_node_is_named_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, said in (("node", "v18.19.0"), ("npm", "10.0.0")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {said}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(building.CannotBuild, match=r"is v18\.19\.0"):
        building.build(tmp_path, tmp_path / "out", print)


def test_the_operations_site_leads_to_it_where_it_is(operator: User, out: Path) -> None:
    link = '<a href="/dashboard/"'
    assert link in browser(operator).get("/books/").content.decode()
    (out / "index.html").unlink()
    assert link not in browser(operator).get("/books/").content.decode()
