"""Why nothing is traded, out of what was found: what blocks first, and the answer in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

BLOCKS = "blocks"
LIMITS = "limits"
DOUBTS = "doubts"
SAYS = "says"
GRADES = {
    BLOCKS: ("stops trading", "bad", "refused"),
    LIMITS: ("only reductions", "warn", "reduce-only"),
    DOUBTS: ("look at this", "warn", "late"),
    SAYS: ("to know", "", "open"),
}
RECENT_S = 60.0


class Finding(Struct, frozen=True, kw_only=True):
    """Something that may stand in the way. `because` goes on after "Trading stands still because"; `words` are whole
    sentences; `page` is the name of the address where one can act, `query` what follows it."""

    key: str
    grade: str
    title: str
    because: str
    words: str
    page: str
    act: str
    query: str = ""

    @property
    def looks(self) -> tuple[str, str, str]:
        return GRADES[self.grade]


class Answer(Struct, frozen=True):
    look: str
    icon: str
    text: str


def answer(findings: Sequence[Finding], last_fill_s: float | None) -> Answer:
    """`findings` in order of what blocks first; `last_fill_s`: how long ago anything was executed, None for never."""
    first = first_of(findings, BLOCKS)
    if first is not None:
        return Answer("bad", "halted", f"Trading stands still because {first.because}.")
    limits = first_of(findings, LIMITS)
    if limits is not None:
        return Answer("warn", "reduce-only", f"Only reductions are traded because {limits.because}.")
    if last_fill_s is None:
        return Answer("warn", "late", "Nothing is known to stop trading, but nothing has been filled yet.")
    since = f"last fill {spoken(last_fill_s)} ago"
    if last_fill_s <= RECENT_S:
        return Answer("good", "pulse", f"Trading goes on: {since}.")
    return Answer("warn", "late", f"Nothing is known to stop trading, yet nothing is filled: {since}.")


def first_of(findings: Iterable[Finding], grade: str) -> Finding | None:
    return next((each for each in findings if each.grade == grade), None)


def spoken(seconds: float) -> str:
    """As long as a person would say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def listed(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
