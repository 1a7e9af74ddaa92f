"""A book under surveillance, and a hand that moves its market, its clock and its fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from governance.domain.state import BookState
from governance.domain.step import Step, empty
from streams.events import (
    BookTerms,
    BreakerTripped,
    BreakerWarned,
    DecisionReached,
    DomainEvent,
    Event,
    OrderAccepted,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    OrderTicket,
    ProposalAdmitted,
    ProposalResult,
    Trigger,
    aggregate_id,
)
from streams.messages import Side
from tests.unit.governance.scene import BOOK, MS, Scene

D = Decimal


class Guarded(Scene):
    """No rules and no fees: only breakers. `look` lets them look now; time passes with `pass_seconds`."""

    def __init__(self, **terms: Any) -> None:
        super().__init__(terms=BookTerms(**terms), rules=())
        self._orders = 0

    def look(self) -> Step:
        step = empty()
        self.chamber.gatekeeper.check_at = 0
        self.chamber.gatekeeper.pass_time(self.now, step)
        self.steps.append(step)
        return step

    def market(self, price: str, symbol: str = "BTCUSDT", seconds: float = 1) -> None:
        """A second later a tick comes at that price, and the breakers look."""
        self.now += int(seconds * 1000) * MS
        self.quote(symbol, price)
        self.look()

    def silence(self, seconds: float) -> None:
        self.now += int(seconds * 1_000_000) * 1000
        self.look()

    def holds(self, quantity: str, price: str, symbol: str = "BTCUSDT") -> None:
        """Bought before anybody watched."""
        self.state.positions[symbol] = D(quantity)
        self.state.cash -= D(quantity) * D(price)

    def decided(self, agent: str, side: Side = "buy", symbol: str = "BTCUSDT", quantity: str = "0.1") -> str:
        """An order of that agent alone; gives its id."""
        self._orders += 1
        key, order_id = f"d{self._orders}", f"o{self._orders}"
        view = self.chamber.prices.view(symbol)
        assert view is not None
        admitted = ProposalAdmitted(
            proposal_id=key,
            agent=agent,
            action="trade",
            instrument=symbol,
            target=D(1),
            probability=0.6,
            held=D(0),
            price=view.price,
            market=view,
            evidence=(),
            ttl_ms=200,
            why="",
        )
        ticket = OrderTicket(
            order_id=order_id, instrument=symbol, side=side, quantity=D(quantity), limit=view.price * 2
        )
        reached = DecisionReached(
            decision_id=key,
            deliberation_id=key,
            outcome="granted",
            orders=(ticket,),
            reasons=(ProposalResult(proposal_id=key, state="GRANTED", reason=""),),
            trigger=Trigger(tick_id="t", received_at=self.now),
            ttl_ms=200,
        )
        for version, body in enumerate((admitted, reached), 1):
            self.state.apply(_event(aggregate_id("Deliberation", key), version, body))
        self.chamber.surveillance.decided(reached, self.now)
        return order_id

    def filled(
        self, agent: str = "a", side: Side = "buy", symbol: str = "BTCUSDT", price: str = "50000", **changed: Any
    ) -> None:
        """Decided, executed and looked at."""
        quantity = changed.pop("quantity", "0.1")
        order_id = self.decided(agent, side, symbol, quantity)
        fill = OrderFilled(
            order_id=order_id,
            decision_id=order_id,
            venue="paper",
            instrument=symbol,
            side=side,
            quantity=D(quantity),
            leaves=D(0),
            price=D(price),
            fee=D(changed.pop("fee", "0")),
            tick_id="t",
            received_at=self.now,
        )
        self.executed(accepted(order_id, symbol, side, quantity), fill)
        self.look()

    def partly_filled(self, agent: str, parts: int) -> str:
        """Filled in so many parts, one look after each; gives the order's id."""
        order_id = self.decided(agent)
        for number in range(parts):
            fill = OrderPartiallyFilled(
                order_id=order_id,
                decision_id=order_id,
                venue="paper",
                instrument="BTCUSDT",
                side="buy",
                quantity=D("0.01"),
                leaves=D("0.1") - D("0.01") * (number + 1),
                price=D(50_000),
                fee=D(0),
                tick_id="t",
                received_at=self.now,
            )
            self.executed(fill)
            self.look()
        return order_id

    def orders(self, orders: int, rejects: int, reason: str = "BELOW_MINIMUM") -> None:
        bodies: list[Event] = []
        for number in range(orders):
            self._orders += 1
            order_id = f"o{self._orders}"
            bodies.append(accepted(order_id))
            if number < rejects:
                bodies.append(OrderRejected(order_id=order_id, decision_id="d", reason=reason))
        self.executed(*bodies)
        self.look()

    def trips(self) -> list[tuple[str, str, str]]:
        return [(trip.breaker, trip.subject, trip.effect) for trip in self.bodies(BreakerTripped)]

    def warnings(self) -> list[tuple[str, str]]:
        return [(warned.breaker, warned.subject) for warned in self.bodies(BreakerWarned)]

    def restarted(self) -> BookState:
        """What the governance log alone makes of a book: its events folded anew."""
        fresh = BookState(BOOK)
        fresh.quote, fresh.terms, fresh.instruments = self.state.quote, self.state.terms, self.state.instruments
        for step in self.steps:
            for event in step.events:
                fresh.apply(event)
        return fresh


def accepted(order_id: str, symbol: str = "BTCUSDT", side: Side = "buy", quantity: str = "0.1") -> OrderAccepted:
    return OrderAccepted(
        order_id=order_id,
        decision_id=order_id,
        instrument=symbol,
        side=side,
        quantity=D(quantity),
        limit=D(100_000),
    )


def _event(originator: Any, version: int, body: Event) -> DomainEvent:
    return DomainEvent(
        originator_id=originator,
        originator_version=version,
        body=body,
        correlation_id="c",
        causation_id="c",
        actor="governor",
        book=BOOK,
    )
