"""What a backup says of itself: parts with their checksums, where the logs stood, which tables it was made from."""

from __future__ import annotations

from msgspec import Struct

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = "tables/"
ARCHIVE = "archive/"
PUBLIC_KEYS = "keys/checkpoint.pub"
EVENTS = "event_log"
DIGEST_SIZE = 64


class NotWhole(Exception):
    """A backup that is damaged, cut short, or none at all; the message says what and where."""


class Part(Struct, frozen=True, kw_only=True):
    """A file in the backup. `rows` and `columns` are those of a table, None and empty for other files."""

    name: str
    size: int
    sha256: str
    rows: int | None = None
    columns: list[str] = []


class LogHead(Struct, frozen=True, kw_only=True):
    """Where a log stood."""

    log: str
    partition: int
    position: int
    hash: str


class Manifest(Struct, frozen=True, kw_only=True):
    """`migrations` are app and name of all that were applied; `sequences` the last numbers that were given."""

    format: int
    release: str
    made_at: str
    server: str
    heads: list[LogHead]
    migrations: list[tuple[str, str]]
    sequences: dict[str, int]
    parts: list[Part]

    @property
    def tables(self) -> list[Part]:
        return [part for part in self.parts if part.name.startswith(TABLES)]


def table_of(part: Part) -> str:
    return part.name.removeprefix(TABLES).removesuffix(".csv")
