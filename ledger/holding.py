"""Holds the partitions that are a process's share of a log: one thread a partition, each a writer with a lease."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import cast

import psycopg
import redis

from ledger.errors import LedgerError
from ledger.recorder import LEASE_S
from ledger.session import Session
from ledger.sharing import Move, next_move
from streams.client import connect
from streams.messages import Log
from streams.stopping import Stop

log = logging.getLogger(__name__)

EVERY_S = 0.25
SEEN_S = 3  # a process that was not heard of for so long has no share any more
POSTGRES_LOST = (psycopg.OperationalError, psycopg.InterfaceError)


class Undivided(LedgerError):
    """The ledger is new."""


NOT_READY = (*POSTGRES_LOST, psycopg.errors.UndefinedTable, redis.RedisError, Undivided)

_HEADS = "SELECT partition, owner, lease_until > clock_timestamp() FROM head WHERE log = %s ORDER BY partition"

Serve = Callable[[int, Stop], None]


class Holding:
    """`serve(partition, stop)` writes one partition under the name `owner` until it is stopped, and returns by itself
    when it finds that another process has the lease. What keeps writers apart is the lease and its epoch alone: a look
    that is out of date costs a claim that is refused."""

    def __init__(self, database_url: str, redis_url: str, name: Log, *, owner: str, serve: Serve, stop: Stop) -> None:
        self.name = name
        self.owner = owner
        self.stop = stop
        self._serve = serve
        self._session = Session(database_url, f"{name} holding")
        self._redis = connect(redis_url, timeout_s=2.0)
        self._threads: dict[int, tuple[threading.Thread, Stop]] = {}

    def run(self) -> None:
        """Until told to stop; then every partition ends in its own way, and its lease with it."""
        said = ""
        try:
            while not self.stop:
                try:
                    self.look()
                    said = ""
                except NOT_READY as error:
                    if said != (said := str(error).strip() or type(error).__name__):
                        log.warning("the shares of the %s log cannot be looked at: %s", self.name, said.splitlines()[0])
                self.stop.wait(EVERY_S)
        finally:
            self._end()

    def look(self) -> None:
        """Takes one step towards a fair share."""
        self._threads = {number: known for number, known in self._threads.items() if known[0].is_alive()}
        heads = self._session.run(_HEADS, (self.name,))
        if not heads:
            raise Undivided(f"the {self.name} log has no partitions yet: `manage.py stack prepare` makes them")
        holders = {number: owner for number, owner, runs in heads if runs}
        held = {name: {p for p, owner in holders.items() if owner == name} for name in self._alive()}
        held[self.owner] = set(self._threads)
        free = {number for number, _, runs in heads if not runs} - set(self._threads)
        move = next_move(self.owner, held, free)
        if any(stop for _, stop in self._threads.values()):
            return  # what is being given up is waited for
        if move is not None:
            self._make(move)

    def _alive(self) -> set[str]:
        """Tells that this process lives, and asks who else does."""
        prefix = f"holds:{self.name}:"
        self._redis.set(f"{prefix}{self.owner}", "", ex=SEEN_S)
        keys = cast("list[bytes]", list(self._redis.scan_iter(f"{prefix}*", count=1000)))
        return {key.decode().removeprefix(prefix) for key in keys}

    def _make(self, move: Move) -> None:
        log.info("%s: %s partition %d", self.name, move.kind, move.partition)
        if move.kind == "give up":
            self._threads[move.partition][1].set()
            return
        stop = Stop()
        thread = threading.Thread(
            target=self._serve, args=(move.partition, stop), name=f"{self.name} {move.partition}", daemon=True
        )
        self._threads[move.partition] = thread, stop
        thread.start()

    def _end(self) -> None:
        for _, stop in self._threads.values():
            stop.set()
        for thread, _ in self._threads.values():
            thread.join(LEASE_S * 2)
        self._session.close()
        try:
            self._redis.delete(f"holds:{self.name}:{self.owner}")
        except redis.RedisError as error:
            log.info("left without a word, Redis is gone: %s", error)
        self._redis.close()
