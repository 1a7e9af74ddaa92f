"""What can go wrong when the ledger is written or read."""

from __future__ import annotations

import psycopg
from eventsourcing.persistence import DataError, IntegrityError


class LedgerError(Exception):
    """Nothing was written."""


class Fenced(LedgerError):
    """Another writer has taken over, or the log is not where this one believed it to be: recover from the ledger."""


class LeaseHeld(LedgerError):
    """Another writer's lease is still running."""


class GateClosed(LedgerError):
    """The book is halted, or its gate is in another mode than the caller believed."""


class GateHeld(LedgerError):
    """A halt waits for a session that does not let go of the gate; the message names it and says how to end it."""


class Conflict(LedgerError, IntegrityError):
    """An event with this aggregate and version, or a command with this id, is already recorded."""


class BadData(LedgerError, DataError):
    """The database does not take a value."""


class Corrupt(LedgerError):
    """The log does not say what it must: a gap, a wrong hash, a topic that nobody knows."""


_CODES: dict[str | None, type[LedgerError]] = {
    "LG001": Fenced,
    "LG002": GateClosed,
    "LG003": LeaseHeld,
    "LG004": BadData,
    "LG005": GateHeld,
}


def translated(error: psycopg.Error) -> Exception:
    """The ledger's own error where there is one; lost connections stay `psycopg.OperationalError`."""
    text = error.diag.message_primary or str(error)
    if kind := _CODES.get(error.sqlstate):
        return kind(text)
    if isinstance(error, psycopg.IntegrityError):
        return Conflict(text)
    if isinstance(error, psycopg.DataError):
        return BadData(text)
    return error
