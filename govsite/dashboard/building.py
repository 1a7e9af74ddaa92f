"""Builds the dashboard with Node: once for each state of its sources, by one process at a time."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

LEAST_NODE = (20, 9)
LEFT_OUT = frozenset({"node_modules", ".next", "out", "tests"})
SHOWN = 15
BUILT = "built"
INSTALLED = "node_modules/installed"
BEYOND = ("static/site/css/tokens.css",)
"""What it takes from elsewhere in the project."""


class CannotBuild(Exception):
    """The text says what is missing, or what failed."""


def current(frontend: Path, out: Path) -> bool:
    """Whether the export in `out` was made of the sources as they are now."""
    return _read(out / BUILT) == fingerprint(frontend)


def build(frontend: Path, out: Path, say: Callable[[str], None]) -> None:
    """Makes the export unless it is current. Raises `CannotBuild`."""
    npm = _npm()
    with _alone(frontend):
        if current(frontend, out):
            say("the dashboard is up to date")
            return
        lock = sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
        if _read(frontend / INSTALLED) != lock:
            say("installing what the dashboard is built with (a minute the first time)")
            _run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], frontend)
            (frontend / INSTALLED).write_text(lock)
        say("building the dashboard")
        made = fingerprint(frontend)
        _run([npm, "run", "--silent", "build"], frontend)
        exported = frontend / "out"
        if exported.resolve() != out.resolve():
            shutil.copytree(exported, out, dirs_exist_ok=True)
        (out / BUILT).write_text(made)
        say("the dashboard is built")


def fingerprint(frontend: Path) -> str:
    """Of every source file: its name and what is in it."""
    told = sha256()
    for file in sorted(_sources(frontend)):
        told.update(f"{file.relative_to(frontend.parent)}\0".encode() + sha256(file.read_bytes()).digest())
    return told.hexdigest()


def _sources(frontend: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(frontend):
        names[:] = [name for name in names if name not in LEFT_OUT]
        yield from (Path(directory) / file for file in files if not file.endswith((".tsbuildinfo", "next-env.d.ts")))
    yield from (frontend.parent / name for name in BEYOND)


def _npm() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    needed = ".".join(map(str, LEAST_NODE))
    if node is None or npm is None:
        raise CannotBuild(
            f"There is no dashboard: it is built with npm and Node {needed} or newer, which are not here."
        )
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if version < LEAST_NODE:
        raise CannotBuild(f"There is no dashboard: it is built with Node {needed} or newer, and {node} is {told}.")
    return npm


def _run(command: list[str], directory: Path) -> None:
    environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "CI": "1"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False)
    if done.returncode:
        words = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
        told = words if len(words) <= 2 * SHOWN else [*words[:SHOWN], "…", *words[-SHOWN:]]
        raise CannotBuild(f"`{' '.join(command)}` failed in {directory}:\n" + "\n".join(told))


@contextmanager
def _alone(frontend: Path) -> Iterator[None]:
    """Two stacks of one directory would otherwise write the same files at once."""
    with (frontend / "package.json").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> str:
    return file.read_text() if file.is_file() else ""
