"""Which partition a book belongs to, and what the streams of a partition are called: the one place for both."""

from __future__ import annotations

from hashlib import blake2b


def partition_of(book: str, count: int) -> int:
    """The same for ever and everywhere: the first 8 bytes of blake2b of the name, modulo the number of partitions."""
    return int.from_bytes(blake2b(book.encode(), digest_size=8).digest(), "big") % count


def suffixed(name: str, partition: int) -> str:
    """A stream, or a process, of a partition; those of the first one have no suffix, so that one partition is none."""
    return f"{name}.{partition}" if partition else name


def log_names(count: int) -> list[str]:
    """Both logs of every partition."""
    return [suffixed(log, partition) for log in ("governance", "execution") for partition in range(count)]


def plain(name: str) -> str:
    """The same without its suffix."""
    stem, dot, number = name.rpartition(".")
    return stem if dot and number.isdecimal() else name


def split(name: str) -> tuple[str, int]:
    """The plain name and the partition of what `suffixed` made."""
    stem = plain(name)
    return stem, 0 if stem == name else int(name[len(stem) + 1 :])
