"""The data directory: one stack at a time, of one user, found by every other command."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from govsite.stack.datadir import DataDir, Unusable

PROJECT = Path(__file__).resolve().parents[3]
HOLD = (
    "import sys; from pathlib import Path; from govsite.stack.datadir import DataDir\n"
    "data = DataDir(Path(sys.argv[1])); data.claim(); print('held', flush=True); sys.stdin.read()"
)


def test_a_second_stack_is_refused_by_name_until_the_first_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        assert DataDir(tmp_path).running() == first.pid
        with pytest.raises(Unusable, match=rf"already running in .* \(process {first.pid}\)"):
            DataDir(tmp_path).claim()
        first.kill()
    assert DataDir(tmp_path).running() is None
    second = DataDir(tmp_path)
    second.claim()
    second.release()


def test_nothing_runs_where_nothing_was(tmp_path: Path) -> None:
    assert DataDir(tmp_path / "new").running() is None


def test_what_is_told_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.claim()
    data.tell("postgresql://p", "redis://r", "off")
    path = tmp_path / "stack.env"
    assert path.read_text() == "DATABASE_URL=postgresql://p\nREDIS_URL=redis://r\nGOVSITE_SECOND_FACTOR=off\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    data.release()
    assert not path.exists()


def test_operators_are_kept_privately(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    assert data.operators() == {}
    data.keep_operators({"operator": "secret"})
    assert DataDir(tmp_path).operators() == {"operator": "secret"}
    assert stat.S_IMODE((tmp_path / "operators.json").stat().st_mode) == 0o600


def test_files_of_another_user_are_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = DataDir(tmp_path)
    first.claim()
    first.release()
    somebody_else = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: somebody_else)
    with pytest.raises(Unusable, match="run as the same user as before, or choose another"):
        DataDir(tmp_path).claim()
