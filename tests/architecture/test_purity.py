"""What the import linter cannot see: pure code reads no clock, makes no random id, touches no file."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LINTER: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
NOT_ROOMS = {"tests", "docs", "frontend", "static", "templates", "var"}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input", "getenv", "urandom", "sleep"}
CLOCKS = {"now", "utcnow", "today"}


def rooms() -> set[str]:
    return {path.parent.name for path in PROJECT.glob("*/__init__.py")} - NOT_ROOMS


def pure_files() -> list[Path]:
    domains = PROJECT.glob("*/domain/**/*.py")
    agents = [PROJECT / "agents" / "agent.py", PROJECT / "agents" / "seat.py", *PROJECT.glob("agents/roles/*.py")]
    return sorted({path for path in (*domains, *agents) if path.exists() and path.name != "__init__.py"})


def impure_calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) if name in IMPURE_CALLS - CLOCKS:
                    yield node.lineno, name
                case ast.Attribute(attr=name, value=ast.Name(id=owner)) if name in IMPURE_CALLS and owner != "self":
                    yield node.lineno, f"{owner}.{name}"


def test_every_room_is_in_the_layers() -> None:
    layers = " | ".join(CONTRACTS["Rooms import one way"]["layers"]).split(" | ")
    assert set(layers) == rooms() == set(LINTER["root_packages"])


def test_every_domain_is_in_the_purity_contract() -> None:
    domains = {f"{path.parent.name}.domain" for path in PROJECT.glob("*/domain")}
    assert domains <= set(CONTRACTS["Domain code is pure"]["source_modules"])


@pytest.mark.parametrize("path", pure_files(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_pure_code_reads_no_clock_and_touches_nothing(path: Path) -> None:
    assert list(impure_calls(ast.parse(path.read_text()))) == []


def test_an_impure_call_would_be_found() -> None:
    program = "import datetime, uuid\nx = datetime.now()\ny = uuid.uuid4()\nopen('f')\nself.now()\n"
    assert [name for _, name in impure_calls(ast.parse(program))] == ["datetime.now", "uuid.uuid4", "open"]
