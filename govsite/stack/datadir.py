"""The data directory of a stack: who may use it, who runs in it, and what it tells other commands."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
from pathlib import Path
from typing import IO

LOCK = "stack.lock"
ENVIRONMENT = "stack.env"
OPERATORS = "operators.json"


class Unusable(Exception):
    """The stack cannot run in this directory; the message says why and what to do."""


class DataDir:
    """One directory holds everything of one stack; a lock on a file in it keeps a second stack out."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    def claim(self) -> None:
        """Makes the directory, checks that it is ours and takes the lock; raises `Unusable`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_strangers()
            self.log("stack").parent.mkdir(exist_ok=True)
            self._take_lock()
        except PermissionError as error:
            raise Unusable(
                f"{error.filename or self.path} belongs to {_owner(Path(error.filename or self.path))}, "
                f"this is {_name(os.geteuid())}: run as the same user as before, "
                "or choose another --data-dir."
            ) from error

    def release(self) -> None:
        (self.path / ENVIRONMENT).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()

    def running(self) -> int | None:
        """The process id of the runstack that holds the lock; None where no stack is running."""
        try:
            with (self.path / LOCK).open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(file.read())
        except FileNotFoundError:
            pass
        return None

    def tell(self, database_url: str, redis_url: str, second_factor: str) -> None:
        """Writes where the servers are, so that every other command finds them, and what its site asks of who acts."""
        told = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "GOVSITE_SECOND_FACTOR": second_factor}
        _write_private(self.path / ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in told.items()))

    def told(self) -> str:
        return (self.path / ENVIRONMENT).read_text()

    def operators(self) -> dict[str, str]:
        """The passwords that were generated for operators, by user name."""
        path = self.path / OPERATORS
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def keep_operators(self, passwords: dict[str, str]) -> None:
        _write_private(self.path / OPERATORS, json.dumps(passwords, indent=2) + "\n")

    def log(self, name: str) -> Path:
        return self.path / "log" / f"{name}.log"

    def _take_lock(self) -> None:
        file = (self.path / LOCK).open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise Unusable(
                f"A stack is already running in {self.path} (process {self.running()}): "
                "stop it with `python manage.py stack stop`, or choose another --data-dir."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._lock = file

    def _refuse_strangers(self) -> None:
        """Files of another user inside would fail later and less clearly (root would even change their owner)."""
        for path in (self.path / "log", self.path / "valkey", self.path / LOCK):
            if path.exists() and path.stat().st_uid != os.geteuid():
                raise PermissionError(13, "belongs to another user", str(path))
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise PermissionError(13, "cannot be written to", str(self.path))


def _write_private(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def _owner(path: Path) -> str:
    while not path.exists():
        path = path.parent
    return _name(path.stat().st_uid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
