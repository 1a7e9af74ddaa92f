"""The governor's shell on real servers: commands in, decisions in the ledger, and what survives a crash."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import psycopg
import pytest

from agents.demo import DEMO_COUNCIL
from governance.session import Session
from govsite.seed import BOOK, known_instrument, seed
from ledger import gate
from ledger.errors import Fenced
from ledger.records import RecordedEvent
from streams.client import COMMANDS, DEAD_LETTERS, DELIBERATIONS, FIELD, TICKS, Streams
from streams.envelope import Envelope, decode
from streams.events import DecisionReached, Event, ProposalRefused, TradingHalted, TradingResumed
from streams.messages import (
    CastBallot,
    Code,
    DeadLetter,
    ProposalAnnounced,
    Quote,
    ResumeTrading,
    SubmitProposal,
)
from tests.servers import wait_until

VOTERS = [seat.name for seat in DEMO_COUNCIL if seat.prior_ppm]
GUARDS = [seat.name for seat in DEMO_COUNCIL if seat.veto]
Read = Callable[[], list[RecordedEvent]]


class Desk:
    """What the agents and the feed do in these tests."""

    def __init__(self, redis_url: str) -> None:
        self.streams = Streams(redis_url)
        self.numbers = iter(range(1, 1000))

    def send(self, body: object, actor: str, *, id: str = "") -> str:
        number = next(self.numbers)
        envelope = Envelope(id=id or f"command-{number}", body=body, actor=actor, sent_at=time.time_ns(), book=BOOK)  # type: ignore[arg-type]
        self.streams.publish(COMMANDS, [envelope])
        return envelope.id

    def tick(self) -> None:
        now = time.time_ns()
        quote = Quote(
            instrument="BTCUSDT",
            market_at=now,
            received_at=now,
            update_id=next(self.numbers),
            bid=Decimal("60000.00"),
            bid_size=Decimal(1),
            ask=Decimal("60000.01"),
            ask_size=Decimal(1),
        )
        self.streams.publish(TICKS, [Envelope(id=quote.id, body=quote, actor="feed", sent_at=now)])

    def propose(self, proposal_id: str = "p1", *, agent: str = VOTERS[0]) -> str:
        return self.send(
            SubmitProposal(
                proposal_id=proposal_id,
                action="trade",
                instrument="BTCUSDT",
                target=Decimal("0.1"),
                probability=0.7,
                price=Decimal("60000"),
                evidence=("binance:BTCUSDT:q1",),
                evidence_received_at=time.time_ns(),
            ),
            agent,
        )

    def vote(self, proposal_id: str = "p1") -> None:
        for agent in VOTERS:
            self.send(CastBallot(proposal_id=proposal_id, stance="approve", probability=0.7), agent)
        for agent in GUARDS:
            self.send(CastBallot(proposal_id=proposal_id, stance="abstain"), agent)

    def letters(self) -> list[DeadLetter]:
        entries = self.streams.read({DEAD_LETTERS: "0-0"}, block_ms=None)
        return [letter for entry in entries if isinstance(letter := decode(entry.raw).body, DeadLetter)]


@pytest.fixture
def desk(redis_url: str) -> Desk:
    return Desk(redis_url)


@pytest.fixture
def governor(ledger_url: str, redis_url: str) -> Iterator[Callable[[], Session]]:
    """Starts a governor's session; the last one is closed at the end."""
    seed(ledger_url, [known_instrument("BTCUSDT")], DEMO_COUNCIL)
    sessions: list[Session] = []

    def start() -> Session:
        session = Session(ledger_url, redis_url, None)
        sessions.append(session)
        session.recover(session.ledger.acquire(0.2))
        return session

    yield start
    for session in sessions:
        session.close()


def bodies(session: Session, kind: type[Event]) -> list[Event]:
    return [event.event.body for event in session.ledger.events() if isinstance(event.event.body, kind)]


def passes_until(session: Session, condition: Callable[[], object], what: str) -> None:
    def once() -> object:
        session.pass_once()
        return condition()

    wait_until(once, what, seconds=10)


def test_a_proposal_that_everybody_approves_becomes_a_granted_decision(
    governor: Callable[[], Session], desk: Desk
) -> None:
    session = governor()
    desk.tick()
    proposed = desk.propose()
    desk.vote()
    passes_until(session, lambda: bodies(session, DecisionReached), "a decision")
    announced = decode(desk.streams.read({DELIBERATIONS: "0-0"}, block_ms=None)[0].raw).body
    assert isinstance(announced, ProposalAnnounced)
    (decision,) = bodies(session, DecisionReached)
    assert isinstance(decision, DecisionReached)
    assert decision.outcome == "granted", decision.reasons
    assert [(order.side, order.quantity) for order in decision.orders] == [("buy", Decimal("0.1"))]
    assert session.ledger.answered([proposed]) == {proposed: "accepted"}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"not json", Code.UNDECODABLE),
        (b'{"id":"x","body":{"type":"Nonsense.1"},"actor":"a","sent_at":1}', Code.UNKNOWN_TYPE),
        (b'{"id":"x"}', Code.INVALID),
        (
            b'{"id":"x","body":{"type":"GateObserved.1","mode":"NORMAL","who":"me","why":"","gate_at":1},"actor":"me","sent_at":1}',
            Code.UNKNOWN_TYPE,
        ),
        (b'{"id":"x\\u0000","body":{"type":"ClockAdvanced.1"},"actor":"a","sent_at":1}', Code.NOT_TEXT),
    ],
)
def test_rubbish_goes_to_dead_letters_and_the_governor_goes_on(
    governor: Callable[[], Session], desk: Desk, raw: bytes, code: Code
) -> None:
    session = governor()
    desk.streams.redis.xadd(COMMANDS, {FIELD: raw})
    passes_until(session, desk.letters, "a dead letter")
    assert [letter.code for letter in desk.letters()] == [code]
    assert desk.letters()[0].raw == raw
    desk.tick()
    desk.propose()
    passes_until(session, lambda: desk.streams.last_id(DELIBERATIONS) != "0-0", "the next proposal is announced")


