"""What is done to a stack: processes killed, paused, doubled; servers stalled, set back, without space."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, cast

import psutil
import psycopg
import redis

from govsite.chaos.victim import NAMES, Broken, Victim, until
from ledger import gate, outbox
from streams.envelope import Envelope
from streams.messages import ResumeTrading

BOOK = "demo"
LEASE_S = 3.0
KILLED = tuple(NAMES)

Fault = Callable[[Victim, Random], None]


def kill(name: str) -> Fault:
    """SIGKILL, at whatever it is doing."""

    def do(victim: Victim, random: Random) -> None:
        until(lambda: victim.find(name), f"{name} runs", 60)
        process = victim.find(name)
        if process is not None:
            process.kill()

    return do


def stall(name: str) -> Fault:
    """A server that neither answers nor closes its connections, as behind a network that drops everything."""

    def do(victim: Victim, random: Random) -> None:
        with _paused(victim.families(name)):
            time.sleep(random.uniform(1.0, 5.0))

    return do


def usurp(name: str) -> Fault:
    """A writer is paused until another has taken its lease over; then it wakes up."""

    def do(victim: Victim, random: Random) -> None:
        with _paused(victim.families(name)):
            second = victim.start(NAMES[name])
            try:
                until(lambda: _owner_changed(victim, name), f"another {name} takes over", 60)
                time.sleep(random.uniform(0.0, 1.0))
            except BaseException:
                second.kill()
                second.wait()
                raise
        time.sleep(random.uniform(0.5, 2.0))
        second.send_signal(random.choice((signal.SIGTERM, signal.SIGKILL)))
        second.wait(30)

    return do


def double(name: str) -> Fault:
    """A second one is started by mistake beside the first."""

    def do(victim: Victim, random: Random) -> None:
        second = victim.start(NAMES[name])
        time.sleep(random.uniform(LEASE_S, 2 * LEASE_S))
        if second.poll() is not None:
            raise Broken(f"a second {name} ended with exit code {second.returncode} instead of waiting")
        second.send_signal(signal.SIGTERM)
        second.wait(30)

    return do


def set_back(victim: Victim, random: Random) -> None:
    """Valkey dies and comes back with what it had a second ago."""
    directory = victim.directory / "valkey"
    past = victim.directory / "valkey.past"
    shutil.rmtree(past, ignore_errors=True)
    with victim.redis() as connection:  # until it starts again it writes its log anew no more: files would be missing
        connection.config_set("auto-aof-rewrite-percentage", 0)
        until(lambda: not _rewrites(connection), "valkey has written its log anew", 60)
    shutil.copytree(directory / "appendonlydir", past)
    time.sleep(random.uniform(0.8, 1.2))
    process = victim.find("valkey")
    if process is None:
        raise Broken("valkey does not run")
    process.kill()
    psutil.wait_procs([process], timeout=5)
    shutil.rmtree(directory / "appendonlydir")
    past.rename(directory / "appendonlydir")


def _rewrites(connection: redis.Redis) -> bool:
    told = cast("dict[str, Any]", connection.info("persistence"))
    return bool(told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])


def halt(victim: Victim, random: Random) -> None:
    """Trading is halted in the database while orders are on their way; two people let it go on."""
    with victim.database() as connection:
        gate.halt(connection, BOOK, who="operator:chaos", why="chaos", command_id=f"chaos:{uuid.uuid4()}")
    time.sleep(random.uniform(0.5, 2.0))
    with contextlib.suppress(Broken):  # killing somebody meanwhile is part of it
        kill(random.choice(("executor", "governor", "relay")))(victim, random)
    until(lambda: _mode(victim) == "HALTED", "the governor has recorded the halt", 60)
    for who, mode in (("operator:ann", "REDUCE_ONLY"), ("operator:bob", "NORMAL")):
        resume = Envelope(
            id=f"chaos:{uuid.uuid4()}",
            body=ResumeTrading(reason="chaos is over"),
            actor=who,
            sent_at=time.time_ns(),
            book=BOOK,
        )
        with victim.database() as connection:
            outbox.enqueue(connection, resume, victim.desk)
        until(lambda mode=mode: _gate(victim) == mode, f"the book is {mode}", 60)  # type: ignore[misc]


def fill_disk(directory: Path, victim: Victim, random: Random) -> None:
    """The file system of PostgreSQL is filled until nothing is committed, and has space again some seconds later."""
    ballast = directory / "ballast"
    try:
        with ballast.open("wb") as file:
            until(lambda: _takes_all(directory, file.fileno()) and _stands_still(victim), "nothing is committed", 60)
        time.sleep(random.uniform(1.0, 5.0))
    finally:
        ballast.unlink()


FAULTS: Mapping[str, Fault] = {
    **{f"kill -9 {name}": kill(name) for name in KILLED},
    "stall of Valkey (SIGSTOP 1 to 5 s)": stall("valkey"),
    "stall of PostgreSQL (SIGSTOP 1 to 5 s)": stall("postgres"),
    "governor paused, its lease taken, woken up": usurp("governor"),
    "executor paused, its lease taken, woken up": usurp("executor"),
    "a second governor by mistake": double("governor"),
    "a second executor by mistake": double("executor"),
    "a second relay by mistake": double("relay"),
    "Valkey restored from a second ago": set_back,
    "halt, a kill, two people resume": halt,
}


@contextlib.contextmanager
def _paused(family: list[psutil.Process]) -> Iterator[None]:
    """The head first, so that it starts nothing meanwhile; all go on afterwards, whatever happened."""
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def _takes_all(directory: Path, file: int) -> bool:
    """Whatever is free, also what was let go of meanwhile."""
    with contextlib.suppress(OSError):  # somebody else took the last of it
        free = shutil.disk_usage(directory).free
        if free:
            os.posix_fallocate(file, os.fstat(file).st_size, free)
    return True


def _stands_still(victim: Victim) -> bool:
    """Whether a second passes without a commit to the governance log."""
    before = _head(victim)
    time.sleep(1.0)
    return _head(victim) == before


def _head(victim: Victim) -> int | None:
    try:
        with victim.database() as connection:
            row = connection.execute("SELECT position FROM head WHERE log = 'governance'").fetchone()
    except psycopg.Error:
        return None
    return row[0] if row else None


def _owner_changed(victim: Victim, name: str) -> bool:
    """Whether the lease runs and belongs to another process than the one that the stack has started."""
    process = victim.find(name)
    log = {"governor": "governance", "executor": "execution"}[name]
    with victim.database() as connection:
        row = connection.execute(
            "SELECT owner, lease_until > clock_timestamp() FROM head WHERE log = %s", [log]
        ).fetchone()
    return row is not None and row[1] and process is not None and row[0].split(":")[1] != str(process.pid)


def _mode(victim: Victim) -> str:
    query = """SELECT event FROM ledger WHERE log = 'governance' AND book = %s
        AND event IN ('TradingHalted', 'TradingReduced', 'TradingResumed') ORDER BY position DESC LIMIT 1"""
    with victim.database() as connection:
        row = connection.execute(query, [BOOK]).fetchone()
    return "HALTED" if row and row[0] == "TradingHalted" else ""


def _gate(victim: Victim) -> str:
    with victim.database() as connection:
        return gate.read(connection, BOOK).mode
