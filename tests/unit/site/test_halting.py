"""The banners: which book, who, since when, why, and who ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from govsite.ops.alarm_words import SEVERITIES, severity, what_next
from govsite.ops.halting import Gate, Suspension, banners, gate_words, next_words, suspension_words

AT = datetime(2026, 1, 31, 15, 0, 5, tzinfo=UTC)
ADA, BOB = "operator:ada", "operator:bob"


def gate(mode: str, who: str = BOB, *, book: str = "demo", subject: str = "", later_s: int = 0) -> Gate:
    return Gate(book=book, mode=mode, who=who, why="odd fills", at=AT + timedelta(seconds=later_s), subject=subject)


def test_a_halt_names_book_who_why_since_and_what_lifts_it() -> None:
    words = gate_words(gate("HALTED"), ADA)
    assert words.startswith("Book demo: Halted since 2026-01-31 15:00:05 UTC by operator:bob: “odd fills”. Nothing is")
    assert words.endswith("one operator resumes it to reduce-only, then another operator to normal.")
    assert gate_words(gate("HALTED", book="*"), ADA).startswith("All books: Halted since")


def test_a_reduction_names_the_breaker_and_its_instrument() -> None:
    words = gate_words(gate("REDUCE_ONLY", "breaker:stale_feed", subject="BTCUSDT"), ADA)
    assert "Reduce only since 2026-01-31 15:00:05 UTC by the breaker stale_feed on BTCUSDT: “odd fills”" in words
    assert words.endswith("one operator resumes it, once the cause is understood.")


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (BOB, "To trade again: another operator than bob resumes it to normal."),
        (ADA, "You ended the halt: another operator than you resumes it to normal."),
        ("breaker:source_switch", "It ends by itself after 30 s of live data, or one operator resumes it."),
        ("breaker:drawdown", "To trade again: one operator resumes it, once the cause is understood."),
    ],
)
def test_who_leaves_reduce_only(who: str, words: str) -> None:
    assert next_words(gate("REDUCE_ONLY", who), ADA) == words


def test_the_strictest_gate_holds_and_the_older_of_two() -> None:
    own, every, other = gate("REDUCE_ONLY"), gate("HALTED", book="*", later_s=9), gate("HALTED", book="other")
    holds, said = banners("demo", [every, own, other], [], ADA)
    assert holds is every
    assert [banner.key for banner in said] == ["gate demo", "gate other"]
    assert banners("demo", [gate("HALTED", book="*", later_s=1), older := gate("HALTED")], [], ADA)[0] is older
    assert banners("demo", [other], [], ADA)[0] is None


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("breaker:stale_feed", "It is lifted by itself after 5 s of clean data."),
        ("breaker:reconciliation", "An operator lifts it when the difference is explained."),
        (BOB, "One operator lifts it, under HALT."),
    ],
)
def test_a_suspension_says_who_lifts_it(who: str, words: str) -> None:
    suspended = Suspension(book="demo", instrument="BTCUSDT", who=who, why="w", at=AT)
    assert suspension_words(suspended).startswith("BTCUSDT of book demo: Suspended since 2026-01-31 15:00:05 UTC by ")
    assert suspension_words(suspended).endswith(words)


def test_many_suspensions_do_not_fill_the_page() -> None:
    suspended = [Suspension(book="demo", instrument=f"S{number}", who=BOB, why="", at=None) for number in range(9)]
    said = banners("demo", [], suspended, ADA)[1]
    assert len(said) == 4
    assert said[-1].text == "Suspended too: " + ", ".join(f"S{number} of demo" for number in range(3, 9)) + "."


def test_severities_rise_with_what_a_breaker_does() -> None:
    assert [SEVERITIES[effect].rank for effect in ("SUSPENDED", "LATCHED", "REDUCE_ONLY", "HALTED")] == [1, 1, 2, 3]
    assert severity("SOMETHING_NEW").rank == 2
    assert what_next("drawdown", "HALTED", tripped=False) == "The breaker is over."
    assert what_next("drawdown", "HALTED", tripped=True) == "Two operators resume, one after the other."
