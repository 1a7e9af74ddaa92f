"""A small history of a book, told in events: what tests of the read models and of the site are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal
from uuid import UUID

from ledger.records import RecordedEvent, event_id
from streams import events as e
from streams.envelope import derived_id
from streams.events import AGGREGATES, BookTerms, DomainEvent, Event, InstrumentTerms, MarketView, OrderTicket
from streams.messages import Log, Side, Stance

TallyState = Literal["PASSED", "DEFEATED", "INQUORATE", "VETOED", "HALTED"]
BOOK = "demo"
START = 1_700_000_000_000_000_000
MS = 1_000_000
SEATS: tuple[tuple[str, e.Role, int], ...] = (
    ("fast-momentum", "strategy", 166_666),
    ("slow-momentum", "strategy", 166_666),
    ("mean-reversion", "strategy", 166_666),
    ("order-flow", "strategy", 166_666),
    ("anomaly", "anomaly", 166_666),
    ("rule", "rule", 166_666),
    ("risk", "risk", 0),
    ("compliance", "compliance", 0),
)
TOTAL = 999_996
VIEW = MarketView(
    price=Decimal("61234.56"), spread=Decimal("0.02"), tick_id="binance:BTCUSDT:q7", source="replay", market_at=START
)
RULES: tuple[tuple[str, str, e.Effect, str], ...] = (
    ("position-limit", "Position stays inside its limits", "clip", "order.post_position <= limits.max_position"),
    ("stale-data", "Prices are fresh", "deny", "market.quote_age_ms <= 1000.0"),
)


class History:
    """Wraps bodies into domain events, with gapless versions per aggregate."""

    def __init__(self, book: str = BOOK, now: int = START) -> None:
        self.book = book
        self.now = now
        self.governance: list[DomainEvent] = []
        self.execution: list[DomainEvent] = []
        self._versions: Counter[UUID] = Counter()
        self._rounds = 0

    def tell(self, body: Event, key: str = "", *, actor: str = "governor", correlation: str = "root") -> DomainEvent:
        kind = next(name for name, types in AGGREGATES.items() if type(body) in types)
        aggregate = e.aggregate_id(kind, key or self.book)
        self._versions[aggregate] += 1
        event = DomainEvent(
            originator_id=aggregate,
            originator_version=self._versions[aggregate],
            body=body,
            correlation_id=correlation,
            causation_id=correlation,
            actor=actor,
            book=self.book,
        )
        (self.execution if kind in ("Account", "Order") else self.governance).append(event)
        return event

    def found(self, *, cash: Decimal = Decimal(100_000)) -> History:
        instruments = tuple(_instrument(symbol) for symbol in ("BTCUSDT", "ETHUSDT"))
        self.tell(
            e.BookFounded(
                book=self.book,
                quote="USDT",
                instruments=instruments,
                terms=BookTerms(),
                who="operator:demo",
                why="demo",
            )
        )
        for agent, role, ppm in SEATS:
            self.tell(
                e.SeatGranted(
                    agent=agent, role=role, owner=f"owner-of-{agent}", prior_ppm=ppm, veto=ppm == 0, required=ppm == 0,
                    who="operator:demo", why="demo",
                )
            )  # fmt: skip
        for rule, title, effect, cel in RULES:
            clause = e.RuleClause(name="holds", cel=cel)
            self.tell(
                e.RuleActivated(
                    rule=rule, version=1, title=title, effect=effect, clauses=(clause,), who="operator:demo", why="demo"
                )
            )
        self.tell(e.BookOpened(book=self.book, quote="USDT", cash=cash), actor="executor")
        return self

    def round(
        self,
        *,
        outcome: e.Outcome = "granted",
        instrument: str = "BTCUSDT",
        quantity: Decimal = Decimal("0.05"),
        side: Side = "buy",
        why: str = "three rising trades in a row",
        price: Decimal = Decimal("61234.57"),
        filled: bool = True,
        held: Decimal = Decimal(0),
    ) -> str:
        """A whole round with two proposals; the first wins where something is granted. Returns the decision's id."""
        self._rounds += 1
        self.now += 400 * MS
        key = derived_id("deliberation", self.book, self._rounds, self.now)
        first, second = derived_id(key, 1), derived_id(key, 2)
        target = held + (quantity if side == "buy" else -quantity)
        won = outcome in ("granted", "reduced")
        self._open(key, instrument, price)
        for proposal, agent, aim in ((first, "fast-momentum", target), (second, "mean-reversion", held - quantity)):
            self.tell(
                e.ProposalAdmitted(
                    proposal_id=proposal, agent=agent, action="trade", instrument=instrument, target=aim,
                    probability=0.57, held=held, price=price, market=VIEW, evidence=("binance:BTCUSDT:t41",),
                    ttl_ms=200, why=why,
                ),
                key,
            )  # fmt: skip
        self._vote(key, first, approve=won or outcome == "vetoed", veto=outcome == "vetoed")
        self._vote(key, second, approve=False, veto=False)
        self.tell(e.DeliberationClosed(reason="all_voted", closed_at=self.now + 6 * MS), key)
        self._tally(key, first, "PASSED" if won else "VETOED" if outcome == "vetoed" else "INQUORATE", approve=won)
        self._tally(key, second, "DEFEATED", approve=False)
        return self._decide(key, outcome, instrument, side, quantity, price, (first, second), filled=filled)

    def _open(self, key: str, instrument: str, price: Decimal) -> None:
        view = MarketView(
            price=price, spread=Decimal("0.02"), tick_id=f"binance:{instrument}:q7", source="replay", market_at=self.now
        )
        self.tell(
            e.DeliberationOpened(
                deliberation_id=key, instrument=instrument, track="TRADE", opened_at=self.now + MS,
                deadline=self.now + 26 * MS, weights_version="demo:0", total_ppm=TOTAL, rulebook_version=2, market=view,
            ),
            key,
        )  # fmt: skip

    def _vote(self, key: str, proposal: str, *, approve: bool, veto: bool) -> None:
        for index, (agent, _, ppm) in enumerate(SEATS):
            yes = approve and index in (0, 1, 3, 4)
            stance: Stance = "abstain" if ppm == 0 or index == 5 else "approve" if yes else "reject"
            self.tell(
                e.BallotCast(
                    proposal_id=proposal, agent=agent, stance=stance,
                    probability=None if stance == "abstain" else 0.58 if yes else 0.41, weight_ppm=ppm,
                    size_limit=Decimal("0.4") if agent == "risk" else None, veto=veto and agent == "compliance",
                    reason="restricted until noon" if veto and agent == "compliance" else "",
                ),
                key,
                actor=agent,
            )  # fmt: skip

    def _tally(self, key: str, proposal: str, state: TallyState, *, approve: bool) -> None:
        yes = 4 * 166_666 if approve else 0
        self.tell(
            e.ProposalTallied(
                proposal_id=proposal, yes_ppm=yes, no_ppm=5 * 166_666 - yes, missing_ppm=0, total_ppm=TOTAL,
                forecast=0.546 if approve else 0.41, state=state, reason="" if state == "PASSED" else state,
                by="compliance" if state == "VETOED" else "",
            ),
            key,
        )  # fmt: skip

    def _decide(
        self,
        key: str,
        outcome: e.Outcome,
        instrument: str,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        proposals: tuple[str, str],
        *,
        filled: bool,
    ) -> str:
        decision = derived_id("decision", key)
        first, second = proposals
        state = {"granted": "GRANTED", "reduced": "REDUCED", "vetoed": "VETOED"}.get(outcome, "INQUORATE")
        by = "compliance" if outcome == "vetoed" else ""
        won = outcome in ("granted", "reduced")
        results = (
            e.ProposalResult(proposal_id=first, state=state, reason=state, by=by, detail=""),
            e.ProposalResult(
                proposal_id=second, state="DEFEATED", reason="DEFEATED", detail="0 of 833330 ppm approved"
            ),
        )
        targets = {instrument: quantity} if won else {}
        self.tell(e.ProposalsArbitrated(results=results, targets=targets), key)
        order = OrderTicket(
            order_id=derived_id("order", decision, instrument), instrument=instrument, side=side, quantity=quantity,
            limit=price * 2,
        )  # fmt: skip
        orders = (order,) if won else ()
        if won:
            self.tell(e.RulesEvaluated(rulebook_version=2, traces=_traces(order, outcome)), key)
        self.tell(
            e.DecisionReached(
                decision_id=decision, deliberation_id=key, outcome=outcome, orders=orders, reasons=results,
                trigger=e.Trigger(tick_id="binance:BTCUSDT:t41", received_at=self.now), ttl_ms=200,
            ),
            key,
            correlation=f"tick-{self._rounds}",
        )  # fmt: skip
        for ticket in orders:
            self._execute(decision, ticket, price, filled=filled)
        return decision

    def _execute(self, decision: str, ticket: OrderTicket, price: Decimal, *, filled: bool) -> None:
        order_id = ticket.order_id
        correlation = f"tick-{self._rounds}"
        accepted = e.OrderAccepted(
            order_id=order_id, decision_id=decision, instrument=ticket.instrument, side=ticket.side,
            quantity=ticket.quantity, limit=ticket.limit,
        )  # fmt: skip
        self.tell(accepted, order_id, actor="executor", correlation=correlation)
        ending: Event = e.OrderExpired(order_id=order_id, decision_id=decision, reason="TTL", detail="212.0 ms late")
        if filled:
            ending = e.OrderFilled(
                order_id=order_id, decision_id=decision, venue="paper", instrument=ticket.instrument, side=ticket.side,
                quantity=ticket.quantity, leaves=Decimal(0), price=price, fee=Decimal("0.06123457"),
                tick_id="binance:BTCUSDT:q8", received_at=self.now,
            )  # fmt: skip
        self.tell(ending, order_id, actor="executor", correlation=correlation)


