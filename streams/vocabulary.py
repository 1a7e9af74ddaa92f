"""The words that messages and events are made of: bounded texts, sides, modes, and the codes of refusals."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Symbol = Annotated[str, Meta(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,31}$")]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Reason = Annotated[str, Meta(max_length=500)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]  # what a bigint takes
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]

Side = Literal["buy", "sell"]
Source = Literal["live", "replay", "synthetic"]
Stance = Literal["approve", "reject", "abstain"]
Action = Literal["trade", "reduce", "halt"]
Track = Literal["HALT", "REDUCE", "TRADE", "CONFIG"]
Mode = Literal["NORMAL", "REDUCE_ONLY", "HALTED"]
Log = Literal["governance", "execution"]
OrderType = Literal["market", "limit"]
TimeInForce = Literal["IOC", "FOK", "GTC", "GTD"]  # FIX 59; GTD ends at a time of the process clock
PublicKey = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]
"""Of Ed25519, in hexadecimal; "" is none."""
Liquidity = Literal["maker", "taker"]

ZERO = Decimal(0)
LARGEST = Decimal("1e18")


class Code(StrEnum):
    """Why an entry, a proposal or an order was refused: part of the public interface."""

    UNDECODABLE = "UNDECODABLE"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    TOO_LARGE = "TOO_LARGE"
    NOT_TEXT = "NOT_TEXT"
    NOT_FINITE = "NOT_FINITE"
    NOT_POSITIVE = "NOT_POSITIVE"
    CROSSED = "CROSSED"
    INVALID = "INVALID"
    DUPLICATE = "DUPLICATE"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    NOT_MARKET = "NOT_MARKET"
    TOO_OLD = "TOO_OLD"
    DATED_AHEAD = "DATED_AHEAD"
    UNSIGNED = "UNSIGNED"
    FORGED = "FORGED"
    KEY_REVOKED = "KEY_REVOKED"
    TAMPERED = "TAMPERED"
    UNKNOWN_AGENT = "UNKNOWN_AGENT"
    UNKNOWN_BOOK = "UNKNOWN_BOOK"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    UNKNOWN_PROPOSAL = "UNKNOWN_PROPOSAL"
    NOT_ENTITLED = "NOT_ENTITLED"
    SEAT_SUSPENDED = "SEAT_SUSPENDED"
    INCOHERENT = "INCOHERENT"
    WRONG_HORIZON = "WRONG_HORIZON"
    ALREADY_VOTED = "ALREADY_VOTED"
    TOO_LATE = "TOO_LATE"
    NO_CHANGE = "NO_CHANGE"
    NO_PRICE = "NO_PRICE"
    STALE_DATA = "STALE_DATA"
    STALE_PROPOSAL = "STALE_PROPOSAL"
    DRIFTED = "DRIFTED"
    COUNCIL_TOO_SMALL = "COUNCIL_TOO_SMALL"
    MODE = "MODE"
    INQUORATE = "INQUORATE"
    DEFEATED = "DEFEATED"
    GUARD_SILENT = "GUARD_SILENT"
    VETOED = "VETOED"
    SUPERSEDED = "SUPERSEDED"
    SIZE_LIMIT = "SIZE_LIMIT"
    CAPPED = "CAPPED"
    CLIPPED = "CLIPPED"
    NO_BUDGET = "NO_BUDGET"
    RULE_DENIED = "RULE_DENIED"
    RULE_ERROR = "RULE_ERROR"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    MESSAGE_RATE = "MESSAGE_RATE"
    RESTARTED = "RESTARTED"
    HALTED = "HALTED"
    EXPIRED = "EXPIRED"
    NO_CASH = "NO_CASH"
    TTL = "TTL"
    LIMIT = "LIMIT"
    SUSPENDED = "SUSPENDED"
    STRUCK = "STRUCK"
    LEG_LOST = "LEG_LOST"
    HELD = "HELD"
    HOLD_LAPSED = "HOLD_LAPSED"
    HOLD_REFUSED = "HOLD_REFUSED"
    UNKNOWN_BUCKET = "UNKNOWN_BUCKET"
    UNKNOWN_CHANGE = "UNKNOWN_CHANGE"
    UNKNOWN_DECISION = "UNKNOWN_DECISION"
    RULE_REFUSED = "RULE_REFUSED"
    NO_PREVIEW = "NO_PREVIEW"
    SAME_PERSON = "SAME_PERSON"
    POSITION_LIMIT = "POSITION_LIMIT"
    REDUCE_ONLY = "REDUCE_ONLY"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    UNFILLABLE = "UNFILLABLE"
    SELF_TRADE = "SELF_TRADE"
    BY_OPERATOR = "BY_OPERATOR"
    NO_VENUE = "NO_VENUE"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    VENUE_REFUSED = "VENUE_REFUSED"
    VENUE_CANCELLED = "VENUE_CANCELLED"
    VENUE_LOST = "VENUE_LOST"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Anything that may travel in an envelope."""


def positive(**values: Decimal) -> None:
    """Refuse numbers that no market has: not finite, not above zero, or absurdly large."""
    for name, value in values.items():
        if not value.is_finite():
            raise ValueError(f"{name} is not finite")
        if not 0 < value <= LARGEST:
            raise ValueError(f"{name} is not positive")


def finite(**values: Decimal) -> None:
    for name, value in values.items():
        if not value.is_finite() or abs(value) > LARGEST:
            raise ValueError(f"{name} is not finite")
