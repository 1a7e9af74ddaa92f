"""Somebody with Redis's password speaks in others' names: nothing of it is decided, all is kept, an alarm rises."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from governance.session import Session
from govsite.seed import BOOK
from streams.changes import IssueSeatKey, RevokeSeatKey
from streams.client import COMMANDS, FIELD, SIGNATURE, Entry
from streams.envelope import Envelope, encode
from streams.events import (
    BreakerCleared,
    BreakerTripped,
    ChangeEnacted,
    DecisionReached,
    SeatKeyIssued,
    SeatKeyRevoked,
    TradingResumed,
)
from streams.messages import CastBallot, ClearBreaker, Code, RequestChange, ResumeTrading
from tests.integration.governance.test_governor import VOTERS, Desk, bodies, desk, governor, passes_until

__all__ = ["desk", "governor"]
ANN = "operator:ann"


def ballot(actor: str, id: str = "stolen") -> Envelope:
    body = CastBallot(proposal_id="p1", stance="approve", probability=0.9)
    return Envelope(id=id, body=body, actor=actor, sent_at=time.time_ns(), book=BOOK)


def refused(session: Session, desk: Desk, count: int = 1) -> list[Code]:
    passes_until(session, lambda: len(desk.letters()) >= count, f"{count} dead letters")
    return [letter.code for letter in desk.letters()]


def commands(desk: Desk) -> list[Entry]:
    return desk.streams.read({COMMANDS: "0-0"}, block_ms=None)


@pytest.mark.parametrize("actor", [VOTERS[0], ANN, "nobody"])
def test_what_nobody_signed_is_refused_and_raises_one_alarm(
    governor: Callable[[], Session], desk: Desk, actor: str
) -> None:
    session = governor()
    envelope = ballot(actor)
    if actor == ANN:
        body = ResumeTrading(reason="let me in")
        envelope = Envelope(id="stolen", body=body, actor=actor, sent_at=time.time_ns(), book=BOOK)
    for _ in range(3):
        desk.streams.redis.xadd(COMMANDS, {FIELD: encode(envelope)})
    assert refused(session, desk, 3) == [Code.UNSIGNED] * 3
    passes_until(session, lambda: bodies(session, BreakerTripped), "an alarm")
    (alarm,) = bodies(session, BreakerTripped)
    assert isinstance(alarm, BreakerTripped)
    subject = {VOTERS[0]: VOTERS[0], ANN: "operator"}.get(actor, "stranger")
    assert (alarm.breaker, alarm.subject, alarm.effect) == ("identity", subject, "REFUSED")
    assert alarm.inputs["sender"] == actor
    assert not bodies(session, TradingResumed)
    assert session.ledger.answered(["stolen"]) == {}  # the id stays free for who may use it


def test_a_person_clears_the_alarm_and_the_next_impostor_raises_another(
    governor: Callable[[], Session], desk: Desk
) -> None:
    session = governor()
    desk.streams.redis.xadd(COMMANDS, {FIELD: encode(ballot(VOTERS[0]))})
    passes_until(session, lambda: bodies(session, BreakerTripped), "an alarm")
    desk.send(ClearBreaker(breaker="identity", subject=VOTERS[0], reason="the password was changed"), ANN)
    passes_until(session, lambda: bodies(session, BreakerCleared), "it is cleared")
    desk.streams.redis.xadd(COMMANDS, {FIELD: encode(ballot(VOTERS[0]))})
    passes_until(session, lambda: len(bodies(session, BreakerTripped)) == 2, "another alarm")


def test_the_signature_of_one_command_does_not_sign_another(governor: Callable[[], Session], desk: Desk) -> None:
    session = governor()
    desk.tick()
    desk.propose()
    stolen = commands(desk)[0].signature
    desk.streams.redis.xadd(COMMANDS, {SIGNATURE: stolen, FIELD: encode(ballot(VOTERS[0]))})
    assert refused(session, desk) == [Code.FORGED]


def test_what_is_sent_again_by_others_counts_once_also_after_a_restart(
    governor: Callable[[], Session], desk: Desk
) -> None:
    session = governor()
    desk.tick()
    desk.propose()
    desk.vote()
    passes_until(session, lambda: bodies(session, DecisionReached), "a decision")
    copies = commands(desk)
    session.ledger.release()
    again = governor()
    for copy in copies:
        desk.streams.redis.xadd(COMMANDS, {SIGNATURE: copy.signature, FIELD: copy.raw})
    assert refused(again, desk, len(copies)) == [Code.DUPLICATE] * len(copies)
    assert len(bodies(again, DecisionReached)) == 1


def test_after_a_key_was_changed_only_the_new_one_counts(governor: Callable[[], Session], desk: Desk) -> None:
    session, agent = governor(), VOTERS[0]
    desk.send(RequestChange(change_id="k2", change=IssueSeatKey(agent=agent), reason="it leaked"), ANN)
    passes_until(session, lambda: bodies(session, SeatKeyIssued), "another key")
    (issued,) = bodies(session, SeatKeyIssued)
    assert isinstance(issued, SeatKeyIssued)
    assert (issued.agent, issued.number, issued.public) == (agent, 2, "")
    desk.streams.signer.numbers = {agent: 3}
    desk.streams.publish(COMMANDS, [ballot(agent, "third")])
    assert refused(session, desk) == [Code.KEY_REVOKED]
    desk.streams.signer.numbers = {agent: 2}
    desk.tick()
    proposed = desk.propose()
    desk.vote()
    passes_until(session, lambda: bodies(session, DecisionReached), "a decision")
    assert session.ledger.answered([proposed]) == {proposed: "accepted"}


def test_a_revoked_seat_is_not_heard_even_after_a_restart(governor: Callable[[], Session], desk: Desk) -> None:
    session, agent = governor(), VOTERS[0]
    desk.send(RequestChange(change_id="r1", change=RevokeSeatKey(agent=agent), reason="it was copied"), ANN)
    passes_until(session, lambda: bodies(session, SeatKeyRevoked), "the key is revoked")
    assert bodies(session, ChangeEnacted)  # at once
    desk.streams.publish(COMMANDS, [ballot(agent)])
    assert refused(session, desk) == [Code.KEY_REVOKED]
    session.ledger.release()
    again = governor()
    desk.streams.publish(COMMANDS, [ballot(agent, "later")])
    assert refused(again, desk, 2) == [Code.KEY_REVOKED] * 2
    back = RequestChange(change_id="k3", change=IssueSeatKey(agent=agent), reason="a new one")
    asked = desk.send(back, ANN)
    passes_until(again, lambda: again.ledger.answered([asked]), "it waits for another operator")
    assert not bodies(again, SeatKeyIssued)
