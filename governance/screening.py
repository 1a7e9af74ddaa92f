"""Operators' CEL texts are tried in a process of their own before a chamber sees them, and nobody waits for it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from rules.sandbox import Example, Problem, Request, Sandbox, Text
from rules.signals import FIELDS
from streams.changes import ActivateRule, Change, GrantSeat
from streams.client import Entry
from streams.envelope import Envelope
from streams.messages import RequestChange


class Screening:
    """`submit` hands a request for a change with texts to the sandbox, `finished` gives back what it has tried, each
    with what is wrong with it (empty: nothing)."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self._pool = ThreadPoolExecutor(1, "screening")
        self._waiting: deque[tuple[Entry, Envelope, Future[str]]] = deque()

    def submit(self, entry: Entry, message: Envelope) -> bool:
        """False where there is no text to try."""
        if (request := _request(message)) is None:
            return False
        self._waiting.append((entry, message, self._pool.submit(self._tried, request)))
        return True

    def problem(self, message: Envelope) -> str:
        """The same at once, for whoever has the time to wait."""
        request = _request(message)
        return "" if request is None else self._tried(request)

    def finished(self) -> list[tuple[Entry, Envelope, str]]:
        found = []
        while self._waiting and self._waiting[0][2].done():
            entry, message, tried = self._waiting.popleft()
            found.append((entry, message, tried.result()))
        return found

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.sandbox.close()

    def _tried(self, request: Request) -> str:
        return "; ".join(map(described, self.sandbox.check(request)))


def _request(message: Envelope) -> Request | None:
    return request_of(message.body.change) if isinstance(message.body, RequestChange) else None


def request_of(change: Change) -> Request | None:
    """The texts of a change with the types that they must give; None where it has none."""
    match change:
        case ActivateRule(clauses=clauses, clip_to=clip_to, examples=examples):
            texts = [Text(f"clauses: {clause.name}", clause.cel) for clause in clauses]
            if clip_to:
                texts.append(Text("clip_to", clip_to, "DOUBLE"))
            return Request("order", texts, [Example(example.name, dict(example.facts)) for example in examples])
        case GrantSeat(signals=signals) if signals:
            return Request(
                "signal",
                [
                    Text(f"signals: {signal.name}: {field}", getattr(signal, field), kind)
                    for signal in signals
                    for field, kind in FIELDS
                ],
            )
    return None


def described(problem: Problem) -> str:
    place = f" (line {problem.line}, column {problem.column})" if problem.line else ""
    return f"{problem.field}: {problem.message}{place}"
