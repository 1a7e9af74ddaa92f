"""A book with its council and a chamber, as a test wants them, and a hand that plays the seats."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Raw

from governance.domain.chamber import Chamber
from governance.domain.starter import starter_rules
from governance.domain.state import BookState
from governance.domain.step import Step
from streams.envelope import Envelope
from streams.events import (
    TOPICS,
    BookFounded,
    BookOpened,
    BookTerms,
    DecisionReached,
    DomainEvent,
    EquityMarked,
    Event,
    InstrumentTerms,
    OrderFilled,
    RuleActivated,
    SeatGranted,
    aggregate_id,
    encode_event,
)
from streams.messages import (
    AnyMessage,
    CastBallot,
    GateObserved,
    LedgerEntry,
    LedgerRow,
    OfferAmendment,
    Quote,
    SubmitProposal,
    Trade,
)

BOOK = "demo"
MS = 1_000_000
START = 1_700_000_000_000 * MS
VOTERS = ("fast-momentum", "slow-momentum", "mean-reversion", "order-flow", "anomaly", "rule")
GUARDS = ("risk", "compliance")
ROLES = {"anomaly": "anomaly", "rule": "rule", "risk": "risk", "compliance": "compliance"}


def instrument(symbol: str, **changed: Any) -> InstrumentTerms:
    known: dict[str, Any] = {
        "symbol": symbol,
        "tick_size": Decimal("0.01"),
        "lot_size": Decimal("0.0001"),
        "min_notional": Decimal("5"),
        "max_order_volume": Decimal("100"),
        "min_position": Decimal("-10"),
        "max_position": Decimal("10"),
    }
    return InstrumentTerms(**(known | changed))


def seat(agent: str, prior_ppm: int | None = None, **changed: Any) -> SeatGranted:
    guard = agent in GUARDS
    known: dict[str, Any] = {
        "agent": agent,
        "role": ROLES.get(agent, "strategy"),
        "owner": f"owner-{agent}",
        "prior_ppm": 0 if guard else 1_000_000 // len(VOTERS) if prior_ppm is None else prior_ppm,
        "veto": guard,
        "required": guard,
        "who": "operator:a",
        "why": "founder",
    }
    return SeatGranted(**(known | changed))


class Scene:
    """`now` is the process clock; the market clock is moved by `quote`. Every step is kept."""

    def __init__(
        self,
        *,
        terms: BookTerms | None = None,
        seats: Iterable[SeatGranted] | None = None,
        rules: Iterable[RuleActivated] | None = None,
        instruments: Iterable[InstrumentTerms] = (instrument("BTCUSDT"), instrument("ETHUSDT")),
        cash: str = "100000",
    ) -> None:
        self.now = START
        self.state = BookState(BOOK)
        self.steps: list[Step] = []
        self.commands: list[str] = []
        self.executions: list[Event] = []
        self.rows_executed: list[LedgerRow] = []
        self._versions: dict[Any, int] = {}
        self._ids = 0
        self._position = 0
        self.found(
            "Book",
            BookFounded(
                book=BOOK,
                quote="USDT",
                instruments=tuple(instruments),
                terms=terms or BookTerms(),
                who="operator:a",
                why="",
            ),
        )
        for granted in seats if seats is not None else [seat(agent) for agent in (*VOTERS, *GUARDS)]:
            self.found("Council", granted)
        for rule in rules if rules is not None else starter_rules("operator:a"):
            self.found("Rulebook", rule)
        self.found("Account", BookOpened(book=BOOK, quote="USDT", cash=Decimal(cash)))
        self.chamber = Chamber(self.state)

    def found(self, aggregate: str, body: Event) -> None:
        originator = aggregate_id(aggregate, BOOK)
        version = self._versions[originator] = self._versions.get(originator, 0) + 1
        self.state.apply(
            DomainEvent(
                originator_id=originator,
                originator_version=version,
                body=body,
                correlation_id="seed",
                causation_id="seed",
                actor="operator:a",
                book=BOOK,
            )
        )

    # --- messages ---------------------------------------------------------------------------------

    def give(self, body: AnyMessage, actor: str = "feed", **changed: Any) -> Step:
        self._ids += 1
        entry_id = changed.pop("entry_id", f"{self.now // MS}-{self._ids}")
        interrupted = changed.pop("interrupted", False)
        known: dict[str, Any] = {
            "id": f"message-{self._ids}",
            "body": body,
            "actor": actor,
            "sent_at": self.now,
            "correlation": f"tick-{self._ids}",
            "causation": f"tick-{self._ids}",
            "book": BOOK,
        }
        message = Envelope(**(known | changed))
        if entry_id:
            self.commands.append(message.id)
        step = self.chamber.handle(message, self.now, entry_id=entry_id, interrupted=interrupted)
        self.steps.append(step)
        return step

    def quote(
        self, symbol: str = "BTCUSDT", price: str = "50000", spread: str = "1", market_at: int | None = None
    ) -> Step:
        half = Decimal(spread) / 2
        self._ids += 1
        return self._tick(
            Quote(
                instrument=symbol,
                market_at=self.now if market_at is None else market_at,
                received_at=self.now,
                update_id=self._ids,
                bid=Decimal(price) - half,
                bid_size=Decimal(1),
                ask=Decimal(price) + half,
                ask_size=Decimal(1),
                source="replay",
            )
        )

    def trade(self, symbol: str, price: str, market_at: int | None = None) -> Step:
        self._ids += 1
        tick = Trade(
            instrument=symbol,
            market_at=self.now if market_at is None else market_at,
            received_at=self.now,
            trade_id=self._ids,
            price=Decimal(price),
            quantity=Decimal(1),
            aggressor="buy",
            source="replay",
        )
        return self._tick(tick)

    def _tick(self, tick: Quote | Trade) -> Step:
        """With the look that the surveillance takes after it, so that the next step is a test's own."""
        step = self.give(tick, entry_id="")
        if self.chamber.gatekeeper.check_at <= self.now:
            self.wait(0)
        return step

    def propose(self, target: str, agent: str = VOTERS[0], symbol: str = "BTCUSDT", **changed: Any) -> Step:
        body_changes = {k: changed.pop(k) for k in list(changed) if k in SubmitProposal.__struct_fields__}
        view = self.chamber.prices.view(symbol)
        action = body_changes.get("action", "trade")
        known: dict[str, Any] = {
            "proposal_id": f"p{self._ids + 1}",
            "action": action,
            "instrument": symbol,
            "target": Decimal(target),
            "probability": 0.6 if action == "trade" else None,
            "price": view.price if view else Decimal(1),
            "evidence": ("tick",),
            "evidence_received_at": self.now,
            "horizon_s": 30,
        }
        return self.give(SubmitProposal(**(known | body_changes)), agent, **changed)

    def amend(self, amends: str, target: str, agent: str = VOTERS[1], **changed: Any) -> Step:
        proposal_id = changed.pop("proposal_id", f"a{self._ids + 1}")
        return self.give(
            OfferAmendment(proposal_id=proposal_id, amends=amends, target=Decimal(target)), agent, **changed
        )

    def ballot(self, proposal_id: str, agent: str, q: float | None = 0.6, **changed: Any) -> Step:
        stance = "abstain" if q is None else "approve" if q >= 0.5 else "reject"
        limit = changed.pop("size_limit", None)
        cast = CastBallot(
            proposal_id=proposal_id,
            stance=changed.pop("stance", stance),
            probability=q,
            size_limit=None if limit is None else Decimal(limit),
            veto=changed.pop("veto", False),
        )
        return self.give(cast, agent, **changed)

    def everybody(self, proposal_id: str, qs: Iterable[float | None] = (0.6,) * 6, **guard: Any) -> list[Step]:
        """All eight ballots: the six voters with `qs`, the guards abstaining (with what `guard` says)."""
        steps = [self.ballot(proposal_id, agent, q) for agent, q in zip(VOTERS, qs, strict=True)]
        return steps + [self.ballot(proposal_id, agent, None, **guard) for agent in GUARDS]

    def gate(self, mode: str, gate_at: int, who: str = "operator:a") -> Step:
        return self.give(GateObserved(mode=mode, who=who, why="test", gate_at=gate_at), "governor", entry_id="")  # type: ignore[arg-type]

    def executed(self, *bodies: Event) -> Step:
        rows = []
        self.executions += bodies
        for body in bodies:
            self._position += 1
            aggregate, _, _ = TOPICS[type(body)].partition(".")
            originator = aggregate_id(aggregate, BOOK if aggregate == "Account" else getattr(body, "order_id", ""))
            version = self._versions[originator] = self._versions.get(originator, 0) + 1
            rows.append(
                LedgerRow(
                    position=self._position,
                    event_id=f"e{self._position}",
                    aggregate_id=str(originator),
                    version=version,
                    topic=TOPICS[type(body)],
                    correlation_id="c",
                    causation_id="c",
                    actor="executor",
                    book=BOOK,
                    state=Raw(encode_event(body)),
                )
            )
        self.rows_executed += rows
        entry = LedgerEntry(
            log="execution",
            partition=0,
            first=rows[0].position,
            last=rows[-1].position,
            recorded_at=self.now,
            rows=tuple(rows),
        )
        return self.give(entry, "relay", entry_id="")

    def fill(self, decision: DecisionReached, price: str = "50000") -> Step:
        return self.executed(
            *(
                OrderFilled(
                    order_id=t.order_id,
                    decision_id=decision.decision_id,
                    venue="paper",
                    instrument=t.instrument,
                    side=t.side,
                    quantity=t.quantity,
                    leaves=Decimal(0),
                    price=Decimal(price),
                    fee=Decimal(0),
                    tick_id="t",
                    received_at=self.now,
                )
                for t in decision.orders
            )
        )

    def wait(self, milliseconds: float) -> Step:
        self.now += int(milliseconds * MS)
        step = self.chamber.advance(self.now)
        self.steps.append(step)
        return step

    # --- what came out ----------------------------------------------------------------------------

    def bodies(self, kind: type[Event] | None = None) -> list[Any]:
        """All events of a kind; without a kind all but the marks of equity."""
        found = [event.body for step in self.steps for event in step.events]
        return [body for body in found if isinstance(body, kind or Event) and (kind or type(body) is not EquityMarked)]

    def decision(self) -> DecisionReached:
        decision: DecisionReached = self.bodies(DecisionReached)[-1]
        return decision

    def answers(self) -> dict[str, str]:
        return {answer.command_id: answer.result for step in self.steps for answer in step.answers}


def result(step: Step) -> str:
    """The one answer of a step."""
    (answer,) = step.answers
    return answer.result


__all__ = ["BOOK", "GUARDS", "MS", "START", "VOTERS", "Scene", "instrument", "result", "seat"]
