"""Wishes of operators: what makes sense is done, what does not is refused with a reason, and both are answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from django.core.management import CommandError, call_command

import feeds.control
from feeds.control import WISHES, Desk, Refusal, Unanswered, a_wish, ask, obey
from feeds.failover import Failover, NoSuchSource, Standby
from feeds.intake import Counts, Item
from feeds.replay import Player
from feeds.source import TickSource
from streams.messages import ChangeFeedSource
from streams.stopping import Stop
from streams.telemetry import Telemetry
from tests.unit.feeds.test_backlog import a_trade
from tests.unit.feeds.test_failover import Scripted


def a_player(source: str = "replay") -> Player:
    items: list[Item] = [a_trade(number, at=1_000_000_000 * number) for number in range(1, 100)]
    return Player(lambda: iter(items), "replay" if source == "replay" else "synthetic", Counts())


def a_failover() -> Failover:
    return Failover(Scripted("live"), [Standby("synthetic", lambda at: a_player("synthetic"))], Counts())


def obeyed(played: TickSource, what: str, **more: object) -> str:
    return obey(played, a_wish(what, actor="ada", **more))  # type: ignore[arg-type]


def test_a_replay_is_paused_resumed_and_made_faster() -> None:
    player = a_player()
    assert "paused" in obeyed(player, "pause")
    assert player.figures["paused"]
    assert "paused" not in obeyed(player, "resume")
    assert "10x" in obeyed(player, "speed", speed=10.0)
    assert player.speed == 10
    assert "max" in obeyed(player, "speed", speed=None)
    assert player.throttled


@pytest.mark.parametrize("what", ["pause", "resume", "speed"])
def test_live_keeps_its_own_pace(what: str) -> None:
    with pytest.raises(Refusal, match="its own pace"):
        obeyed(a_failover(), what, speed=2.0)


def test_what_stands_in_for_live_can_be_paused_but_not_hurried() -> None:
    failover = a_failover()
    assert "until `source live`" in obeyed(failover, "source", source="synthetic", reason="a rehearsal")
    (change,) = failover.poll(0.0, Stop())
    assert change == ChangeFeedSource(origin="live", to="synthetic", reason="ada: a rehearsal")
    assert "paused" in obeyed(failover, "pause")
    obeyed(failover, "speed", speed=0.5)
    for speed in (2.0, None):
        with pytest.raises(Refusal, match="ahead of live"):
            obeyed(failover, "speed", speed=speed)
    assert "taken back after" in obeyed(failover, "source", source="live") or failover.source == "live"


def test_other_sources_than_there_are_cannot_be_had() -> None:
    with pytest.raises(NoSuchSource, match="nothing to replay"):
        obeyed(a_failover(), "source", source="replay")
    with pytest.raises(Refusal, match="--feed replay"):
        obeyed(a_player(), "source", source="live")
    with pytest.raises(Refusal, match="is not between"):
        obeyed(a_player(), "speed", speed=-1.0)


@pytest.fixture
def connection(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


@contextmanager
def attended(redis_url: str, source: TickSource) -> Iterator[None]:
    """A feed that does nothing but look for wishes."""
    over = threading.Event()
    with redis.Redis.from_url(redis_url) as connection:
        desk = Desk(connection, source)
        desk.attend()

        def attend() -> None:
            while not over.wait(0.005):
                desk.attend()

        thread = threading.Thread(target=attend)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(10)


def test_a_wish_is_answered_with_what_was_done_or_why_not(redis_url: str, connection: redis.Redis) -> None:
    player = a_player()
    with attended(redis_url, player):
        assert ask(connection, a_wish("pause", actor="ada")).done
        refusal = ask(connection, a_wish("source", actor="ada", source="live"))
    assert player.figures["paused"]
    assert not refusal.done
    assert "has no other source" in refusal.text


def test_wishes_that_cannot_be_read_are_passed_over(redis_url: str, connection: redis.Redis) -> None:
    with attended(redis_url, a_player()):
        connection.xadd(WISHES, {"m": "rubbish"})
        connection.xadd(WISHES, {"other": "field"})
        assert ask(connection, a_wish("pause", actor="ada")).done


def test_wishes_of_before_and_wishes_whose_owner_has_gone_are_not_done(
    redis_url: str, connection: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds.control, "PATIENCE_S", 0.05)
    with pytest.raises(Unanswered, match="no feed has answered"):
        ask(connection, a_wish("pause", actor="ada"))
    player = a_player()
    desk = Desk(connection, player, clock=lambda: time.time_ns() + 60_000_000_000)
    desk.attend()
    with pytest.raises(Unanswered):
        ask(connection, a_wish("pause", actor="ada"))
    desk.attend()
    assert not player.figures["paused"]


def test_the_command_says_what_was_done(redis_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with attended(redis_url, a_player()):
        call_command("feed", "speed", "10", "--actor", "ada")
        with pytest.raises(CommandError, match="has no other source"):
            call_command("feed", "source", "live", "--reason", "why not")
    assert "speed is done: replay 10x" in capsys.readouterr().out


def test_the_command_shows_all_that_the_feed_says_of_itself(
    redis_url: str, connection: redis.Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="No feed has been heard of"):
        call_command("feed", "status")
    telemetry = Telemetry(connection, "feed")
    telemetry.gauges |= {"mode": "live binance", "lag_ms": 12.5, "books_in_sync": 2}
    telemetry.gauges |= {"since": "1700000000000000000", "last_tick_at": "0"}
    telemetry.counters["trades"] = 1_234
    telemetry.observe("ingest", 1_500_000)
    telemetry.beat(force=True)
    call_command("feed", "status")
    shown = capsys.readouterr().out
    for word in ("feed is running: live binance", "12.5", "books_in_sync", "1,234", "ingest"):
        assert word in shown
    assert "2023-11-14 22:13:20 UTC" in shown
    assert "never" in shown
    assert "1700000000" not in shown
