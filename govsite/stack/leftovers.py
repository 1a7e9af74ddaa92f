"""What an earlier stack left running in the same data directory, after `kill -9` of everything: found and stopped."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

MARK = "GOVSITE_STACK"
PATIENCE_S = 10.0


def stop_processes(data_dir: Path) -> list[str]:
    """Stops processes that carry the mark of a stack in `data_dir` and gives their names. Only under its lock."""
    found = [process for process in psutil.process_iter() if _mark(process) == str(data_dir)]
    return _stop([process for process in found if process.pid != os.getpid()], signal.SIGTERM)


def stop_server(name: str, argument: Path, number: signal.Signals) -> list[str]:
    """Stops servers of that program that were started with `argument`: a second one would find its files taken."""
    return _stop([process for process in psutil.process_iter() if _is(process, name, argument)], number)


def belongs_to_another(pid_file: Path, argument: Path) -> bool:
    """Whether the process that a pid file names is alive but something else: the number was given out again."""
    pid = int(pid_file.read_text().split()[0])
    return psutil.pid_exists(pid) and str(argument) not in _command(psutil.Process(pid))


def _stop(processes: list[psutil.Process], number: signal.Signals) -> list[str]:
    names = [f"{process.pid} {' '.join(_command(process)[:4])}" for process in processes]
    for process in processes:
        _send(process, number)
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    for process in alive:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=PATIENCE_S)
    return names


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return  # it ended by itself


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return None  # another user's, or gone meanwhile


def _is(process: psutil.Process, name: str, argument: Path) -> bool:
    command = _command(process)
    return bool(command) and Path(command[0]).name == name and str(argument) in command


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return []