def _instrument(symbol: str) -> InstrumentTerms:
    return InstrumentTerms(
        symbol=symbol, tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"), min_notional=Decimal(5),
        max_order_volume=Decimal("0.35"), min_position=Decimal(0), max_position=Decimal("0.7"),
    )  # fmt: skip


def _traces(order: OrderTicket, outcome: str) -> tuple[e.ClauseTrace, ...]:
    clipped = order.quantity if outcome == "reduced" else None
    return tuple(
        e.ClauseTrace(
            rule=rule, version=1, clause="holds", order_id=order.order_id, effect=effect,
            value=not (clipped and effect == "clip"), clipped_to=clipped if effect == "clip" else None,
            facts={"order.post_position": 0.05, "limits.max_position": 0.7, "market.quote_age_ms": 12.0},
        )
        for rule, _, effect, _ in RULES
    )  # fmt: skip


def recorded(log: Log, events: Iterable[DomainEvent], *, first: int = 1, at: int = START) -> list[RecordedEvent]:
    """Events as the ledger gives them back, a millisecond apart."""
    return [
        RecordedEvent(
            log=log, partition=0, position=first + index, event_id=str(event_id(log, 0, first + index)),
            recorded_at=at + index * MS, event=event,
        )
        for index, event in enumerate(events)
    ]  # fmt: skip