def test_a_command_that_comes_twice_counts_once(governor: Callable[[], Session], desk: Desk) -> None:
    session = governor()
    desk.tick()
    for _ in range(2):
        desk.send(
            SubmitProposal(
                proposal_id="p1",
                action="trade",
                instrument="BTCUSDT",
                target=Decimal("0.1"),
                probability=0.7,
                price=Decimal("60000"),
                evidence_received_at=time.time_ns(),
            ),
            VOTERS[0],
            id="same",
        )
    passes_until(session, lambda: bodies(session, DecisionReached), "a decision")
    assert [letter.code for letter in desk.letters()] == [Code.DUPLICATE]
    assert len(bodies(session, DecisionReached)) == 1


def test_a_round_that_a_crash_interrupted_is_expired_and_never_voted_again(
    governor: Callable[[], Session], desk: Desk
) -> None:
    first = governor()
    desk.tick()
    desk.propose()
    passes_until(first, lambda: desk.streams.last_id(DELIBERATIONS) != "0-0", "the round is open")
    desk.vote()
    wait_until(lambda: _lease_is_over(first), "the crashed governor's lease is over")
    second = governor()  # the first one is not closed: it crashed
    (decision,) = bodies(second, DecisionReached)
    assert isinstance(decision, DecisionReached)
    assert (decision.outcome, decision.orders) == ("expired", ())
    assert decision.reasons[0].reason == "RESTARTED"
    desk.propose("p2")
    with pytest.raises(Fenced):
        passes_until(first, lambda: False, "the first governor is fenced")


def _lease_is_over(session: Session) -> bool:
    (over,) = session.gates.execute(
        "SELECT lease_until < clock_timestamp() FROM head WHERE log = 'governance'"
    ).fetchone() or (False,)
    return bool(over)


def test_a_halt_through_the_gate_is_recorded_and_proposals_are_refused(
    governor: Callable[[], Session], desk: Desk, ledger_url: str
) -> None:
    session = governor()
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        fallen = gate.halt(connection, BOOK, who="operator:ann", why="looks wrong", command_id="halt-1")
    passes_until(session, lambda: bodies(session, TradingHalted), "the halt is in the ledger")
    assert bodies(session, TradingHalted) == [
        TradingHalted(who="operator:ann", why="looks wrong", gate_at=fallen.gate_at)
    ]
    desk.tick()
    desk.propose()
    passes_until(session, lambda: bodies(session, ProposalRefused), "a refusal")
    (refused,) = bodies(session, ProposalRefused)
    assert isinstance(refused, ProposalRefused)
    assert refused.reason in {Code.HALTED, Code.MODE}


def test_two_operators_lead_out_of_a_halt(governor: Callable[[], Session], desk: Desk, ledger_url: str) -> None:
    session = governor()
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        gate.halt(connection, BOOK, who="operator:ann", why="looks wrong", command_id="halt-1")
        passes_until(session, lambda: bodies(session, TradingHalted), "the halt is in the ledger")
        desk.send(ResumeTrading(reason="looked at it"), "operator:ann")
        passes_until(session, lambda: len(bodies(session, TradingResumed)) == 1, "resumed by one")
        assert gate.read(connection, BOOK).mode == "REDUCE_ONLY"
        again = desk.send(ResumeTrading(reason="agreed"), "operator:ann")
        passes_until(session, lambda: session.ledger.answered([again]), "an answer")
        assert gate.read(connection, BOOK).mode == "REDUCE_ONLY"
        desk.send(ResumeTrading(reason="agreed"), "operator:bob")
        passes_until(session, lambda: len(bodies(session, TradingResumed)) == 2, "resumed by two")
        assert gate.read(connection, BOOK).mode == "NORMAL"


def test_redis_that_lost_its_last_second_is_moved_behind_the_mark(governor: Callable[[], Session], desk: Desk) -> None:
    first = governor()
    desk.tick()
    desk.propose()
    passes_until(first, lambda: bodies(first, DecisionReached), "a decision")
    first.close()
    desk.streams.redis.delete(COMMANDS)
    second = governor()
    desk.propose("p2")
    passes_until(second, lambda: len(bodies(second, DecisionReached)) == 2, "a decision on a command after the loss")
