"""Every way in which a small council's rounds can go: a world that does one thing after another, and who walks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from governance.domain.chamber import Chamber
from governance.domain.state import BookState
from streams.envelope import Envelope
from streams.events import (
    BookFounded,
    BookOpened,
    BookTerms,
    DecisionReached,
    DomainEvent,
    Event,
    ProposalRefused,
    ProposalResult,
    aggregate_id,
)
from streams.messages import AnyMessage, CastBallot, GateObserved, Quote
from tests.unit.governance.scene import BOOK, MS, START, instrument, seat

VOTERS = ("va", "vb", "vc")
GUARD = "risk"
COUNCIL = (*VOTERS, GUARD)
PRICE = "50000"


class Sent(NamedTuple):
    """A command on the stream. Two that share a `slot` exclude each other: a seat has one ballot on a proposal. A
    proposal's slot is its id."""

    slot: str
    name: str
    actor: str
    body: AnyMessage
    about: str = ""


def founding() -> list[DomainEvent]:
    """Three voters of 30 % each and a guard that must be heard, on a book of two instruments without rules."""
    listed = (instrument("BTCUSDT"), instrument("ETHUSDT"))
    bodies: list[tuple[str, Event]] = [
        ("Book", BookFounded(book=BOOK, quote="USDT", instruments=listed, terms=BookTerms(), who="operator:a", why="")),
        *(("Council", seat(agent, None if agent == GUARD else 300_000)) for agent in COUNCIL),
        ("Account", BookOpened(book=BOOK, quote="USDT", cash=Decimal(100_000))),
    ]
    versions: Counter[str] = Counter()
    events = []
    for kind, body in bodies:
        versions[kind] += 1
        events.append(
            DomainEvent(
                originator_id=aggregate_id(kind, BOOK),
                originator_version=versions[kind],
                body=body,
                correlation_id="seed",
                causation_id="seed",
                actor="operator:a",
                book=BOOK,
            )
        )
    return events


FOUNDING = founding()


def folded(events: Sequence[DomainEvent]) -> BookState:
    state = BookState(BOOK)
    for event in (*FOUNDING, *events):
        state.apply(event)
    return state


class World:
    """A chamber and the shell around it: the inbox, the gate, the ledger. `done` are the slots that are used up."""

    def __init__(self) -> None:
        self.now = START
        self.committed: list[DomainEvent] = []
        self.answers: dict[str, str] = {}
        self.sent: list[tuple[Sent, Envelope]] = []
        self.gate = "NORMAL"
        self.done: set[str] = set()
        self.problems: list[str] = []
        self.crashes = 0
        self._losing = self.eventful = False
        self.chamber = Chamber(folded(()))
        self._tick()

    def _tick(self) -> None:
        for symbol, price in (("BTCUSDT", PRICE), ("ETHUSDT", "3000")):
            body = Quote(
                instrument=symbol,
                market_at=self.now,
                received_at=self.now,
                update_id=1,
                bid=Decimal(price),
                bid_size=Decimal(1),
                ask=Decimal(price),
                ask_size=Decimal(1),
                source="replay",
            )
            message = Envelope(id=f"{symbol} {self.now}", body=body, actor="feed", sent_at=self.now)
            self._take(lambda: self.chamber.handle(message, self.now))  # noqa: B023
        self.advance(self.now)

    # --- what may happen --------------------------------------------------------------------------

    def send(self, command: Sent) -> None:
        envelope = Envelope(
            id=command.name,
            body=command.body,
            actor=command.actor,
            sent_at=START,
            correlation="tick",
            causation="tick",
            book=BOOK,
        )
        self.done.add(command.slot)
        self.sent.append((command, envelope))
        self._take(lambda: self.chamber.handle(envelope, self.now, entry_id=entry_of(envelope)))

    def advance(self, to: int) -> None:
        self.now = to
        self._take(lambda: self.chamber.advance(to))

    def observe(self) -> None:
        """The governor reads the gate that a guard has let fall."""
        body = GateObserved(mode=self.gate, who=GUARD, why="halt", gate_at=START)  # type: ignore[arg-type]
        message = Envelope(id="gate", body=body, actor="governor", sent_at=START, book=BOOK)
        self._take(lambda: self.chamber.handle(message, self.now))

    def crash(self) -> None:
        """A new chamber from the ledger; it reads the gate, and what was not answered is told again as interrupted."""
        self.crashes += 1
        self.chamber = Chamber(folded(self.committed))
        if self.gate != "NORMAL":
            self.observe()
        for _, envelope in [each for each in self.sent if each[1].id not in self.answers]:
            self._take(lambda: self.chamber.handle(envelope, self.now, entry_id=entry_of(envelope), interrupted=True))  # noqa: B023
        self._tick()

    def lose(self, act: Act) -> None:
        """What it does is not committed any more."""
        self._losing = True
        act.do(self)

    def _take(self, step_of: Callable[[], Any]) -> None:
        """The gate falls at once; events and answers are one transaction, or a crash comes before it."""
        step = step_of()
        if step.halts:
            self.gate = "HALTED"
        if self._losing:
            self._losing = False
            self.crash()
            return
        self.committed += step.events
        self.eventful = bool(step.events)
        for answer in step.answers:
            if answer.command_id in self.answers:
                self.problems.append(f"answered twice: {answer.command_id}")
            self.answers[answer.command_id] = answer.result

    def redelivered(self) -> list[str]:
        """Hands in again what was admitted, as if there were no inbox; what that changes, in words. Only a heartbeat
        may be younger."""
        found = []
        before = self.key()[:-1]
        for command, envelope in self.sent:
            if command.slot == "halt" or self.answers.get(envelope.id, "accepted") not in ("accepted", "late"):
                continue
            step = self.chamber.handle(envelope, self.now, entry_id=entry_of(envelope))
            if step.events or not all(answer.result.startswith("refused:") for answer in step.answers):
                found.append(f"{envelope.id} again: {step.events} {step.answers}")
        if self.key()[:-1] != before:
            found.append("a command again changed the state")
        return found

    # --- what it has come to ----------------------------------------------------------------------

    def rounds(self) -> list[Any]:
        return list(self.chamber.floor.docket.rounds.values())

    def waiting(self) -> list[str]:
        return [each.proposal_id for queue in self.chamber.floor.docket.waiting.values() for each in queue]

    def decisions(self) -> list[DecisionReached]:
        return [event.body for event in self.committed if isinstance(event.body, DecisionReached)]

    def results(self) -> dict[str, list[str]]:
        """By proposal: every end that was recorded of it."""
        found: dict[str, list[str]] = {}
        for event in self.committed:
            if isinstance(event.body, ProposalRefused):
                found.setdefault(event.body.proposal_id, []).append(event.body.reason)
            elif isinstance(event.body, DecisionReached):
                for each in event.body.reasons:
                    found.setdefault(each.proposal_id, []).append(ended(each))
        return found

    def key(self) -> tuple[Any, ...]:
        """All that can matter for what follows, whatever the way here: ballots have no order. Heartbeats last."""
        docket, state = self.chamber.floor.docket, self.chamber.state
        rounds = tuple(
            (
                r.deliberation_id,
                r.deadline,
                r.extended,
                r.count_due,
                tuple((n, said(c)) for n, c in r.candidates.items()),
            )
            for r in self.rounds()
        )
        closed = frozenset((n, frozenset(c.voted[n])) for n in self.done if (c := docket.closed_round(n)))
        book = (state.mode, tuple(sorted(state.reserved.values())), frozenset(state.caps))
        ends = frozenset((name, *each) for name, each in self.results().items())
        asleep = frozenset(envelope.id for _, envelope in self.sent if envelope.id not in self.answers)
        heard = tuple(sorted(self.chamber.floor.rounds.heard.items()))
        progress = (self.now, self.gate, self.crashes, frozenset(self.done), asleep)
        return progress, rounds, tuple(self.waiting()), closed, book, ends, heard


