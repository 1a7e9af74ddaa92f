"""How the audit command writes: for people, and as JSON."""

from __future__ import annotations

import sys
from typing import IO, Any

import msgspec
from rich.console import Console


def console(out: IO[str]) -> Console:
    """As wide as the terminal, 200 columns where there is none."""
    return Console(file=out, width=None if sys.stdout.isatty() else 200, markup=False, highlight=False)


def encode(document: Any) -> bytes:
    """Decimals as strings, as on the wire."""
    return msgspec.json.encode(document, enc_hook=str)
