"""The database objects of the ledger, one SQL file each, in the order in which they are made."""

from pathlib import Path

TABLES = ("event_log", "head", "inbox", "gate", "outbox", "projection", "publication")
REPLACEABLE = (
    "append_only",
    "only_writer",
    "projection_hold",
    "projection_move",
    "work_begin",
    "work_end",
    "forget_answers",
    "forget_commands",
    "snapshot_write",
    "lease_acquire",
    "lease_renew",
    "gate_lock",
    "gate_read",
    "gate_pass",
    "gate_clear",
    "gate_take",
    "gate_halt",
    "gate_change",
    "append_events",
    "ledger",
    "closed",
)


def sql(name: str) -> str:
    """The text of one object. Those in `REPLACEABLE` may be run again by a later migration."""
    return (Path(__file__).parent / f"{name}.sql").read_text()
