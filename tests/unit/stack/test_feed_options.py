"""What `runstack` passes on to the feed, and what it refuses for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.unit.stack.test_plan import arguments_of, plan


def test_the_feed_is_told_of_venues_servers_and_what_stands_in() -> None:
    chosen = plan(
        venues=("binance:BTCUSDT", "alpaca-iex:AAPL"),
        urls=("ws://127.0.0.1:9000",),
        rest=("http://127.0.0.1:9001",),
        symbols="BTCUSDT,AAPL",
        scenario="flash-crash",
        fallback="none",
        patience="3",
        record_market=Path("/data/recordings"),
    )
    venues = (
        *("--symbols", "BTCUSDT,AAPL"),
        *("--venue", "binance:BTCUSDT", "alpaca-iex:AAPL"),
        *("--url", "ws://127.0.0.1:9000"),
        *("--rest", "http://127.0.0.1:9001"),
    )
    assert arguments_of(chosen, "prepare") == ["stack", "prepare", "--council", "demo", *venues]
    assert arguments_of(chosen, "feed") == [
        *("runfeed", "--feed", "live", "--speed", "1"),
        *venues,
        *("--scenario", "flash-crash"),
        *("--fallback", "none"),
        *("--patience", "3"),
        *("--record", "/data/recordings"),
    ]
    replay = plan(feed="replay", paths=("/a",), start_at="23:55")
    assert arguments_of(replay, "feed")[-2:] == ["--start-at", "23:55"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--venue", "nasdaq"), "is no venue"),
        (("--venue", "alpaca-iex"), "APCA_API_KEY_ID"),
        (("--venue", "binance", "binance-usdm"), "would come from two venues"),
        (("--patience", "soon"), "not a number of seconds"),
        (("--url", "http://x"), "does not begin with ws://"),
    ],
)
def test_what_the_feed_could_not_do_is_refused_before_anything_starts(
    arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APCA_API_KEY_ID", raising=False)
    with pytest.raises(CommandError, match=says):
        call_command("runstack", *arguments)
