"""What operators may ask to change in a book; each is judged to tighten or to loosen before it takes hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from streams.parts import CelText, Effect, Label, Role, RuleClause, RuleExample, SignalRule
from streams.vocabulary import Name, Nanoseconds, PublicKey, Symbol, finite

LONGEST_NUMBER = 40


class BookChange(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One change of one book."""


class ActivateRule(BookChange, frozen=True, kw_only=True, tag="ActivateRule"):
    """A rule's next version, or a new rule: every clause must be true, or the effect follows."""

    rule: Label
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    effect: Effect
    clauses: Annotated[tuple[RuleClause, ...], Meta(min_length=1, max_length=16)]
    clip_to: CelText = ""
    exempt_risk_reducing: bool = True
    shadow: bool = False
    examples: Annotated[tuple[RuleExample, ...], Meta(max_length=64)] = ()


class RetireRule(BookChange, frozen=True, kw_only=True, tag="RetireRule"):
    rule: Label


class SetTerm(BookChange, frozen=True, kw_only=True, tag="SetTerm"):
    """A numeric parameter of the book, or of one instrument; flags are 0 or 1."""

    name: Label
    value: Decimal
    instrument: Annotated[str, Meta(max_length=32)] = ""

    def __post_init__(self) -> None:
        finite(value=self.value)
        if len(str(self.value)) > LONGEST_NUMBER:
            raise ValueError(f"value has more than {LONGEST_NUMBER} digits")


class Restrict(BookChange, frozen=True, kw_only=True, tag="Restrict"):
    """Puts an instrument on the restricted list, from and to on the market clock (ns); `hard`: not even reductions."""

    instrument: Symbol
    since: Nanoseconds = 0
    until: Nanoseconds | None = None
    hard: bool = False


class Unrestrict(BookChange, frozen=True, kw_only=True, tag="Unrestrict"):
    instrument: Symbol


class GrantSeat(BookChange, frozen=True, kw_only=True, tag="GrantSeat"):
    """A newcomer: with mass it votes in shadow first; a rule seat is declared by its signals."""

    agent: Name
    role: Role
    owner: Name
    veto: bool = False
    required: bool = False
    signals: Annotated[tuple[SignalRule, ...], Meta(max_length=16)] = ()


class SuspendSeat(BookChange, frozen=True, kw_only=True, tag="SuspendSeat"):
    """The first operator stops a seat; a second one confirms, which takes its mass out of T."""

    agent: Name


class ReinstateSeat(BookChange, frozen=True, kw_only=True, tag="ReinstateSeat"):
    agent: Name


class IssueSeatKey(BookChange, frozen=True, kw_only=True, tag="IssueSeatKey"):
    """The seat's next key: the house's own, or that of the party that holds `public`. The one before counts no more."""

    agent: Name
    public: PublicKey = ""


class RevokeSeatKey(BookChange, frozen=True, kw_only=True, tag="RevokeSeatKey"):
    """Nothing that the seat says is taken until it has another key."""

    agent: Name


class AdjustReputation(BookChange, frozen=True, kw_only=True, tag="AdjustReputation"):
    """Sets a seat's weight in all three copies, the others keep their ratios; restarts the bounds."""

    agent: Name
    weight: Annotated[float, Meta(ge=0.0, le=1.0)]


Change = (
    ActivateRule
    | RetireRule
    | SetTerm
    | Restrict
    | Unrestrict
    | GrantSeat
    | SuspendSeat
    | ReinstateSeat
    | IssueSeatKey
    | RevokeSeatKey
    | AdjustReputation
)
