"""The rulebook of a book: rules as named CEL clauses that no vote can outvote.

Forbid wins and the order of rules never matters: one deny denies, the smallest clip holds, an error denies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache

from msgspec import Struct

from rules.engine import Clause, Engine, Fact, FactRefused, Facts, Kind, TextRefused
from rules.facts import ORDER_SCHEMA
from streams.events import ClauseTrace, RuleActivated
from streams.messages import Code

MOST_CLAUSES = 16
EXEMPT = "exempt"
CLIP = "clip_to"


class RuleRefused(ValueError):
    """A rule that may not be activated; the text says why and where."""


class Compiled(Struct, frozen=True):
    """A rule ready to run. A `broken` one (it cannot come through the door) denies whatever it is asked."""

    rule: RuleActivated
    clauses: tuple[tuple[str, Clause], ...] = ()
    clip: Clause | None = None
    broken: str = ""


class Denial(Struct, frozen=True):
    rule: str
    code: Code
    detail: str


class Judgement(Struct, frozen=True):
    """What the rules say of one order: a denial, or the largest quantity and the rule that set it, or neither."""

    traces: tuple[ClauseTrace, ...]
    denial: Denial | None = None
    largest: Decimal | None = None
    clipped_by: str = ""


@cache
def engine() -> Engine:
    return Engine(ORDER_SCHEMA)


@lru_cache(maxsize=4096)
def _clause(text: str, kind: Kind) -> Clause:
    return engine().compile(text, kind)


def compiled(rule: RuleActivated) -> Compiled:
    """Raises `RuleRefused` for what may not be activated: the check at save."""
    if rule.effect == "hold":
        raise RuleRefused("effect hold: holding an order for an operator is not available yet; use deny or clip")
    if not 1 <= len(rule.clauses) <= MOST_CLAUSES:
        raise RuleRefused(f"a rule has 1 to {MOST_CLAUSES} clauses, this one has {len(rule.clauses)}")
    if len({clause.name for clause in rule.clauses}) < len(rule.clauses):
        raise RuleRefused("two clauses have the same name")
    if (rule.effect == "clip") != bool(rule.clip_to):
        raise RuleRefused("effect clip needs clip_to, the largest quantity; other effects have none")
    clauses = tuple((clause.name, _named(clause.name, clause.cel, "BOOL")) for clause in rule.clauses)
    return Compiled(rule, clauses, _named(CLIP, rule.clip_to, "DOUBLE") if rule.clip_to else None)


def _named(name: str, text: str, kind: Kind) -> Clause:
    try:
        return _clause(text, kind)
    except TextRefused as error:
        raise RuleRefused(f"{name}: {error}") from error


class Rulebook:
    """All active rules at one version (the Rulebook aggregate's)."""

    def __init__(self, rules: Iterable[RuleActivated], version: int) -> None:
        self.version = version
        self.rules = tuple(_loaded(rule) for rule in sorted(rules, key=lambda rule: rule.rule))

    def judge(self, order_id: str, values: Mapping[str, Fact], reducing: bool) -> Judgement:
        """Every rule on one order. Unsound facts deny before anything is evaluated."""
        try:
            facts = engine().bind(values)
        except FactRefused as error:
            return Judgement((), Denial("facts", Code.RULE_ERROR, str(error)))
        traces: list[ClauseTrace] = []
        denials: list[Denial] = []
        clips: list[tuple[Decimal, str]] = []
        for compiled_rule in self.rules:
            if reducing and compiled_rule.rule.exempt_risk_reducing:
                traces.append(_trace(compiled_rule.rule, EXEMPT, order_id, True, {"order.risk_reducing": True}))
                continue
            denial, clip = _apply(compiled_rule, order_id, facts, traces)
            if compiled_rule.rule.shadow:
                continue
            if denial is not None:
                denials.append(denial)
            if clip is not None:
                clips.append((clip, compiled_rule.rule.rule))
        if denials:
            return Judgement(tuple(traces), denials[0])
        if clips:
            largest, by = min(clips)
            return Judgement(tuple(traces), None, largest, by)
        return Judgement(tuple(traces))


def _loaded(rule: RuleActivated) -> Compiled:
    """A rule of the log that does not compile denies: it must never be passed over."""
    try:
        return compiled(rule)
    except RuleRefused as error:
        return Compiled(rule, broken=str(error))


def _apply(
    compiled_rule: Compiled, order_id: str, facts: Facts, traces: list[ClauseTrace]
) -> tuple[Denial | None, Decimal | None]:
    """The denial or the largest quantity that one rule asks for; its clauses are added to `traces`."""
    rule = compiled_rule.rule
    if compiled_rule.broken:
        traces.append(_trace(rule, "", order_id, "BROKEN", {}))
        return Denial(rule.rule, Code.RULE_ERROR, compiled_rule.broken), None
    breached = ""
    for name, clause in compiled_rule.clauses:
        verdict = clause.evaluate(facts)
        value = verdict.value if isinstance(verdict.value, bool) else str(verdict.value)
        traces.append(_trace(rule, name, order_id, value, verdict.facts))
        if isinstance(value, str):
            return Denial(rule.rule, Code.RULE_ERROR, f"{name}: {value} {verdict.detail}"), None
        if not verdict.passed and not breached:
            breached = name
    if not breached or rule.effect == "warn":
        return None, None
    if compiled_rule.clip is None:
        return Denial(rule.rule, Code.RULE_DENIED, f"{rule.title}: {breached}"), None
    return _clip(rule, compiled_rule.clip, order_id, facts, traces, breached)


def _clip(
    rule: RuleActivated, clip: Clause, order_id: str, facts: Facts, traces: list[ClauseTrace], breached: str
) -> tuple[Denial | None, Decimal | None]:
    verdict = clip.evaluate(facts)
    if not isinstance(verdict.value, float):
        traces.append(_trace(rule, CLIP, order_id, str(verdict.value), verdict.facts))
        return Denial(rule.rule, Code.RULE_ERROR, f"{CLIP}: {verdict.value} {verdict.detail}"), None
    largest = max(Decimal(0), Decimal(repr(verdict.value)))
    traces.append(_trace(rule, CLIP, order_id, True, verdict.facts, largest))
    if largest <= 0:
        return Denial(rule.rule, Code.RULE_DENIED, f"{rule.title}: {breached}, nothing is left"), None
    return None, largest


def _trace(
    rule: RuleActivated,
    clause: str,
    order_id: str,
    value: bool | str,
    facts: dict[str, Fact],
    clipped_to: Decimal | None = None,
) -> ClauseTrace:
    return ClauseTrace(
        rule=rule.rule,
        version=rule.version,
        clause=clause,
        order_id=order_id,
        effect=rule.effect,
        value=value,
        facts=facts,
        shadow=rule.shadow,
        clipped_to=clipped_to,
    )
