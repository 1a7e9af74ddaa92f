"""The rulebook of a book: rules as named CEL clauses that no vote can outvote.

Forbid wins and the order of rules never matters: one deny denies, the smallest clip holds, every hold is named, an
error denies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

from msgspec import Struct

from rules.engine import Clause, Engine, Fact, FactRefused, Facts, Failure, Kind, TextRefused, Verdict
from rules.facts import BASELINE, ORDER_SCHEMA, example
from streams.events import ClauseTrace, RuleActivated
from streams.messages import Code
from streams.parts import RuleExample

MOST_CLAUSES = 16
EXEMPT = "exempt"
CLIP = "clip_to"
REDUCING = "order.risk_reducing"
CameOut = Literal["passes", "breaches", "exempt"]


class RuleRefused(ValueError):
    """A rule that may not be activated; the text says why and where."""


class Denial(Struct, frozen=True):
    """`rule` is what denied: a rule, a built-in control, or `instrument/rule` of the leg that lost its group."""

    rule: str
    code: Code
    detail: str


class Finding(Struct, frozen=True):
    """What one rule says of one order: `breached` is the first clause that is false, `failed` why there is no verdict,
    `largest` the quantity that a clip leaves."""

    breached: str = ""
    failed: str = ""
    largest: Decimal | None = None


NOTHING_FOUND = Finding()


class Judgement(Struct, frozen=True):
    """What the rules say of one order: a denial, or the largest quantity and the rule that set it, or neither; `holds`
    are the rules for which an operator must approve it first."""

    traces: tuple[ClauseTrace, ...]
    denial: Denial | None = None
    largest: Decimal | None = None
    clipped_by: str = ""
    holds: tuple[str, ...] = ()


class Compiled(Struct, frozen=True):
    """A rule ready to run. A `broken` one (it cannot come through the door) denies what it is not exempt from."""

    rule: RuleActivated
    clauses: tuple[tuple[str, Clause], ...] = ()
    clip: Clause | None = None
    broken: str = ""

    def reads(self) -> set[str]:
        texts = [clause for _, clause in self.clauses] + ([self.clip] if self.clip else [])
        return {name for text in texts for name in text.reads}

    def weigh(self, order_id: str, facts: Facts, traces: list[ClauseTrace]) -> Finding:
        """Every clause up to the first that fails, each with its trace."""
        rule = self.rule
        if self.broken:
            traces.append(_trace(rule, "", order_id, "BROKEN", {}))
            return Finding(failed=self.broken)
        breached = ""
        for name, clause in self.clauses:
            verdict = clause.evaluate(facts)
            value = verdict.value
            if value is True:
                traces.append(_trace(rule, name, order_id, True, verdict.facts))
            elif value is False:
                traces.append(_trace(rule, name, order_id, False, verdict.facts))
                breached = breached or name
            else:
                traces.append(_trace(rule, name, order_id, str(value), verdict.facts))
                return Finding(failed=_failed(name, verdict))
        if not breached:
            return NOTHING_FOUND
        return Finding(breached) if self.clip is None else self._clipped(self.clip, order_id, facts, traces, breached)

    def _clipped(self, clip: Clause, order_id: str, facts: Facts, traces: list[ClauseTrace], breached: str) -> Finding:
        verdict = clip.evaluate(facts)
        if not isinstance(verdict.value, float):
            traces.append(_trace(self.rule, CLIP, order_id, str(verdict.value), verdict.facts))
            return Finding(breached, _failed(CLIP, verdict))
        largest = max(Decimal(0), Decimal(repr(verdict.value)))
        traces.append(_trace(self.rule, CLIP, order_id, True, verdict.facts, largest))
        return Finding(breached, largest=largest)


@cache
def engine() -> Engine:
    return Engine(ORDER_SCHEMA)


@lru_cache(maxsize=4096)
def _clause(text: str, kind: Kind) -> Clause:
    return engine().compile(text, kind)


def compiled(rule: RuleActivated) -> Compiled:
    """Raises `RuleRefused` for what cannot run: the check when a rule is loaded."""
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


def checked(rule: RuleActivated) -> None:
    """The check at save: it compiles, runs on a sound order, and says of each example what the example says. Raises
    `RuleRefused` with the example, the clause and what came out."""
    ready = compiled(rule)
    if len({each.name for each in rule.examples}) < len(rule.examples):
        raise RuleRefused("two examples have the same name")
    _come_out(ready, "a sound order", BASELINE)
    for each in rule.examples:
        _agree(ready, each)


def _agree(ready: Compiled, wanted: RuleExample) -> None:
    name = f"example {wanted.name!r}"
    came_out, clause = _come_out(ready, name, example(ORDER_SCHEMA, BASELINE, wanted.facts))
    if came_out != wanted.verdict:
        where = f": clause {clause!r} is false" if clause else ""
        raise RuleRefused(f"{name} should be {wanted.verdict!r} and came out as {came_out!r}{where}")


def _come_out(ready: Compiled, name: str, values: Mapping[str, Fact]) -> tuple[CameOut, str]:
    """The verdict and the first clause that is false."""
    try:
        facts = engine().bind(values)
    except FactRefused as error:
        raise RuleRefused(f"{name}: {error}") from error
    if ready.rule.exempt_risk_reducing and values[REDUCING] is True:
        return "exempt", ""
    finding = ready.weigh(name, facts, [])
    if finding.failed:
        raise RuleRefused(f"{name}: {finding.failed}")
    return ("breaches" if finding.breached else "passes"), finding.breached


class Rulebook:
    """All active rules at one version (the Rulebook aggregate's)."""

    def __init__(self, rules: Iterable[RuleActivated], version: int) -> None:
        self.version = version
        self.rules = tuple(_loaded(rule) for rule in sorted(rules, key=lambda rule: rule.rule))
        self._reads = sorted({name for each in self.rules for name in each.reads()})

    def judge(self, order_id: str, values: Mapping[str, Fact], reducing: bool) -> Judgement:
        """Every rule on one order. Unsound facts deny before anything is evaluated."""
        if not values:
            return Judgement((), Denial("facts", Code.RULE_ERROR, "something that is held or traded has no price"))
        try:
            facts = engine().bind(values, self._reads)
        except FactRefused as error:
            return Judgement((), Denial("facts", Code.RULE_ERROR, str(error)))
        traces: list[ClauseTrace] = []
        denials: list[Denial] = []
        clips: list[tuple[Decimal, str]] = []
        holds: list[str] = []
        for each in self.rules:
            rule = each.rule
            if reducing and rule.exempt_risk_reducing:
                traces.append(_trace(rule, EXEMPT, order_id, True, {REDUCING: True}))
                continue
            finding = each.weigh(order_id, facts, traces)
            if rule.shadow or finding is NOTHING_FOUND:
                continue
            if denial := _denial(rule, finding):
                denials.append(denial)
            elif finding.largest is not None:
                clips.append((finding.largest, rule.rule))
            elif rule.effect == "hold":
                holds.append(rule.rule)
        if denials:
            return Judgement(tuple(traces), denials[0])
        largest, by = min(clips) if clips else (None, "")
        return Judgement(tuple(traces), None, largest, by, tuple(holds))


def _loaded(rule: RuleActivated) -> Compiled:
    """A rule of the log that does not compile denies: it must never be passed over."""
    try:
        return compiled(rule)
    except RuleRefused as error:
        return Compiled(rule, broken=str(error))


def _denial(rule: RuleActivated, finding: Finding) -> Denial | None:
    """A failure denies whatever the effect; so does a breach of a deny, and a clip to nothing."""
    if finding.failed:
        return Denial(rule.rule, Code.RULE_ERROR, finding.failed)
    if rule.effect == "deny":
        return Denial(rule.rule, Code.RULE_DENIED, f"{rule.title}: {finding.breached}")
    if finding.largest is not None and finding.largest <= 0:
        return Denial(rule.rule, Code.RULE_DENIED, f"{rule.title}: {finding.breached}, nothing is left")
    return None


def _failed(name: str, verdict: Verdict) -> str:
    assert isinstance(verdict.value, Failure)
    return f"{name}: {verdict.value} {verdict.detail}"


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
