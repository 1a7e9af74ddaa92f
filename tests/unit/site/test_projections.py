"""Given events, then rows: the folds of both logs, in any batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db.models import JSONField
from hypothesis import given
from hypothesis import strategies as st

from execution import projections as execution
from execution.models import Account, Fill, Order, Position
from governance import projections as governance
from governance.models import Ballot, Book, Decision, Deliberation, FeedGap, Proposal, Rule, Seat
from ledger.readmodel import ReadModel, Rows, Told, key_of, moment
from ledger.records import RecordedEvent
from streams import events as e
from streams.envelope import derived_id
from streams.messages import Log
from tests.unit.site.history import BOOK, START, TOTAL, History, recorded

Fold = Callable[[Rows, Sequence[Told]], None]


class Tables:
    """What a database would hold: rows saved by one batch are loaded by the next."""

    def __init__(self) -> None:
        self.rows: dict[type[ReadModel], dict[Any, ReadModel]] = {}

    def load(self, model: type[ReadModel], keys: list[Any]) -> dict[Any, ReadModel]:
        known = self.rows.get(model, {})
        return {key: known[key] for key in keys if key in known}

    def project(self, fold: Fold, events: Sequence[RecordedEvent], models: Sequence[type[ReadModel]]) -> None:
        rows = Rows(self.load)
        fold(rows, [Told.of(event) for event in events])
        for model in models:
            self.rows.setdefault(model, {}).update({row.pk: _kept(row) for row in rows.changed(model)})

    def of(self, model: type[ReadModel]) -> list[Any]:
        return list(self.rows.get(model, {}).values())

    def values(self) -> dict[str, list[dict[str, Any]]]:
        """Everything in every table, to be compared."""
        return {
            model.__name__: [
                {field.attname: getattr(row, field.attname) for field in model._meta.concrete_fields}
                for _, row in sorted(rows.items(), key=lambda item: str(item[0]))
            ]
            for model, rows in self.rows.items()
        }


def _kept(row: ReadModel) -> ReadModel:
    """As a table gives it back: JSON columns plain."""
    for field in row._meta.concrete_fields:
        if isinstance(field, JSONField):
            setattr(row, field.attname, json.loads(msgspec.json.encode(getattr(row, field.attname))))
    return row


def governed(history: History) -> Tables:
    tables = Tables()
    tables.project(governance.fold, recorded("governance", history.governance), governance.READ_MODELS)
    return tables


def executed(history: History) -> Tables:
    tables = Tables()
    tables.project(execution.fold, recorded("execution", history.execution), execution.READ_MODELS)
    return tables


def test_founding_a_book_gives_its_terms_council_and_rules() -> None:
    tables = governed(History().found())
    (book,) = tables.of(Book)
    assert (book.book, book.quote, book.mode) == (BOOK, "USDT", "NORMAL")
    assert book.terms["trade_quorum"] == "0.4"
    assert [terms["symbol"] for terms in book.instruments] == ["BTCUSDT", "ETHUSDT"]
    assert sum(seat.weight_ppm for seat in tables.of(Seat)) == TOTAL
    assert {seat.agent for seat in tables.of(Seat) if seat.veto} == {"risk", "compliance"}
    assert {rule.rule for rule in tables.of(Rule)} == {"position-limit", "stale-data"}


def test_a_suspended_and_reinstated_seat_keeps_its_weight() -> None:
    history = History().found()
    history.tell(e.SeatSuspended(agent="rule", who="operator:ada", why="spam"))
    (suspended,) = [seat for seat in governed(history).of(Seat) if seat.agent == "rule"]
    history.tell(e.SeatReinstated(agent="rule", who="operator:bob", why="mended"))
    (reinstated,) = [seat for seat in governed(history).of(Seat) if seat.agent == "rule"]
    assert (suspended.status, suspended.who, suspended.weight_ppm) == ("suspended", "operator:ada", 166_666)
    assert (reinstated.status, reinstated.who) == ("seated", "operator:bob")


def test_a_retired_rule_stays_to_be_read() -> None:
    history = History().found()
    history.tell(e.RuleRetired(rule="stale-data", version=1, who="operator:ada", why="replaced"))
    states = {rule.rule: rule.status for rule in governed(history).of(Rule)}
    assert states == {"position-limit": "active", "stale-data": "retired"}


def test_modes_sources_and_listings_move_the_book() -> None:
    history = History().found()
    history.tell(e.TradingHalted(who="operator:ada", why="<b>odd</b> fills", gate_at=1))
    (halted,) = governed(history).of(Book)
    history.tell(e.TradingResumed(who="operator:bob", why="explained", origin="HALTED", to="REDUCE_ONLY"))
    history.tell(e.FeedSourceChanged(origin="live", to="replay", why="the exchange is silent"))
    history.tell(e.InstrumentListed(terms=_terms("SOLUSDT"), who="operator:ada", why="wanted"))
    (resumed,) = governed(history).of(Book)
    assert (halted.mode, halted.mode_why) == ("HALTED", "<b>odd</b> fills")
    assert (resumed.mode, resumed.mode_who, resumed.source) == ("REDUCE_ONLY", "operator:bob", "replay")
    assert [terms["symbol"] for terms in resumed.instruments] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]


def test_a_feed_gap_is_kept() -> None:
    history = History().found()
    history.tell(e.FeedGap(instrument="BTCUSDT", kind="trade", first=3, last=9, market_at=1))
    (gap,) = governed(history).of(FeedGap)
    assert (gap.instrument, gap.first, gap.last) == ("BTCUSDT", 3, 9)


def test_a_granted_round_gives_its_proposals_ballots_and_decision() -> None:
    history = History().found()
    key = history.round()
    tables = governed(history)
    (decision,), (round_,) = tables.of(Decision), tables.of(Deliberation)
    assert (decision.decision_id, decision.outcome, decision.instrument) == (key, "granted", "BTCUSDT")
    assert (round_.outcome, round_.close_reason) == ("granted", "all_voted")
    assert decision.deliberation_id == round_.pk
    won, lost = sorted(tables.of(Proposal), key=lambda proposal: proposal.agent)
    assert (won.state, won.yes_ppm, won.forecast) == ("GRANTED", 666_664, 0.546)
    assert (lost.state, lost.reason, lost.tally) == ("DEFEATED", "DEFEATED", "DEFEATED")
    assert len(tables.of(Ballot)) == 16


def test_a_veto_names_who_vetoed() -> None:
    history = History().found()
    history.round(outcome="vetoed")
    vetoed = [proposal for proposal in governed(history).of(Proposal) if proposal.state == "VETOED"]
    assert [(proposal.agent, proposal.by) for proposal in vetoed] == [("fast-momentum", "compliance")]


def test_an_amendment_shares_what_its_original_forecasts() -> None:
    history = History().found()
    history.round()
    original = next(event.body for event in history.governance if isinstance(event.body, e.ProposalAdmitted))
    key = next(
        event.body for event in history.governance if isinstance(event.body, e.DeliberationOpened)
    ).deliberation_id
    offered = e.AmendmentOffered(
        proposal_id="smaller", amends=original.proposal_id, agent="risk", target=Decimal("0.01"), why="size"
    )
    history.tell(offered, key)
    (amendment,) = [row for row in governed(history).of(Proposal) if row.pk == "smaller"]
    assert (amendment.probability, amendment.price, amendment.target) == (0.57, original.price, Decimal("0.01"))


def test_a_late_ballot_stands_beside_the_counted_one() -> None:
    history = History().found()
    history.round()
    cast = next(event.body for event in history.governance if isinstance(event.body, e.BallotCast))
    key = next(
        event.body for event in history.governance if isinstance(event.body, e.DeliberationOpened)
    ).deliberation_id
    late = e.BallotLate(
        proposal_id=cast.proposal_id, agent=cast.agent, stance="reject", probability=0.1, weight_ppm=cast.weight_ppm,
        size_limit=None, veto=False, reason="",
    )  # fmt: skip
    history.tell(late, key)
    ballots = [row for row in governed(history).of(Ballot) if row.agent == cast.agent]
    assert sorted((row.stance, row.late) for row in ballots if row.proposal_id == cast.proposal_id) == [
        ("approve", False),
        ("reject", True),
    ]


def test_a_refusal_does_not_touch_a_proposal_that_was_admitted() -> None:
    history = History().found()
    history.round()
    admitted = next(event.body for event in history.governance if isinstance(event.body, e.ProposalAdmitted))
    for proposal_id in (admitted.proposal_id, "new"):
        history.tell(_refused(proposal_id), proposal_id)
    states = {row.pk: row.state for row in governed(history).of(Proposal)}
    assert (states[admitted.proposal_id], states["new"]) == ("GRANTED", "REFUSED")


def test_fills_move_order_position_and_cash() -> None:
    history = History().found()
    history.round(quantity=Decimal("0.05"), price=Decimal("60000"))
    history.round(quantity=Decimal("0.02"), price=Decimal("61000"), side="sell")
    tables = executed(history)
    (account,), (position,) = tables.of(Account), tables.of(Position)
    fees = 2 * Decimal("0.06123457")
    assert (position.quantity, position.average) == (Decimal("0.03"), Decimal("60000"))
    assert (position.realised, position.fees) == (Decimal("20"), fees)
    assert account.cash == Decimal(100_000) - 3000 + 1220 - fees
    assert [order.state for order in tables.of(Order)] == ["filled", "filled"]
    assert [(fill.side, fill.quantity) for fill in tables.of(Fill)] == [
        ("buy", Decimal("0.05")),
        ("sell", Decimal("0.02")),
    ]


def test_partial_fills_sum_up_and_the_rest_may_be_cancelled() -> None:
    history = History().found()
    parts: dict[str, Any] = {"order_id": "o", "decision_id": "d", "instrument": "BTCUSDT", "side": "buy"}
    fill: dict[str, Any] = {"venue": "paper", "fee": Decimal("0.1"), "tick_id": "t", "received_at": 1}
    history.tell(e.OrderAccepted(**parts, quantity=Decimal(3), limit=Decimal(200)), "o")
    history.tell(e.OrderSent(order_id="o", decision_id="d", venue="paper"), "o")
    for price in (100, 103):
        history.tell(
            e.OrderPartiallyFilled(**parts, **fill, quantity=Decimal(1), leaves=Decimal(1), price=Decimal(price)), "o"
        )
    history.tell(e.OrderCancelled(order_id="o", decision_id="d", reason="LIMIT", detail="worse"), "o")
    (order,) = executed(history).of(Order)
    assert (order.state, order.filled, order.average_price) == ("cancelled", Decimal(2), Decimal("101.5"))
    assert (order.fee, order.reason, order.is_final) == (Decimal("0.2"), "LIMIT", True)


def test_an_order_works_at_its_venue_until_it_is_done() -> None:
    history = History().found()
    parts: dict[str, Any] = {"order_id": "o", "decision_id": "d"}
    history.tell(
        e.OrderAccepted(
            **parts, instrument="BTCUSDT", side="sell", quantity=Decimal(3), limit=Decimal(200), type="limit",
            time_in_force="GTD", reduce_only=True, expires_at=START + 1_000_000, group="g",
        ),
        "o",
    )  # fmt: skip
    history.tell(e.OrderSent(**parts, venue="binance", client_order_id="o"), "o")
    (sent,) = executed(history).of(Order)
    history.tell(e.OrderWorking(**parts, venue="binance", venue_order_id="77"), "o")
    (working,) = executed(history).of(Order)
    history.tell(e.OrderExpired(**parts, reason="EXPIRED", detail="its time was up"), "o")
    (expired,) = executed(history).of(Order)
    assert (sent.type, sent.time_in_force, sent.reduce_only, sent.group) == ("limit", "GTD", True, "g")
    assert sent.expires_at == moment(START + 1_000_000)
    assert (sent.state, sent.venue, sent.client_order_id) == ("sent", "binance", "o")
    assert (working.state, working.venue_order_id, working.is_final) == ("working", "77", False)
    assert (expired.state, expired.reason, expired.is_final) == ("expired", "EXPIRED", True)


def test_word_that_an_order_works_does_not_undo_its_fills() -> None:
    history = History().found()
    parts: dict[str, Any] = {"order_id": "o", "decision_id": "d", "venue": "binance"}
    trade: dict[str, Any] = {"instrument": "BTCUSDT", "side": "buy"}
    history.tell(e.OrderAccepted(order_id="o", decision_id="d", **trade, quantity=Decimal(3), limit=Decimal(200)), "o")
    history.tell(
        e.OrderPartiallyFilled(
            **parts, **trade, quantity=Decimal(1), leaves=Decimal(2), price=Decimal(100), fee=Decimal(0), tick_id="",
            received_at=1,
        ),
        "o",
    )  # fmt: skip
    history.tell(e.OrderWorking(**parts, venue_order_id="77"), "o")
    (order,) = executed(history).of(Order)
    assert (order.state, order.venue_order_id) == ("partially_filled", "77")


def test_a_fee_in_kind_leaves_the_position_and_not_the_cash() -> None:
    history = History().found()
    history.tell(
        e.OrderFilled(
            order_id="o", decision_id="d", venue="binance", instrument="BTCUSDT", side="buy", quantity=Decimal(1),
            leaves=Decimal(0), price=Decimal(1000), fee=Decimal(1), tick_id="", received_at=1, trade_id="t9",
            liquidity="maker", fee_base=Decimal("0.001"),
        ),
        "o",
    )  # fmt: skip
    tables = executed(history)
    (account,), (position,), (fill,) = tables.of(Account), tables.of(Position), tables.of(Fill)
    assert (position.quantity, position.cost, position.fees) == (Decimal("0.999"), Decimal(999), Decimal(1))
    assert (account.cash, account.fees) == (Decimal(99_000), Decimal(1))
    assert account.cash + position.quantity * 1000 == account.deposits - account.fees + account.realised
    assert (fill.trade_id, fill.liquidity, fill.fee_base) == ("t9", "maker", Decimal("0.001"))


def test_an_adjusted_position_is_a_deposit_in_kind() -> None:
    history = History().found()
    for quantity, price in ((2, 1000), (-1, 1100)):
        history.tell(
            e.PositionAdjusted(
                instrument="BTCUSDT", quantity=Decimal(quantity), price=Decimal(price), who="operator:ada",
                reason="found",
            )
        )  # fmt: skip
    tables = executed(history)
    (account,), (position,) = tables.of(Account), tables.of(Position)
    assert (position.quantity, position.cost, position.realised) == (Decimal(1), Decimal(1000), Decimal(100))
    assert (account.cash, account.deposits) == (Decimal(100_000), Decimal(100_000 + 2000 - 1100))
    assert account.cash + position.quantity * 1000 == account.deposits + account.realised


def test_cash_that_is_moved_is_a_deposit() -> None:
    history = History().found()
    history.tell(e.CashMoved(amount=Decimal("-250.5"), reason="withdrawn"))
    (account,) = executed(history).of(Account)
    assert account.cash == account.deposits == Decimal("99749.5")


@pytest.fixture(scope="module")
def long_history() -> History:
    history = History().found()
    outcomes: tuple[e.Outcome, ...] = ("granted", "vetoed", "reduced", "refused", "granted")
    for index, outcome in enumerate(outcomes):
        history.round(outcome=outcome, side="sell" if index == 4 else "buy", filled=index != 2)
        history.tell(_refused(f"refused-{index}"), f"refused-{index}")
    history.tell(e.TradingHalted(who="operator:ada", why="enough", gate_at=1))
    return history


@given(cuts=st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=12))
def test_any_batches_give_the_same_rows_as_one_rebuild(long_history: History, cuts: list[int]) -> None:
    logs: tuple[tuple[Fold, Log, list[e.DomainEvent], Sequence[type[ReadModel]]], ...] = (
        (governance.fold, "governance", long_history.governance, governance.READ_MODELS),
        (execution.fold, "execution", long_history.execution, execution.READ_MODELS),
    )
    for fold, log, events, models in logs:
        rebuilt, incremental = Tables(), Tables()
        history = recorded(log, events)
        rebuilt.project(fold, history, models)
        position, cut = 0, 0
        while position < len(history):
            size = cuts[cut % len(cuts)]
            incremental.project(fold, history[position : position + size], models)
            position, cut = position + size, cut + 1
        assert incremental.values() == rebuilt.values()


def test_every_event_of_the_execution_log_is_folded_or_passed_over_on_purpose() -> None:
    changed = {e.BookOpened, e.CashMoved, e.PositionAdjusted, *e.AGGREGATES["Order"]}
    assert changed | execution.PASSED_OVER == {*e.AGGREGATES["Account"], *e.AGGREGATES["Order"]}
    assert not changed & execution.PASSED_OVER


def test_a_row_takes_no_name_that_is_no_column_of_it() -> None:
    with pytest.raises(TypeError, match=r"Account has no columns \['casch'\]"):
        Account.told(book="demo", casch=Decimal(1))


def test_rows_do_not_share_what_can_change() -> None:
    first, second = Proposal.told(proposal_id="1"), Proposal.told(proposal_id="2")
    first.legs.append("leg")
    assert (second.legs, second.state, second.by) == ([], "", "")


@given(cause=st.lists(st.one_of(st.text(), st.integers()), max_size=4))
def test_a_key_is_the_derived_id_of_its_cause(cause: list[object]) -> None:
    assert str(key_of(*cause)) == derived_id(*cause)


def test_events_that_come_again_change_nothing(long_history: History) -> None:
    history = recorded("execution", long_history.execution)
    once, twice = Tables(), Tables()
    once.project(execution.fold, history, execution.READ_MODELS)
    twice.project(execution.fold, history, execution.READ_MODELS)
    twice.project(
        execution.fold,
        [r for r in history if not isinstance(r.event.body, e.BookOpened | e.OrderAccepted)],
        execution.READ_MODELS,
    )
    assert twice.values() == once.values()


def _refused(proposal_id: str) -> e.ProposalRefused:
    return e.ProposalRefused(
        proposal_id=proposal_id, agent="rule", action="trade", instrument="BTCUSDT", target=Decimal(1),
        reason="STALE_PROPOSAL", detail="612 ms old",
    )  # fmt: skip


def _terms(symbol: str) -> e.InstrumentTerms:
    return e.InstrumentTerms(
        symbol=symbol, tick_size=Decimal("0.01"), lot_size=Decimal("0.001"), min_notional=Decimal(5),
        max_order_volume=Decimal(1), min_position=Decimal(0), max_position=Decimal(2),
    )  # fmt: skip
