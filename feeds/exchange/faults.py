"""What can be done to the clients of a local exchange: a type for each fault, and the script that times them.

Times are in seconds. `at` counts from the moment at which the exchange begins to play (injected: from now). `for` and
`count` bound a fault that lasts: that many seconds, that many frames, whichever ends first; 5 s where neither is given.
`scope` narrows it: an instrument (`BTCUSDT`), a stream (`btcusdt@trade`), a kind of stream (`@depth`); all without it.
"""

from __future__ import annotations

import inspect
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Few = Annotated[int, Meta(ge=0, le=10_000_000)]
DEFAULT_FOR_S = 5.0


class BadScript(Exception):
    """A script or a fault that cannot be read; the text says why."""


def _kind(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag=_kind):
    at: Seconds = 0.0

    @property
    def kind(self) -> str:
        return _kind(type(self).__name__)


class Lasting(Fault, frozen=True, kw_only=True, tag=_kind):
    for_s: Seconds | None = field(default=None, name="for")
    count: Few = 0
    scope: str = ""

    @property
    def lasts_s(self) -> float:
        if self.for_s is not None:
            return self.for_s
        return float("inf") if self.count else DEFAULT_FOR_S


class Silence(Lasting, frozen=True, kw_only=True):
    """Connections stand and are pinged, but no data comes; what is left out can be had over REST."""


class Freeze(Lasting, frozen=True, kw_only=True):
    """Nothing at all is written to connections: no data, no ping, no pong."""


class Disconnect(Fault, frozen=True, kw_only=True):
    """Every connection is closed with a close frame (`code`)."""

    code: int = 1001


class Drop(Fault, frozen=True, kw_only=True):
    """Every connection is cut without a close frame."""


class ReconnectStorm(Lasting, frozen=True, kw_only=True):
    """Connections are cut, and every new one is accepted and cut at once."""


class Refused(Lasting, frozen=True, kw_only=True):
    """Connections are cut, and nobody listens on the port any more."""


class Unavailable(Lasting, frozen=True, kw_only=True):
    """Connections are cut, and new ones are answered with HTTP 503."""


class Duplicate(Lasting, frozen=True, kw_only=True):
    """Every frame comes twice."""


class Gap(Lasting, frozen=True, kw_only=True):
    """Trades are left out on the socket; REST has them."""


class Lost(Lasting, frozen=True, kw_only=True):
    """Trades are left out on the socket, and REST does not have them either."""


class DepthGap(Lasting, frozen=True, kw_only=True):
    """Changes of the order book are left out."""


class Reorder(Lasting, frozen=True, kw_only=True):
    """Frames of a stream come in the wrong order, two by two."""


class Latency(Lasting, frozen=True, kw_only=True):
    """Frames come `by` seconds late, with the event times that they had."""

    by: Seconds = 8.0


class Burst(Lasting, frozen=True, kw_only=True):
    """Nothing comes, and then everything at once."""


class Truncated(Lasting, frozen=True, kw_only=True):
    """The second half of every frame is missing."""


class GarbageText(Lasting, frozen=True, kw_only=True):
    """Text that is no frame comes between the frames."""


class GarbageBinary(Lasting, frozen=True, kw_only=True):
    """Bytes that are no text come between the frames."""


class BrokenProtocol(Fault, frozen=True, kw_only=True):
    """Bytes that break the WebSocket protocol are written into every connection."""


class Huge(Lasting, frozen=True, kw_only=True):
    """Frames of `bytes` bytes come between the frames."""

    bytes: Few = 9_000_000


class ErrorFrame(Lasting, frozen=True, kw_only=True):
    """The venue's error messages come between the frames."""


class SubscriptionError(Lasting, frozen=True, kw_only=True):
    """SUBSCRIBE is answered with an error and not carried out; streams in the address are left out."""


class ServerShutdown(Fault, frozen=True, kw_only=True):
    """The end is announced (`serverShutdown`); `after` seconds later the connections are closed."""

    after: Seconds = 5.0


class UnknownKey(Lasting, frozen=True, kw_only=True):
    """Frames have keys that nobody knows."""


class OldLevels(Lasting, frozen=True, kw_only=True):
    """Levels of the order book have a third, empty element, as in 2018."""


class Microseconds(Lasting, frozen=True, kw_only=True):
    """Times are in microseconds."""


class ZeroQuantity(Lasting, frozen=True, kw_only=True):
    """Trades have the quantity 0."""


class OneSided(Lasting, frozen=True, kw_only=True):
    """Quotes have no offer: price and quantity of the ask are 0."""


class Crossed(Lasting, frozen=True, kw_only=True):
    """Quotes and order books have a bid above the ask; REST has the right book."""


class InsuranceFund(Lasting, frozen=True, kw_only=True):
    """Trades are prints of the insurance fund (`X`), a fifth below the market; REST does not list them."""


