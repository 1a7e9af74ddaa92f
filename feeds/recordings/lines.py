"""Recordings as files: which there are and whether they can be read."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from feeds.recordings.formats import READABLE, recordings_in
from feeds.recordings.opening import PART, Unusable
from feeds.recordings.opening import Unreadable as Unreadable


def expand(paths: Iterable[str | Path]) -> list[Path]:
    """Files, the files in directories, and globs, as files that can be read. Raises `Unreadable`.

    In directories and globs what is no recording is left out; a file that was named must be one."""
    found: list[Path] = []
    for path in paths:
        named = _as_it_is_called_now(Path(path))
        if named.is_file():
            recordings_in(named)
            found.append(named)
            continue
        pattern = f"{glob.escape(str(path))}/*" if Path(path).is_dir() else str(path)
        inside = [Path(name) for name in sorted(glob.glob(pattern)) if Path(name).is_file() and is_readable(Path(name))]
        if not inside:
            raise Unreadable(f"{path}: there is no recording. {READABLE}")
        found.extend(inside)
    return list(dict.fromkeys(found))


def _as_it_is_called_now(path: Path) -> Path:
    """A recording that was being written has another name once it is whole."""
    whole = path.with_name(path.name.removesuffix(PART)) if path.name else path
    return whole if not path.exists() and whole.is_file() else path


def is_readable(path: Path) -> bool:
    """Raises `Unusable` for a recording that cannot be used: leaving it out in silence would be a hole."""
    try:
        recordings_in(path)
    except Unusable:
        raise
    except Unreadable:
        return False
    return True
