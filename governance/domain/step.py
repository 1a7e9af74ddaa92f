"""What a chamber gives back for one message: what to publish, to commit, to answer and to refuse."""

from __future__ import annotations

from msgspec import Struct

from streams.envelope import Envelope
from streams.events import DomainEvent
from streams.messages import Code, Mode


class Answer(Struct, frozen=True):
    """The one answer to a command, for the inbox: `accepted`, `late`, `refused:CODE` or `expired:CODE`."""

    command_id: str
    entry_id: str
    result: str


class Refusal(Struct, frozen=True):
    """An entry for dead.letters; the command is answered too."""

    entry_id: str
    code: Code
    detail: str
    command_id: str = ""


class Halt(Struct, frozen=True, kw_only=True):
    """The gate is to fall at once, before the step's events are committed: a guard seat has asked for it."""

    book: str
    who: str
    why: str
    command_id: str


class GateSetting(Struct, frozen=True, kw_only=True):
    """The gate is to be moved from `origin` to `mode` in the same transaction as the step's events."""

    book: str
    origin: Mode
    mode: Mode
    who: str
    why: str
    command_id: str


class Step(Struct):
    """`announcements` go out at once; `events` and `answers` are one transaction, in which `gate` is set;
    `resolved` goes out after the commit, with the position of the step's last event in its DeliberationResolved.
    Lists are shared when empty: read them, never add to them."""

    announcements: list[Envelope]
    events: list[DomainEvent]
    answers: list[Answer]
    resolved: list[Envelope]
    refusals: list[Refusal]
    halts: list[Halt]
    gate: GateSetting | None = None


NOTHING = Step([], [], [], [], [], [])


def empty() -> Step:
    return Step([], [], [], [], [], [])
