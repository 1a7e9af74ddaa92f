"""Verification from a page: it runs in a process of its own, and its state is kept in Redis for every page to show."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from argparse import ArgumentParser
from io import StringIO
from typing import Any, cast

import msgspec
import psycopg
import redis
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from msgspec import Struct, field
from rich.progress import Progress, TaskID

from governance.audit import Scope
from govsite.access import roles
from govsite.auditing import verify
from govsite.auditing.checkpoint import public_key_file
from govsite.ops.frame import page_context
from govsite.ops.market import REDIS_PATIENCE_S
from govsite.ops.reading import reading
from ledger import audit
from ledger.checkpoint_review import own_fault
from ledger.checkpoints import Checkpoint, read
from ledger.records import GENESIS
from ledger.signing import BadKey, Trusted, trusted
from streams.client import connect

KEPT = "verification"
LOCK, LOCK_S = "verification:lock", 20
SILENT_S = 15.0
EVERY_S = 0.25
CHECKPOINTS_SHOWN, LINES_KEPT = 30, 200
TITLES = {
    "chain": "Hash chains",
    "checkpoints": "Signed checkpoints",
    "archive": "Archive against table",
    "decisions": "Decisions derived again",
    "snapshots": "Snapshots against a fold",
    "read_models": "Read models against a rebuild",
}
USUAL = ("chain", "checkpoints", "archive", "decisions")


class Part(Struct):
    """`state`: waiting, running, whole or broken; `done` of `total` rows of what it is at."""

    name: str
    state: str = "waiting"
    lines: list[str] = field(default_factory=list)
    doing: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0

    @property
    def title(self) -> str:
        return TITLES[self.name]


class Run(Struct):
    """One verification; times in seconds since 1970. `beat_at` is when its process last said that it lives."""

    id: str
    who: str
    parts: list[Part]
    started_at: float
    beat_at: float
    ended_at: float = 0.0
    trouble: str = ""

    @property
    def state(self) -> str:
        if self.ended_at:
            whole = not self.trouble and all(part.state == "whole" for part in self.parts)
            return "whole" if whole else "broken"
        return "running" if time.time() - self.beat_at < SILENT_S else "lost"


# --- what pages see -----------------------------------------------------------------------------------


def last() -> Run | None:
    """The last run that is known; None where there was none, or where Redis has forgotten or is away."""
    try:
        with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as kept:
            raw = cast("bytes | None", kept.get(KEPT))
    except redis.RedisError:
        return None
    try:
        return msgspec.json.decode(raw, type=Run) if raw else None
    except msgspec.DecodeError:  # of another release
        return None


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
@permission_required(roles.EXPLORE, raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """How the last verification went or goes, and the checkpoints; a POST starts one. `?part=progress` gives what
    changes by itself."""
    if request.method == "POST":
        return _start(request)
    if request.GET.get("part") == "progress":
        return render(request, "site/verify_progress.html", {"run": last()})
    context = {
        **page_context(request, "verify"),
        "run": last(),
        "parts": [(name, title, name in USUAL) for name, title in TITLES.items()],
        "checkpoints": _checkpoints(),
        "shown": CHECKPOINTS_SHOWN,
    }
    return render(request, "site/verify.html", context)


def _start(request: HttpRequest) -> HttpResponse:
    chosen = [name for name in TITLES if name in request.POST.getlist("part")]
    unknown = sorted(set(request.POST.getlist("part")) - TITLES.keys())
    errors = [f"part: there is no {name[:60]!r}; there are: {', '.join(TITLES)}" for name in unknown]
    if not chosen and not errors:
        errors = [f"Choose at least one part: {', '.join(TITLES.values())}."]
    if not errors:
        try:
            errors = start(request.user.get_username(), chosen)
        except redis.RedisError as error:
            errors = [f"Redis, which keeps the state of a verification, does not answer: {error}"]
    if errors:
        context = {**page_context(request, "verify"), "back": request.path, "errors": errors}
        return render(request, "site/not_decided.html", context, status=400)
    return redirect("verify")


def start(who: str, parts: list[str]) -> list[str]:
    """Starts a process for it; gives what is in the way."""
    with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as kept:
        if not kept.set(LOCK, who, nx=True, ex=LOCK_S):
            return ["A verification is under way already; its progress is on the page."]
        run = Run(str(uuid.uuid4()), who, [Part(name) for name in parts], time.time(), time.time())
        kept.set(KEPT, msgspec.json.encode(run))
    environment = {
        **os.environ,
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        "GOVSITE_DATA_DIR": str(settings.DATA_DIR),
    }
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "verification", run.id]
    process = subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    threading.Thread(target=process.wait, name="verification", daemon=True).start()  # else it would stay a zombie
    return []


def _checkpoints() -> list[dict[str, Any]]:
    """The newest of each log, each with what is wrong with its signature or its place in their chain."""
    try:
        keys, trouble = trusted(public_key_file()), ""
    except BadKey as error:
        keys, trouble = Trusted({}), str(error)
    told: list[dict[str, Any]] = []
    with reading() as connection:
        for log, partition, position, _ in audit.heads(connection):
            told += _of_log(keys, trouble, _newest(connection, log, partition, position))
    return told


def _newest(connection: audit.Connection, log: str, partition: int, position: int) -> list[Checkpoint]:
    """One more than is shown: the first is only what the second follows on."""
    row = connection.execute(
        """SELECT min(last) FROM (SELECT last FROM checkpoint WHERE log = %s AND partition = %s
        ORDER BY last DESC LIMIT %s) AS newest""",
        [log, partition, CHECKPOINTS_SHOWN + 1],
    ).fetchone()
    first = row[0] if row and row[0] is not None else position
    return read(connection, log, partition, first - 1)


def _of_log(keys: Trusted, trouble: str, found: list[Checkpoint]) -> list[dict[str, Any]]:
    told, before = [], None
    for one in found:
        end, previous = (before.last, before.hash) if before else (one.first - 1, one.previous)
        if one.first == 1:
            end, previous = 0, GENESIS
        told.append({"row": one, "fault": trouble or own_fault(one, keys, end, previous), "hash": one.hash.hex()})
        before = one
    return told[: -CHECKPOINTS_SHOWN - 1 : -1]


# --- the process --------------------------------------------------------------------------------------


class Teller(Progress):
    """What a part says of its progress, kept for the pages a few times a second instead of drawn."""

    def __init__(self, kept: redis.Redis, run: Run) -> None:
        super().__init__(disable=True)
        self.kept, self.run, self.told_at = kept, run, 0.0
        self.part = run.parts[0]

    def add_task(
        self,
        description: str,
        start: bool = True,
        total: float | None = 100.0,
        completed: int = 0,
        visible: bool = True,
        **fields: Any,
    ) -> TaskID:
        self.part.doing, self.part.done, self.part.total = description, completed, int(total or 0)
        self.tell()
        return super().add_task(description, start, total, completed, visible, **fields)

    def update(self, task_id: Any, *, completed: float | None = None, **options: Any) -> None:
        self.part.done = int(completed or 0)
        if time.monotonic() - self.told_at >= EVERY_S:
            self.tell()

    def tell(self) -> None:
        self.told_at, self.run.beat_at = time.monotonic(), time.time()
        self.kept.set(KEPT, msgspec.json.encode(self.run))
        self.kept.expire(LOCK, LOCK_S)


def run(run_id: str) -> bool:
    """Goes through the parts of the run that was started under this id; False where anything does not hold."""
    with connect(settings.REDIS_URL) as kept:
        raw = cast("bytes | None", kept.get(KEPT))
        found = msgspec.json.decode(raw, type=Run) if raw else None
        if found is None or found.id != run_id:
            raise LookupError(f"there is no verification {run_id} to run")
        teller = Teller(kept, found)
        beating = threading.Event()
        heart = threading.Thread(target=_beat, args=(teller, beating), daemon=True)
        heart.start()
        try:
            with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
                _go(connection, teller)
        except (psycopg.Error, OSError) as error:
            found.trouble = f"It ended before its time: {error}"
        finally:
            beating.set()
            heart.join()
            found.ended_at = time.time()
            teller.tell()
            kept.delete(LOCK)
    return found.state == "whole"


def _beat(teller: Teller, ended: threading.Event) -> None:
    """A part may be silent for long; that its process lives is said all the same."""
    while not ended.wait(LOCK_S / 10):
        teller.tell()


def _go(connection: verify.Connection, teller: Teller) -> None:
    parser = ArgumentParser()
    verify.add_arguments(parser)
    options = vars(parser.parse_args([]))
    for part in teller.run.parts:
        teller.part, part.state = part, "running"
        teller.tell()
        began, out = time.monotonic(), StringIO()
        inquiry = verify.Inquiry(connection, options, Scope(), everything=True, out=out, progress=teller)
        part.state = "whole" if inquiry.part(part.name) else "broken"
        part.lines, part.seconds = out.getvalue().splitlines()[:LINES_KEPT], time.monotonic() - began
        part.doing = ""
