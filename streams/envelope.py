"""The envelope around every message: who sent it, when, and what led to it."""

from __future__ import annotations

from decimal import InvalidOperation
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from streams.messages import AnyMessage, Code, Id, Name, Nanoseconds

NAMESPACE = UUID("7d1c8d0e-4a53-5d0a-9b6f-0d7b5c3c2a11")
LARGEST_ENTRY = 64 * 1024


class Refused(Exception):
    """An entry that may not come in; `code` says why to programs, the text to people."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Envelope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`correlation` is what started it all (a root's own id), `causation` what led to this message."""

    id: Id
    body: AnyMessage
    actor: Name
    sent_at: Nanoseconds
    correlation: str = ""
    causation: str = ""
    book: str = ""

    @property
    def root(self) -> str:
        return self.correlation or self.id

    def follow(self, body: AnyMessage, *, id: str, actor: str, sent_at: int, book: str = "") -> Envelope:
        """A message caused by this one: same correlation, this one as its cause."""
        return Envelope(
            id=id,
            body=body,
            actor=actor,
            sent_at=sent_at,
            correlation=self.root,
            causation=self.id,
            book=book or self.book,
        )


def derived_id(*cause: object) -> str:
    """An id that a second run makes again: UUIDv5 of its cause."""
    return str(uuid5(NAMESPACE, "\x1f".join(map(str, cause))))


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    return _encoder.encode(envelope)


def decode(raw: bytes, *, limit: int = LARGEST_ENTRY) -> Envelope:
    """Raises `Refused` for whatever is not one sound message; never anything else."""
    if len(raw) > limit:
        raise Refused(Code.TOO_LARGE, f"{len(raw)} bytes, at most {limit} are taken")
    if b"\\u0000" in raw or b"\x00" in raw:
        raise Refused(Code.NOT_TEXT, "a NUL character cannot be stored as text")
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise Refused(_code_of(str(error)), str(error)) from error
    except InvalidOperation as error:
        raise Refused(Code.NOT_FINITE, "a number is not finite") from error
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError) as error:
        raise Refused(Code.UNDECODABLE, str(error) or type(error).__name__) from error


def _code_of(error: str) -> Code:
    if "Invalid value '" in error and "`$.body.type`" in error:
        return Code.UNKNOWN_TYPE
    if "not finite" in error:
        return Code.NOT_FINITE
    if "not positive" in error or "negative" in error:
        return Code.NOT_POSITIVE
    if "crossed" in error:
        return Code.CROSSED
    return Code.INVALID


def to_builtins(message: Any) -> Any:
    """Plain dictionaries for templates and browsers: decimals as strings."""
    return msgspec.to_builtins(message, enc_hook=str)
