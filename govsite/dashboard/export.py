"""The dashboard's static export on disk: which file an address means, and which inline scripts its page has."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
PAGE = "index.html"
MISSING = "404.html"
NAMED_BY_CONTENT = "_next/static/"


class NotBuilt(Exception):
    """There is no export; the text says how to get one."""


def built(root: Path) -> bool:
    return (root / PAGE).is_file()


def file_of(root: Path, address: str) -> Path | None:
    """The file that an address below /dashboard/ means; None where there is none, or it is not below `root`."""
    if not built(root):
        raise NotBuilt("The dashboard is not built. Node 20.9 or newer and `make dashboard` build it.")
    place = root / address
    wanted = place / PAGE if not address or address.endswith("/") else place
    try:
        whole = wanted.resolve()
        return whole if whole.is_relative_to(root.resolve()) and whole.is_file() else None
    except (OSError, ValueError):  # longer than a name of a file can be, or with a NUL in it
        return None


def zipped(file: Path, accepted: str) -> Path | None:
    """The file's gzipped twin, if there is one and a browser that says `accepted` takes it."""
    twin = file.with_name(f"{file.name}.gz")
    return twin if "gzip" in accepted and twin.is_file() else None


def hashes(page: Path) -> list[str]:
    """Sources for `script-src` that let exactly this page's own inline scripts run."""
    return _hashes(page, page.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _hashes(page: Path, changed_ns: int) -> list[str]:
    scripts = sorted({sha256(script).digest() for script in INLINE.findall(page.read_bytes())})
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in scripts]
