"""Compiles and tries operators' texts in a child process with limits on processor time, memory and patience.

`python -m rules.sandbox` is the child: it reads requests and writes replies, one line of JSON each.
"""

from __future__ import annotations

import os
import resource
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import IO, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from rules.engine import LONGEST_TEXT, Clause, Engine, Fact, FactRefused, Failure, Kind, TextRefused
from rules.facts import BASELINE, ORDER_SCHEMA, SIGNAL_BASELINE, SIGNAL_SCHEMA, example

ROOT = Path(__file__).resolve().parents[1]
CHILD = (sys.executable, "-m", "rules.sandbox")
MOST_TEXTS = 64
MOST_EXAMPLES = 64
CPU_SECONDS = 2
EXTRA_MEMORY = 256 * 2**20
DEADLINE_S = 5.0
SLOWEST_NS = 5_000_000
TRIES = 3
LARGEST_REPLY = 2**20

_SCHEMAS: dict[str, tuple[dict[str, Kind], dict[str, Fact]]] = {
    "order": (ORDER_SCHEMA, BASELINE),
    "signal": (SIGNAL_SCHEMA, SIGNAL_BASELINE),
}


class Text(Struct, frozen=True):
    """A text as an operator typed it into `field`, and the type that it must give."""

    field: str
    text: str
    kind: Kind = "BOOL"


class Example(Struct, frozen=True):
    """Facts laid over sound ones: the texts are tried on them too."""

    name: str
    facts: dict[str, Fact]


class Request(Struct, frozen=True):
    """`schema` names the facts that the texts may read: those of an order, or those of a rule seat's signal."""

    schema: Literal["order", "signal"]
    texts: Annotated[list[Text], Meta(max_length=MOST_TEXTS)]
    examples: Annotated[list[Example], Meta(max_length=MOST_EXAMPLES)] = []


class Problem(Struct, frozen=True):
    """Why a text is refused; line and column count from 1 and are 0 where the whole text is meant."""

    field: str
    message: str
    line: int = 0
    column: int = 0


_REQUEST = msgspec.json.Decoder(Request)
_PROBLEMS = msgspec.json.Decoder(list[Problem])


class Lost(Exception):
    """The child gave no answer; the text says why."""


class Sandbox:
    """One warm child, started when it is needed and again when it is gone. May be used from several threads."""

    def __init__(self, deadline_s: float = DEADLINE_S, command: Sequence[str] = CHILD) -> None:
        self.deadline_s = deadline_s
        self.command = tuple(command)
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def check(self, request: Request) -> list[Problem]:
        """What is wrong with the texts; empty if nothing is. Whatever becomes of the child, it ends by the deadline and
        a text that was not tried is refused."""
        if problems := _too_large(request):
            return problems
        with self._lock:
            try:
                return _PROBLEMS.decode(self._ask(msgspec.json.encode(request) + b"\n"))
            except (Lost, msgspec.DecodeError) as error:
                self._stop()
                return [Problem(text.field, f"refused, it could not be tried: {error}") for text in request.texts]

    def close(self) -> None:
        with self._lock:
            self._stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the warm child."""
        return None if self._child is None else self._child.pid

    def _ask(self, request: bytes) -> bytes:
        child = self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        until = time.monotonic() + self.deadline_s
        try:
            _write(child.stdin, request, until)
            return _read_line(child.stdout, until)
        except TimeoutError as error:
            raise Lost(f"it took longer than {self.deadline_s:g} s") from error
        except (OSError, EOFError) as error:
            raise Lost("it used up the memory or the processor time that it may have, or was ended") from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._stop()
            self._child = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd=ROOT,
                env={"LANG": "C.UTF-8"},
                start_new_session=True,
            )
            for pipe in (self._child.stdin, self._child.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()


def _too_large(request: Request) -> list[Problem]:
    """What is not worth a line to the child."""
    if len(request.texts) > MOST_TEXTS or len(request.examples) > MOST_EXAMPLES:
        return [Problem("", f"at most {MOST_TEXTS} texts and {MOST_EXAMPLES} examples are taken at once")]
    return [
        Problem(text.field, f"the text has {len(text.text)} characters, at most {LONGEST_TEXT} are taken")
        for text in request.texts
        if len(text.text) > LONGEST_TEXT
    ]


def _write(pipe: IO[bytes], line: bytes, until: float) -> None:
    rest = memoryview(line)
    while rest:
        _await(pipe, selectors.EVENT_WRITE, until)
        rest = rest[os.write(pipe.fileno(), rest) :]


def _read_line(pipe: IO[bytes], until: float) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        _await(pipe, selectors.EVENT_READ, until)
        found = os.read(pipe.fileno(), 65_536)
        if not found or len(line) > LARGEST_REPLY:
            raise EOFError
        line += found
    return line


def _await(pipe: IO[bytes], event: int, until: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(0.0, until - time.monotonic())):
            raise TimeoutError


# --- the child ------------------------------------------------------------------------------------


def problems_of(request: Request, engine: Engine) -> list[Problem]:
    """Compiles every text and tries it on sound facts and on every example."""
    sound = _SCHEMAS[request.schema][1]
    samples = [("sound facts", sound)]
    samples += [(f"example {each.name!r}", example(engine.schema, sound, each.facts)) for each in request.examples]
    problems = []
    for text in request.texts:
        try:
            clause = engine.compile(text.text, text.kind)
        except TextRefused as error:
            problems.append(Problem(text.field, error.message, error.line, error.column))
            continue
        problems += [Problem(text.field, why) for why in _tried(clause, engine, samples)]
    return problems


def _tried(clause: Clause, engine: Engine, samples: Sequence[tuple[str, dict[str, Fact]]]) -> list[str]:
    whys = []
    for name, values in samples:
        try:
            facts = engine.bind(values)
        except FactRefused as error:
            whys.append(f"{name}: {error}")
            continue
        took = []
        for _ in range(TRIES):
            before = time.process_time_ns()
            verdict = clause.evaluate(facts)
            took.append(time.process_time_ns() - before)
        if isinstance(verdict.value, Failure):
            whys.append(f"{name}: {verdict.value} {verdict.detail}")
        elif min(took) > SLOWEST_NS:
            whys.append(f"{name}: it takes {min(took) / 1e6:.1f} ms, at most {SLOWEST_NS / 1e6:g} ms are taken")
    return whys


def _limit_memory() -> None:
    """What the process has mapped once it is warm, and a bounded amount more."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + EXTRA_MEMORY, mapped + EXTRA_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limit_cpu() -> None:
    """Anew for every request: the limit counts from the start of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


def main() -> None:
    engines = {name: Engine(schema) for name, (schema, _) in _SCHEMAS.items()}
    for name, engine in engines.items():
        engine.compile("true").evaluate(engine.bind(_SCHEMAS[name][1]))
    _limit_memory()
    for line in sys.stdin.buffer:
        _limit_cpu()
        request = _REQUEST.decode(line)
        reply = msgspec.json.encode(problems_of(request, engines[request.schema]))
        sys.stdout.buffer.write(reply + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
