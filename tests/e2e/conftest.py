"""The stack that an end-to-end test starts, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "var")
    yield stack
    for run in stack.runs:
        if run.poll() is None:
            run.terminate()
            run.wait(60)
