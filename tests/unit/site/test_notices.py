"""What is told of the market's data, and when: each notice from what it is judged by."""

from __future__ import annotations

from typing import Any

import pytest

from govsite.ops.notices import Gap, Known, notices

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND  # 22:13:20 UTC


def feed(state: str = "running", at: int = NOW, started_at: int = NOW - 600 * SECOND, **gauges: Any) -> dict[str, Any]:
    told = {"source": "live", "mode": "live", "since": f"{NOW - 500 * SECOND}", "last_tick_at": f"{NOW}", **gauges}
    return {"state": state, "at": at, "started_at": started_at, "gauges": told}


def told(report: dict[str, Any] | None = None, **known: Any) -> dict[str, tuple[str, str]]:
    found = notices(Known(now=NOW, feed=report, **known))
    return {notice.key: (notice.look, notice.text) for notice in found}


def test_of_a_live_feed_that_runs_there_is_nothing_to_tell() -> None:
    assert told(feed(lag_ms=12.0, clock_offset_ms=-40.0, connections=2)) == {}


@pytest.mark.parametrize("source", ["replay", "synthetic"])
def test_a_source_that_was_asked_for_is_no_trouble(source: str) -> None:
    assert told(feed(source=source, mode=f"{source} 1x", lag_ms=90_000.0)) == {}


@pytest.mark.parametrize(
    ("source", "what"), [("replay", "a replay of a recording"), ("synthetic", "a synthetic market")]
)
def test_what_stands_in_for_live_data_is_named_with_the_time_of_the_loss(source: str, what: str) -> None:
    found = told(feed(source=source, mode=f"{source} 1x round 2, because live is silent"))
    look, text = found.pop("failover")
    assert (look, found) == ("bad", {})
    assert text.startswith("Live data lost since 22:05:00 UTC: prices come from ")
    assert what in text
    assert "reduce-only" not in text


def test_books_that_trade_only_on_live_data_are_told_to_be_reduce_only_and_the_books_time_counts() -> None:
    found = told(
        feed(source="synthetic", mode="synthetic 1x, because live is silent"),
        live_only=True, switched_at=NOW - 61 * SECOND,
    )  # fmt: skip
    assert "since 22:12:19 UTC" in found["failover"][1]
    assert "Books that trade only on live data are reduce-only; positions" in found["failover"][1]


def test_an_operators_choice_is_told_as_one() -> None:
    found = told(feed(source="synthetic", mode="synthetic 1x, because a drill"))
    assert list(found) == ["held"]
    assert found["held"][0] == "warn"
    assert "in the place of live data since 22:05:00 UTC: a drill." in found["held"][1]


@pytest.mark.parametrize("report", [None, feed(at=NOW - 4 * SECOND)])
def test_a_feed_that_is_not_heard_is_told_and_nothing_else_of_it(report: dict[str, Any] | None) -> None:
    assert list(told(report)) == ["unheard"]


def test_trouble_is_told_instead_of_guesses() -> None:
    assert told(None, trouble="Redis does not answer") == {
        "unknown": ("bad", "Nobody can say where prices come from: Redis does not answer.")
    }


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (feed(last_tick_at=f"{NOW - 6 * SECOND}"), "no tick has come since 22:13:14 UTC"),
        (feed(last_tick_at="0"), "no tick has come since it was started"),
    ],
)
def test_a_feed_without_ticks_is_silent(report: dict[str, Any], words: str) -> None:
    assert words in told(report)["silent"][1]


def test_a_feed_that_has_just_begun_is_given_time() -> None:
    assert told(feed(started_at=NOW - SECOND, last_tick_at="0")) == {}


def test_the_end_of_a_recording_and_a_pause_are_no_silence() -> None:
    old = f"{NOW - 600 * SECOND}"
    assert list(told(feed("ended", source="replay", mode="replay 1x", last_tick_at=old))) == ["ended"]
    assert list(told(feed(source="replay", mode="replay 1x", last_tick_at=old, paused=1))) == ["paused"]
    assert list(told(feed(source="replay", mode="replay 1x", paused=0))) == []


def test_late_live_data_and_a_clock_that_is_off() -> None:
    assert told(feed(lag_ms=2_000.0, clock_offset_ms=1_000.0)) == {}
    found = told(feed(lag_ms=8_200.0, clock_offset_ms=-1_400.0))
    assert found["late"][0] == "bad"
    assert "more than 8 s late" in found["late"][1]
    assert "more than 1 s" in found["clock"][1]


def test_a_notice_stays_the_same_while_only_its_figures_move() -> None:
    assert told(feed(lag_ms=8_200.0)) == told(feed(lag_ms=8_900.0))


def test_gaps_and_halts_are_told_beside_everything_else() -> None:
    gaps = [Gap("BTCUSDT", "trade", 7, 7), *(Gap("ETHUSDT", "depth", n, n + 2) for n in range(4))]
    found = told(feed(), gaps=gaps, halted={"SOLUSDT": "BREAK", "ADAUSDT": ""})
    assert found["gaps"][1].endswith(
        "BTCUSDT trades 7, ETHUSDT order book updates 0 to 2, ETHUSDT order book updates 1 to 3 and 2 more."
    )
    assert found["halted"][1].startswith("Not traded at the venue: ADAUSDT, SOLUSDT (BREAK).")
    assert list(told(None, gaps=gaps)) == ["unheard", "gaps"]
