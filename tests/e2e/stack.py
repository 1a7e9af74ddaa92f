"""A runstack of a test's own: started as a user starts it, asked as a user asks it."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import psycopg

from govsite.chaos.victim import environment_without_servers

PROJECT = Path(__file__).resolve().parents[2]
STARTED_WITHIN_S = 90.0
REFUSED = ("permission denied", "may not write", "NOPERM", "No permissions")  # PostgreSQL, the ledger, Valkey, redis-py


class Stack:
    """A runstack of its own, with embedded servers, in a directory and on a port of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.log = directory.with_suffix(".txt")
        self.runs: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "runstack", "--no-dashboard", "--data-dir", str(self.directory)]
        with self.log.open("ab") as output:
            run = subprocess.Popen(
                [*command, "--feed", "synthetic", "--seed", "7", "--speed", "10", "--port", str(self.port), *arguments],
                cwd=PROJECT,
                env=environment_without_servers(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.runs.append(run)
        return run

    def environment(self) -> dict[str, str]:
        """DATABASE_URL and REDIS_URL as the stack wrote them down."""
        return dict(line.split("=", 1) for line in (self.directory / "stack.env").read_text().splitlines())

    def ask(self, action: str) -> str:
        return self.manage("stack", action)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments, "--data-dir", str(self.directory)]
        return subprocess.run(
            command, cwd=PROJECT, env=environment_without_servers(), check=True, capture_output=True
        ).stdout.decode()

    def refusals(self) -> list[str]:
        """What processes wrote of rights that their accounts do not have."""
        logs = [path.read_text() for path in (self.directory / "log").glob("*.log")]
        return [line for text in logs for line in text.splitlines() if any(word in line for word in REFUSED)]

    def decisions(self) -> int:
        return self.events("DecisionReached")

    def events(self, name: str) -> int:
        """How many of these the running stack's ledger has; 0 while there is none to ask."""
        told = self.directory / "stack.env"
        if not told.exists():
            return 0
        url = dict(line.split("=", 1) for line in told.read_text().splitlines())["DATABASE_URL"]
        try:
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT count(*) FROM ledger WHERE event = %s", [name]).fetchone()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return 0
        return row[0] if row else 0

    def web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/admin/login/", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def processes(self) -> dict[str, psutil.Process]:
        """Everything that has the data directory in its command line or environment, the test's own aside."""
        found = {}
        for process in psutil.process_iter():
            try:
                command = process.cmdline()
                traces = [*command, process.environ().get("GOVSITE_STACK", "")]
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if any(str(self.directory) in trace for trace in traces):
                found[" ".join(command)] = process
        return found
