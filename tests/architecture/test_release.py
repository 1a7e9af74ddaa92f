"""A backup says which release made it: the one that the project is."""

from __future__ import annotations

import tomllib
from pathlib import Path

from govsite import RELEASE


def test_the_release_has_one_number() -> None:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == RELEASE