class ClockSkew(Lasting, frozen=True, kw_only=True):
    """The exchange's clock is off by `by` seconds (may be negative): in event times and in /time."""

    by: float = 5.0


class Halt(Lasting, frozen=True, kw_only=True):
    """Instruments do not trade: Alpaca says so by status messages (`reason`), Binance in exchangeInfo."""

    reason: str = "T1"


class SlowRest(Lasting, frozen=True, kw_only=True):
    """REST answers `by` seconds late."""

    by: Seconds = 2.0


class FailingRest(Lasting, frozen=True, kw_only=True):
    """REST answers with 500, 429 or 418 (Retry-After `retry_s`), with no JSON, with half an answer, or never."""

    answer: Literal["500", "429", "418", "garbage", "truncated", "hang"] = "500"
    retry_s: Few = 1


class AuthFailed(Lasting, frozen=True, kw_only=True):
    """Alpaca refuses every key (402)."""


class AlpacaError(Lasting, frozen=True, kw_only=True):
    """Alpaca sends an error of this `code` and closes the connection where it does so too (406, 407)."""

    code: Literal[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 500] = 406


# --- what can be done to those who trade ----------------------------------------------------------


class OrderDropped(Lasting, frozen=True, kw_only=True):
    """The connection of an order is cut before the order is read: it is not placed."""


class OrderLate(Lasting, frozen=True, kw_only=True):
    """An order is looked at only `by` seconds after it came."""

    by: Seconds = 2.0


class OrderError(Lasting, frozen=True, kw_only=True):
    """An order is answered with this HTTP status and `code`, whether it is `placed` (then 5xx only) or not."""

    answer: Literal["500", "502", "503", "504", "429", "418"] = "500"
    code: int = -1007
    placed: bool = False
    retry_s: Few = 1


class AnswerLost(Lasting, frozen=True, kw_only=True):
    """An order is placed, and the connection is cut without an answer."""


class AnswerLate(Lasting, frozen=True, kw_only=True):
    """An order is placed, and the answer comes `by` seconds late."""

    by: Seconds = 2.0


class HalfFilled(Lasting, frozen=True, kw_only=True):
    """Of an order only half is executed at once, whatever the book would give."""


class CancelRefused(Lasting, frozen=True, kw_only=True):
    """Orders cannot be cancelled (-2011); they stay as they are."""


class TradesLate(Lasting, frozen=True, kw_only=True):
    """The list of own trades lacks the newest one of each order."""


class BalanceChanged(Fault, frozen=True, kw_only=True):
    """The free balance of `asset` changes by `by`, with no trade."""

    asset: str
    by: Decimal


MarketFault = (
    Silence
    | Freeze
    | Disconnect
    | Drop
    | ReconnectStorm
    | Refused
    | Unavailable
    | Duplicate
    | Gap
    | Lost
    | DepthGap
    | Reorder
    | Latency
    | Burst
    | Truncated
    | GarbageText
    | GarbageBinary
    | BrokenProtocol
    | Huge
    | ErrorFrame
    | SubscriptionError
    | ServerShutdown
    | UnknownKey
    | OldLevels
    | Microseconds
    | ZeroQuantity
    | OneSided
    | Crossed
    | InsuranceFund
    | ClockSkew
    | Halt
    | SlowRest
    | FailingRest
    | AuthFailed
    | AlpacaError
)
OrderFault = (
    OrderDropped
    | OrderLate
    | OrderError
    | AnswerLost
    | AnswerLate
    | HalfFilled
    | CancelRefused
    | TradesLate
    | BalanceChanged
)
AnyFault = MarketFault | OrderFault
KINDS: dict[str, type[Fault]] = {_kind(fault.__name__): fault for fault in get_args(MarketFault)}
ORDER_KINDS: dict[str, type[Fault]] = {_kind(fault.__name__): fault for fault in get_args(OrderFault)}


class Script(Struct, forbid_unknown_fields=True):
    """A file of `[[fault]]` tables, each with `kind`, `at` and what else the fault has."""

    fault: list[AnyFault] = []


def read_script(path: Path) -> list[AnyFault]:
    """Raises `BadScript`."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Script).fault
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise BadScript(f"{path}: {error}") from error


def fault_from(wish: object) -> AnyFault:
    """A fault from JSON's plain types. Raises `BadScript`."""
    try:
        return msgspec.convert(wish, AnyFault)  # type: ignore[no-any-return]
    except msgspec.ValidationError as error:
        raise BadScript(str(error)) from error


def sentences() -> dict[str, str]:
    """What each kind of fault does, for people."""
    every = {**KINDS, **ORDER_KINDS}
    return {kind: " ".join(inspect.cleandoc(fault.__doc__ or "").split()) for kind, fault in every.items()}
