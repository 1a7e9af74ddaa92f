"""The numeric parameters of a book and its instruments: in which direction each is safe, and between which bounds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import fields, replace

from governance.domain.council import FEWEST_OWNERS, Seat, owners
from governance.domain.reputation import cap_of
from streams.events import BookTerms, InstrumentTerms
from streams.messages import LARGEST, Code

Refused = tuple[Code, str]
Direction = Literal["lower", "higher"]

ORDERED = (
    ("drawdown_reduce", "drawdown_halt"),
    ("daily_loss_reduce", "daily_loss_halt"),
    ("stale_suspend_s", "stale_reduce_s"),
)


class Parameter(Struct, frozen=True):
    """`safe` is the direction that only takes away; without one every change waits. Bounds are inclusive."""

    safe: Direction | None
    low: Decimal
    high: Decimal
    what: str


def _parameter(safe: Direction | None, low: str, high: str, what: str) -> Parameter:
    return Parameter(safe, Decimal(low), Decimal(high), what)


BOOK: Mapping[str, Parameter] = {
    "fee_bp": _parameter(None, "0", "1000", "fee per fill, basis points: part of what a forecast is about"),
    "slippage_bp": _parameter(None, "0", "1000", "slippage that paper fills are charged, basis points"),
    "trade_window_ms": _parameter(None, "1", "10000", "vote window of trades, milliseconds"),
    "reduce_window_ms": _parameter(None, "1", "10000", "vote window of reductions, milliseconds"),
    "trade_threshold": _parameter("higher", "0.5", "0.99", "share of the mass cast that must approve"),
    "trade_quorum": _parameter("higher", "0.01", "1", "share of all mass that must approve, above that of any owner"),
    "decision_ttl_ms": _parameter("lower", "1", "60000", "from a decision to its orders' acceptance, milliseconds"),
    "proposal_max_age_ms": _parameter("lower", "1", "60000", "age of a proposal's evidence, milliseconds"),
    "drift_bp": _parameter("lower", "0", "1000", "drift of the price since the evidence, basis points"),
    "max_order_value": _parameter("lower", "0", "1e12", "value of one order, quote currency"),
    "max_gross": _parameter("lower", "0", "10", "gross exposure, fraction of equity"),
    "max_concentration": _parameter("lower", "0", "10", "one instrument, fraction of equity"),
    "collar_bp": _parameter("lower", "0", "3300", "protective limit from the price, basis points"),
    "quote_max_age_ms": _parameter("lower", "1", "600000", "age of the last quote, milliseconds"),
    "trade_max_age_ms": _parameter("lower", "1", "600000", "age of the last trade, milliseconds"),
    "messages_per_s": _parameter("lower", "1", "10000", "proposals and amendments of one seat, per second"),
    "message_burst": _parameter("lower", "1", "10000", "proposals and amendments of one seat at once"),
    "drawdown_reduce": _parameter("lower", "0.0001", "1", "loss from the peak that leaves only reductions"),
    "drawdown_halt": _parameter("lower", "0.0001", "1", "loss from the peak that halts"),
    "max_net": _parameter("lower", "0", "10", "net exposure, fraction of equity"),
    "daily_loss_reduce": _parameter("lower", "0.0001", "1", "loss of the day that leaves only reductions"),
    "daily_loss_halt": _parameter("lower", "0.0001", "1", "loss of the day that halts"),
    "repeated_fills": _parameter("lower", "1", "10000", "fills on one side that latch a seat"),
    "repeated_window_s": _parameter("higher", "1", "86400", "in how many seconds those fills are counted"),
    "repeated_trips": _parameter("lower", "1", "1000", "latches that halt the book"),
    "repeated_trips_window_s": _parameter("higher", "1", "86400", "in how many seconds those latches are counted"),
    "losses_in_row": _parameter("lower", "1", "1000", "losing round trips before a pause"),
    "losses_cooldown_s": _parameter("higher", "1", "86400", "that pause, seconds"),
    "duplicate_window_ms": _parameter("higher", "0", "600000", "in which the same order is not granted again"),
    "gap_clean_ms": _parameter("higher", "0", "600000", "without a gap before an instrument trades again"),
    "volatility_window_s": _parameter("higher", "1", "3600", "over which the price range is taken, seconds"),
    "max_volatility": _parameter("lower", "0.00001", "1", "price range over its minimum"),
    "live_only": _parameter("higher", "0", "1", "1: only live prices are traded on"),
    "reject_rate": _parameter("lower", "0.001", "1", "share of orders that the venue may reject"),
    "reject_window_s": _parameter(None, "1", "86400", "over which that share is taken, seconds"),
    "reject_orders": _parameter("lower", "1", "100000", "orders before that share says anything"),
    "stale_suspend_s": _parameter("lower", "1", "3600", "silence of a feed that suspends an instrument, seconds"),
    "stale_reduce_s": _parameter("lower", "1", "86400", "silence of a feed that leaves only reductions, seconds"),
    "hold_ttl_s": _parameter("lower", "1", "3600", "how long a held decision waits for an operator, seconds"),
    "timelock_s": _parameter("higher", "1", "604800", "from approval to enactment, seconds; open changes keep theirs"),
    "owner_cap": _parameter(None, "0", "0.5", "largest share of one owner; 0: 1/3 under nine owners, else 1/4"),
    "weight_floor": _parameter(None, "0", "0.5", "share of each bucket's weights that returns to the priors"),
    "newcomer_events": _parameter("higher", "1", "1000000", "scored questions before a newcomer's ballots count"),
    "strikes": _parameter("lower", "1", "100000", "refused proposals before a seat may not propose"),
    "strikes_window_s": _parameter("higher", "1", "86400", "in how many seconds those are counted"),
    "strikes_pause_s": _parameter("higher", "1", "86400", "for how long it may not propose, seconds"),
    "real_venue": _parameter("lower", "0", "1", "1: orders go to the venue that the executor is configured with"),
    "paper_latency_ms": _parameter(None, "0", "60000", "how long a paper order is on its way, milliseconds"),
    "paper_jitter_ms": _parameter(None, "0", "60000", "how much longer at most, milliseconds"),
    "paper_depth_share": _parameter("lower", "0", "1", "share of what a level shows that a paper order gets"),
    "paper_seed": _parameter(None, "0", "1000000000", "what that jitter is drawn from"),
}

INSTRUMENT: Mapping[str, Parameter] = {
    "tick_size": _parameter(None, "1e-12", "1e12", "step of prices, quote currency"),
    "lot_size": _parameter(None, "1e-12", "1e12", "step of quantities, base units"),
    "min_notional": _parameter("higher", "0", "1e12", "value below which no order is sent, quote currency"),
    "max_order_volume": _parameter("lower", "0", str(LARGEST), "quantity of one order, base units"),
    "min_position": _parameter("higher", str(-LARGEST), "0", "smallest position, base units; 0: nothing is sold short"),
    "max_position": _parameter("lower", "0", str(LARGEST), "largest position, base units"),
}

_BOOK_TYPES = {field.name: field.type for field in fields(BookTerms)}


class Setting(Struct, frozen=True):
    """A parameter as it is and as it shall be; `loosens` unless it moves in its safe direction."""

    origin: Decimal
    to: Decimal
    loosens: bool
    why: str


def setting(
    name: str,
    value: Decimal,
    instrument: str,
    terms: BookTerms,
    instruments: Mapping[str, InstrumentTerms],
    seats: Mapping[str, Seat],
) -> Setting | Refused:
    """What setting the parameter would be, or why it may not be set; the texts begin with the field that is wrong."""
    if instrument and instrument not in instruments:
        return Code.UNKNOWN_INSTRUMENT, f"instrument: {instrument} is not listed"
    table = INSTRUMENT if instrument else BOOK
    parameter = table.get(name)
    if parameter is None:
        where = f"an instrument has {', '.join(table)}" if instrument else _no_such_parameter(name)
        return Code.INVALID, f"name: there is no parameter {name}; {where}"
    origin = Decimal(getattr(instruments[instrument] if instrument else terms, name))
    if value == origin:
        return Code.NO_CHANGE, f"value: {name} is {plain(origin)} already"
    if not parameter.low <= value <= parameter.high:
        return Code.INVALID, f"value: {name} lies between {plain(parameter.low)} and {plain(parameter.high)}"
    if not instrument and _BOOK_TYPES[name] in ("int", "bool", int, bool) and value != int(value):
        return Code.INVALID, f"value: {name} is a whole number"
    wrong = (
        _wrong_instrument(replace(instruments[instrument], **{name: value}))
        if instrument
        else _wrong_book(name, replace(terms, **{name: value}), seats)
    )
    return (Code.INVALID, f"value: {wrong}") if wrong else _moved(name, parameter, origin, value)


def _no_such_parameter(name: str) -> str:
    if name == "horizon_s":
        return "the horizon is fixed when a book is founded: forecasts, buckets and weights count by it"
    if name in INSTRUMENT:
        return f"{name} is one of an instrument, say which"
    return "the book's parameters are listed by `govern terms`"


def _moved(name: str, parameter: Parameter, origin: Decimal, to: Decimal) -> Setting:
    if parameter.safe is None:
        return Setting(origin, to, True, f"{name} has no safe direction")
    if (to < origin) == (parameter.safe == "lower"):
        return Setting(origin, to, False, f"{name} moves {parameter.safe}, its safe direction")
    return Setting(origin, to, True, f"{name} is safe when {parameter.safe}")


def _wrong_book(name: str, changed: BookTerms, seats: Mapping[str, Seat]) -> str:
    """What holds between the parameters of a book."""
    if name in ("trade_quorum", "owner_cap"):
        return _lone_owner(changed, seats)
    for first, second in ORDERED:
        if name in (first, second) and getattr(changed, first) > getattr(changed, second):
            return f"{first} must not be above {second}"
    return ""


def wrong_without(agent: str, terms: BookTerms, seats: Mapping[str, Seat]) -> str:
    """Why the mass of a seat may not leave T: with fewer owners each may hold more."""
    rest = {name: seat for name, seat in seats.items() if name != agent}
    return _lone_owner(terms, rest) if len(owners(rest.values())) >= FEWEST_OWNERS else ""


def _lone_owner(terms: BookTerms, seats: Mapping[str, Seat]) -> str:
    cap = cap_of(len(owners(seats.values())), terms.owner_cap)
    if terms.trade_quorum > cap:
        return ""
    return f"the quorum {plain(terms.trade_quorum)} must stay above {cap:.4f}, what one owner may hold"


def _wrong_instrument(changed: InstrumentTerms) -> str:
    for name in ("max_order_volume", "max_position"):
        if 0 < getattr(changed, name) < changed.lot_size:
            return f"{name} is smaller than one lot of {plain(changed.lot_size)}"
    return ""


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
