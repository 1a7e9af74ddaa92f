"""What commands are told over HTTP: their bodies, read strictly, and the schemas of these."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from msgspec import Meta, Struct

from govsite.api import problems
from streams.changes import Change
from streams.commands import SubmitProposal, Why
from streams.envelope import LARGEST_ENTRY
from streams.parts import Breaker
from streams.vocabulary import LARGEST, Name, Source, Symbol

REF = "#/components/schemas/{name}"
PLACES = -18


class ReasonBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every command has a reason: it is kept in the ledger."""

    reason: Annotated[Why, Meta(description="why; it is kept in the ledger", examples=["end of the day"])]


class FlattenBody(ReasonBody, frozen=True, kw_only=True):
    """Without an instrument it is everything that the book holds."""

    instrument: Symbol | None = None


class CashBody(ReasonBody, frozen=True, kw_only=True):
    """A deposit (above 0) or a withdrawal (below 0), in the book's quote currency."""

    amount: Decimal


class AdjustBody(ReasonBody, frozen=True, kw_only=True):
    """What comes in (above 0) or goes out, and what it is worth a unit."""

    instrument: Symbol
    quantity: Decimal
    price: Decimal


class InstrumentBody(ReasonBody, frozen=True, kw_only=True):
    instrument: Symbol


class BreakerBody(ReasonBody, frozen=True, kw_only=True):
    """`subject`: the book, an instrument, or agent:instrument."""

    breaker: Breaker
    subject: Annotated[str, Meta(max_length=200)]


class SourceBody(ReasonBody, frozen=True, kw_only=True):
    source: Source


class ChangeBody(ReasonBody, frozen=True, kw_only=True):
    """A change, and over how many of the last decisions a change of rules or parameters is tried before."""

    change: Change
    last: Annotated[int, Meta(ge=1, le=1000)] = 200


class ProposalBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`agent` is the seat that proposes; it stands in the ledger as the actor."""

    agent: Name
    proposal: SubmitProposal


BODIES = (
    *(ReasonBody, FlattenBody, CashBody, AdjustBody, InstrumentBody, BreakerBody, SourceBody),
    *(ChangeBody, ProposalBody),
)
Body = TypeVar("Body", bound=Struct)


def schemas() -> dict[str, Any]:
    """JSON schemas of all bodies and of what they are made of, by name."""
    made = msgspec.json.schema_components(BODIES, ref_template=REF)[1]
    made["SubmitProposal"]["required"].remove("type")  # where there is no choice it need not be said
    return made


def read(request: HttpRequest, kind: type[Body]) -> Body:
    """The body. Raises a problem: 415 for another content type, 413 for too much, 400 for what is no JSON, 422 for what
    does not fit."""
    if request.content_type != "application/json":
        raise problems.Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, problems.DETAILS[415])
    try:
        raw = request.body
    except RequestDataTooBig:
        raise _too_large() from None
    except UnreadablePostError:
        raise problems.Problem(HTTPStatus.BAD_REQUEST, "the body ended before it was whole") from None
    if len(raw) > LARGEST_ENTRY:
        raise _too_large()
    try:
        return msgspec.json.decode(raw, type=kind, strict=True)
    except msgspec.ValidationError as error:
        raise problems.bad(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise problems.Problem(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from None
    except ArithmeticError:
        raise problems.bad("a number is not finite, or of no sane size") from None


def _too_large() -> problems.Problem:
    detail = f"the body is larger than {LARGEST_ENTRY:,} bytes, which is more than any command needs"
    return problems.Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def sane(name: str, value: Decimal) -> Decimal:
    """An amount that books can hold: up to 18 digits before the point and 18 behind it."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < PLACES or value.adjusted() > 18 or abs(value) > LARGEST:
        raise problems.bad(f"{name}: at most 18 digits before the point and 18 behind it")
    return value
