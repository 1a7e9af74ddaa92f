"""The governor's shell: reads commands, ticks and executions, lets the chambers decide, commits, then announces."""

from __future__ import annotations

import logging
from pathlib import Path

from governance.session import LOST, Session
from ledger.errors import Fenced, LeaseHeld
from streams.journal import Journal
from streams.stopping import Stop, Stopping, persist

log = logging.getLogger(__name__)

PAUSE_S = 0.2


class Governor:
    """Owns the governance log of one partition and the chambers of its books."""

    def __init__(
        self,
        *,
        database_url: str,
        redis_url: str,
        stop: Stop,
        record: Path | None = None,
        partition: int = 0,
        owner: str = "",
        waits: bool = True,
    ) -> None:
        """`waits`: for a lease that another has; otherwise this governor ends then."""
        self.database_url = database_url
        self.redis_url = redis_url
        self.stop = stop
        self.partition = partition
        self.owner = owner
        self.waits = waits
        self.journal = Journal(record) if record else None
        self._careful = False

    def run(self) -> None:
        """Serves until told to stop; whatever fails on the way, it recovers from the ledger, as at a start."""
        while not self.stop:
            try:
                self._serve()
            except Stopping:
                break
            except LeaseHeld as error:
                log.info("partition %d is another's: %s", self.partition, error)
                break
            except LOST as error:
                log.warning("lost a connection (%s): recovering from the ledger", str(error).strip() or error)
            except Fenced as error:
                log.warning("another governor writes this log (%s): starting again", error)
            except Exception:
                log.exception("a pass failed: recovering from the ledger")
                self._careful = True  # whatever it was that cannot be taken, alone it is found
                self.stop.wait(PAUSE_S)
        if self.journal:
            self.journal.close()

    def _serve(self) -> None:
        session = persist("PostgreSQL and Redis", self._connect, self.stop, errors=LOST)
        try:
            held = (LeaseHeld,) if self.waits else ()
            head = persist("the lease of the governance log", session.ledger.acquire, self.stop, errors=held)
            with session.ledger.held():  # a long log takes longer to fold than a lease lasts
                session.recover(head)
            log.info("governing %s from position %d", ", ".join(session.chambers) or "no book yet", head.position)
            self._careful = False
            while not self.stop:
                session.pass_once()
            session.settle_open_rounds()
        finally:
            session.close()

    def _connect(self) -> Session:
        return Session(
            self.database_url,
            self.redis_url,
            self.journal,
            careful=self._careful,
            partition=self.partition,
            owner=self.owner,
        )
