"""Somebody who may add to the stream of commands, or to the dead letters, spoils it: work goes on, and it is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis

from governance.session import Session
from streams.client import COMMANDS, DEAD_LETTERS, FIELD, Streams, milliseconds_of
from streams.custody import AHEAD_MS, MOST_UNREAD, Custody, Look
from streams.events import BreakerTripped, DecisionReached
from streams.messages import CastBallot, Code
from tests.integration.governance.test_governor import VOTERS, Desk, bodies, desk, governor, passes_until

__all__ = ["desk", "governor"]
LAST = f"{2**64 - 1}-{2**64 - 1}"
FAR = f"{2**63}-0"


def decided(session: Session, desk: Desk) -> None:
    desk.tick()
    desk.propose("p1")
    desk.vote("p1")
    passes_until(session, lambda: bodies(session, DecisionReached), "a decision")


def heard(session: Session, desk: Desk, id: str) -> None:
    desk.send(CastBallot(proposal_id="p1", stance="approve", probability=0.7), VOTERS[0], id=id)
    passes_until(session, lambda: session.ledger.answered([id]), "an answer")


def told(session: Session) -> str:
    passes_until(session, lambda: bodies(session, BreakerTripped), "an alarm")
    (alarm,) = bodies(session, BreakerTripped)
    assert isinstance(alarm, BreakerTripped)
    assert (alarm.breaker, alarm.subject, alarm.inputs["reason"]) == ("identity", "stream", Code.TAMPERED)
    return str(alarm.inputs["detail"])


@pytest.mark.parametrize("id", [FAR, LAST])
@pytest.mark.parametrize("cut", [False, True])
def test_a_command_of_the_far_future_stops_nobody(
    governor: Callable[[], Session], desk: Desk, id: str, cut: bool
) -> None:
    session = governor()
    decided(session, desk)
    desk.streams.redis.xadd(COMMANDS, {FIELD: b"rubbish"}, id=id, maxlen=0 if cut else None, approximate=False)
    assert "were used up" in told(session)
    heard(session, desk, "later")
    assert milliseconds_of(session.backlog.mark) < 2**62


def test_what_waits_behind_it_is_not_lost(governor: Callable[[], Session], desk: Desk) -> None:
    session = governor()
    desk.tick()
    desk.propose("p1")
    desk.streams.redis.xadd(COMMANDS, {FIELD: b"rubbish"}, id=FAR)
    desk.vote("p1")
    passes_until(session, lambda: bodies(session, DecisionReached), "a decision")
    told(session)
    assert [letter.code for letter in desk.letters()] == [Code.UNDECODABLE]


def test_a_governor_that_starts_then_mends_it_first(governor: Callable[[], Session], desk: Desk) -> None:
    before = governor()
    decided(before, desk)
    before.ledger.release()
    desk.streams.redis.xadd(COMMANDS, {FIELD: b"rubbish"}, id=LAST)
    with pytest.raises(redis.ResponseError):
        desk.propose("lost")
    session = governor()
    told(session)
    heard(session, desk, "later")


def test_what_is_cut_unread_is_told(governor: Callable[[], Session], desk: Desk) -> None:
    session = governor()
    decided(session, desk)
    session._guard_streams(0)
    desk.propose("cut")
    desk.streams.redis.xadd(COMMANDS, {FIELD: b"rubbish"}, maxlen=0, approximate=False)
    assert told(session).startswith("2 entries of governance.commands")
    heard(session, desk, "later")
    assert len(bodies(session, BreakerTripped)) == 1


def test_without_tampering_nothing_is_told(governor: Callable[[], Session], desk: Desk) -> None:
    session = governor()
    decided(session, desk)
    for number in range(3):
        heard(session, desk, f"{number}")
        assert not session._guard_streams(0)
    desk.propose("interrupted")
    session.ledger.release()
    again = governor()
    assert not again._guard_streams(0)
    heard(again, desk, "after")
    assert not again._guard_streams(0)


def test_letters_stay_where_their_ids_were_used_up(governor: Callable[[], Session], desk: Desk) -> None:
    session = governor()
    desk.streams.redis.xadd(COMMANDS, {FIELD: b"one"})
    passes_until(session, lambda: len(desk.letters()) == 1, "a letter")
    desk.streams.redis.xadd(DEAD_LETTERS, {FIELD: b"spoiled"}, id=LAST)
    assert "dead.letters" in told(session)
    desk.streams.redis.xadd(COMMANDS, {FIELD: b"two"})
    passes_until(session, lambda: desk.streams.redis.xlen(DEAD_LETTERS) == 3, "another letter")


def test_ids_a_little_ahead_are_left_alone(redis_url: str) -> None:
    streams = Streams(redis_url)
    now = milliseconds_of(streams.redis.xadd("clock", {FIELD: b"x"}).decode())  # type: ignore[union-attr]
    streams.redis.xadd("many", {FIELD: b"x"}, id=f"{now + AHEAD_MS // 2}-0")
    assert Custody(streams, "many").look("0-0", "0-0") == Look()
    # Where Redis's clock was set back, what was read is the measure.
    streams.redis.xadd("many", {FIELD: b"x"}, id=f"{now + 9 * AHEAD_MS}-0")
    ahead = streams.last_id("many")
    assert Custody(streams, "many").look(ahead, ahead) == Look()
    assert Custody(streams, "many").look("0-0", "0-0") == Look(given_anew=1)


def test_a_backlog_is_not_taken_for_a_cut(redis_url: str) -> None:
    streams = Streams(redis_url)
    custody = Custody(streams, "many")
    assert custody.look("0-0", "0-0") == Look()
    for _ in range(MOST_UNREAD + 1):
        streams.redis.xadd("many", {FIELD: b"x"})
    assert custody.look("0-0", "0-0") == Look()
    last = streams.last_id("many")
    streams.redis.xtrim("many", maxlen=0, approximate=False)
    assert custody.look(last, last) == Look()