def entry_of(envelope: Envelope) -> str:
    return f"{START // MS}-{sum(envelope.id.encode())}"


def said(candidate: Any) -> frozenset[Any]:
    return frozenset((agent, ballot.cast.stance, ballot.cast.veto) for agent, ballot in candidate.tally.ballots.items())


def ended(result: ProposalResult) -> str:
    return f"{result.state} {result.reason}"


def ballot(proposal: str, actor: str, q: float | None, veto: bool = False) -> Sent:
    stance = "abstain" if q is None else "approve" if q >= 0.5 else "reject"
    cast = CastBallot(proposal_id=proposal, stance=stance, probability=q, veto=veto)  # type: ignore[arg-type]
    return Sent(f"{actor} on {proposal}", f"{actor} {stance}{' vetoes' * veto} {proposal}", actor, cast, proposal)


class Act(NamedTuple):
    name: str
    do: Callable[[World], None]

    def __repr__(self) -> str:
        return self.name


Path = tuple[Act, ...]


class Explorer:
    """Walks from an empty world through everything that can happen, each state once. `commands` may be sent in any
    order once what they are `about` is known; the end of a window may come at any moment, and so may one crash (also
    between a step and its commit) and the second half of a window where that is asked for. `check` is told of every
    way there is to a state, and whether it is the first."""

    def __init__(
        self,
        commands: Sequence[Sent],
        check: Callable[[World, Path, bool], None],
        *,
        crashes: bool = False,
        halves: bool = False,
    ) -> None:
        self.commands = commands
        self.check = check
        self.crashes = crashes
        self.halves = halves
        self.states: set[tuple[Any, ...]] = set()
        self.edges = 0

    def explore(self) -> None:
        todo: list[tuple[Path, list[Act]]] = [((), self._acts(World()))]
        while todo:
            path, acts = todo.pop()
            for act in acts:
                further = (*path, act)
                world = self._world(further)
                self.edges += 1
                key = world.key()
                self.check(world, further, key not in self.states)
                if key not in self.states:
                    self.states.add(key)
                    todo.append((further, self._acts(world)))
                    if self.crashes and world.eventful and not world.crashes:
                        todo.append((path, [Act(f"{act}, crash before the commit", lambda w, a=act: w.lose(a))]))  # type: ignore[misc]
                    if not world.crashes:
                        again = world.redelivered()
                        assert not again, (further, again)

    @staticmethod
    def _world(path: Path) -> World:
        world = World()
        for act in path:
            act.do(world)
        return world

    def _acts(self, world: World) -> list[Act]:
        """Ballots and amendments are sent where their proposal is known: else they are refused, and that is all."""
        acts: list[Act] = []
        for command in self.commands:
            if command.slot not in world.done and (
                not command.about or world.chamber.floor.docket.knows(command.about)
            ):
                acts.append(Act(command.name, lambda w, c=command: w.send(c)))  # type: ignore[misc]
        if world.gate != world.chamber.state.mode:
            acts.append(Act("the gate is observed", World.observe))
        for round_ in world.rounds():
            acts.append(Act("deadline", lambda w, at=round_.deadline: w.advance(at)))  # type: ignore[misc]
            if self.halves and world.now <= round_.joins_until:
                acts.append(Act("half", lambda w, at=round_.joins_until + 1: w.advance(at)))  # type: ignore[misc]
        if self.crashes and not world.crashes and world.sent:
            acts.append(Act("crash", World.crash))
        return acts
