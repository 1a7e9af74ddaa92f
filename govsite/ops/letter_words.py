"""What is in a refused message, readable, and what people do about it."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

import msgspec

SHOWN = 40_000
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)

OF_SENDER = "Mend the program that sent it; it has to send a sound message itself."
OF_MARKET = "Data of the market is not sent again: the feed goes on, and what it missed it asks for itself."
NEXT = {
    "UNDECODABLE": f"It is no message of this release. {OF_SENDER}",
    "UNKNOWN_TYPE": "Sender and reader are of different releases: bring both to the same one.",
    "TOO_LARGE": OF_SENDER,
    "NOT_TEXT": OF_SENDER,
    "NOT_FINITE": OF_SENDER,
    "NOT_POSITIVE": OF_SENDER,
    "INVALID": OF_SENDER,
    "CROSSED": OF_MARKET,
    "OUT_OF_ORDER": OF_MARKET,
    "NOT_MARKET": "Somebody writes what is no market data to that stream: find out who.",
    "DUPLICATE": "Nothing: the first one counted.",
    "TOO_OLD": "Nothing: what is that old decides nothing any more. Look why it was late.",
    "DATED_AHEAD": "Set the clock of its sender, or of Redis's machine: one of the two is wrong.",
    "UNSIGNED": "Somebody has a password of Redis: find out who, and change it.",
    "FORGED": "Somebody speaks in another's name: change the password of Redis, and the key if it leaked.",
    "KEY_REVOKED": "Look whether its process has heard of the new key; else a copy of the old one is about.",
    "UNKNOWN_BOOK": "Check the name of the book. Once there is such a book, an operator's command can be sent again.",
    "RULE_REFUSED": "Mend the rule's text and ask for the change anew.",
}
ELSE = "The sender was told the reason; what is still wanted it asks for anew."


class Content(NamedTuple):
    """`form`: how it was written (JSON, msgpack, text, bytes)."""

    form: str
    text: str
    is_shortened: bool


def what_next(code: str) -> str:
    return NEXT.get(code, ELSE)


def content(raw: bytes) -> Content:
    """JSON and msgpack are spread over lines; text is text; all else in hexadecimal."""
    form, text = _readable(raw)
    return Content(form, text[:SHOWN], len(text) > SHOWN)


def _readable(raw: bytes) -> tuple[str, str]:
    for form, decoder in (("JSON", msgspec.json.decode), ("msgpack", msgspec.msgpack.decode)):
        try:
            found: Any = decoder(raw)
            if isinstance(found, dict | list):  # any single byte is a number of msgpack
                return form, json.dumps(found, indent=2, ensure_ascii=False, default=_told)
        except BROKEN:
            continue
    try:
        return "text", raw.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes", raw[:SHOWN].hex(" ")


def _told(value: object) -> str:
    return as_text(bytes(value)) if isinstance(value, bytes | bytearray | memoryview) else str(value)


def as_text(raw: bytes) -> str:
    """Text where it is text, else base64."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode()
