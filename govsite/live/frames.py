"""What is said to channel groups: encoded once, however many browsers it reaches."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def group_of_book(kind: str, book: str) -> str:
    """The channel group of one book's rounds or status; without a book the one of whoever names none."""
    return f"{kind}.{hashlib.sha256(book.encode()).hexdigest()[:16]}" if book else kind


def framed(group: str, key: str, text: str, heads: dict[str, int]) -> dict[str, Any]:
    """The message to a group; of frames with the same `key` a slow browser gets the newest only."""
    return {"type": "live.frame", "group": group, "key": key, "text": text, "heads": heads}


def encoded(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
