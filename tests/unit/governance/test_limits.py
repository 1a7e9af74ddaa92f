"""Limit orders, from the proposals that ask for them to the tickets of the decision."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.domain.manner import MARKET, Manner, strictest
from governance.domain.reconstruction import Row
from governance.domain.starter import starter_rules
from streams.events import (
    DecisionHeld,
    DecisionReached,
    OrderTicket,
    ProposalAdmitted,
    RuleActivated,
    RuleClause,
)
from streams.messages import Leg, ReleaseHold
from tests.unit.governance.ledgered import LedgeredScene, derive, rows_of
from tests.unit.governance.scene import VOTERS, instrument

BTC, ETH = "BTCUSDT", "ETHUSDT"
PROTECTIVE = D("50250.00")  # 50 bp above 50,000


def scene(**known: Any) -> LedgeredScene:
    found = LedgeredScene(**known)
    found.quote()
    found.quote(ETH, "3000")
    return found


def asked(found: LedgeredScene, *limits: dict[str, Any], target: str = "0.05") -> OrderTicket:
    """One proposal for the target by as many seats as there are `limits`; all of them pass."""
    for number, limit in enumerate(limits):
        found.propose(target, VOTERS[number], proposal_id=f"p{number}", **limit)
    for number in range(len(limits)):
        found.everybody(f"p{number}")
    (ticket,) = found.decision().orders
    assert all(finding.derived for finding in derive(found.rows()))
    return ticket


def at(limit: str, time_in_force: str = "IOC", good_for_ms: int = 0) -> dict[str, Any]:
    return {"limit": D(limit), "time_in_force": time_in_force, "good_for_ms": good_for_ms}


def told(ticket: OrderTicket) -> tuple[object, ...]:
    return ticket.type, ticket.limit, ticket.time_in_force, ticket.good_for_ms, ticket.group


def test_an_order_without_a_limit_is_a_market_order_at_its_protective_price() -> None:
    assert told(asked(scene(), {})) == ("market", PROTECTIVE, "IOC", 0, "")


def test_all_or_nothing_at_the_market_is_kept() -> None:
    assert told(asked(scene(), {"time_in_force": "FOK"}, {})) == ("market", PROTECTIVE, "FOK", 0, "")


@pytest.mark.parametrize(
    ("time_in_force", "good_for_ms"),
    [("FOK", 0), ("GTC", 0), ("GTD", 60_000), ("IOC", 0)],
)
def test_a_limit_works_as_long_as_it_was_asked_for(time_in_force: str, good_for_ms: int) -> None:
    found = scene()
    ticket = asked(found, at("49900", time_in_force, good_for_ms))
    assert told(ticket) == ("limit", D("49900.00"), time_in_force, good_for_ms, "")
    (admitted,) = found.bodies(ProposalAdmitted)
    assert (admitted.limit, admitted.time_in_force, admitted.good_for_ms) == (D(49900), time_in_force, good_for_ms)


def test_the_strictest_of_the_winners_decides_with_its_own_time() -> None:
    ticket = asked(scene(), at("49950", "FOK"), at("49900", "GTD", 5_000), {})
    assert told(ticket) == ("limit", D("49900.00"), "GTD", 5_000, "")


def test_a_sale_takes_the_highest_limit() -> None:
    ticket = asked(scene(), at("50100", "GTC"), at("50050"), target="-0.05")
    assert told(ticket) == ("limit", D("50100.00"), "GTC", 0, "")


def test_a_limit_never_goes_beyond_the_protective_price() -> None:
    assert told(asked(scene(), at("51000", "GTC"))) == ("limit", PROTECTIVE, "GTC", 0, "")
    assert told(asked(scene(), at("49000", "GTC"), target="-0.05"))[:2] == ("limit", D("49750.00"))


@pytest.mark.parametrize(("target", "limit", "rounded"), [("0.05", "49900.5", 49900), ("-0.05", "50100.5", 50101)])
def test_a_limit_is_rounded_passively_to_the_tick(target: str, limit: str, rounded: int) -> None:
    found = scene(instruments=(instrument(BTC, tick_size=D(1)), instrument(ETH)))
    assert asked(found, at(limit, "GTC"), target=target).limit == rounded


def test_a_limit_outside_the_collar_is_denied() -> None:
    found = scene()
    found.propose("0.05", proposal_id="p0", **at("49700", "GTC"))
    found.everybody("p0")
    (reason,) = found.decision().reasons
    assert (found.decision().orders, reason.reason, reason.by) == ((), "RULE_DENIED", "price-collar")
    assert all(finding.derived for finding in derive(found.rows()))


def test_an_amendment_has_the_limit_of_its_original() -> None:
    found = scene()
    found.propose("0.1", proposal_id="p0", **at("49900", "GTC"))
    found.amend("p0", "0.05", proposal_id="a0")
    found.everybody("p0", (0.5,) * 6)
    found.everybody("a0", (0.5,) * 6)
    (ticket,) = found.decision().orders
    assert told(ticket) == ("limit", D("49900.00"), "GTC", 0, "")
    assert all(finding.derived for finding in derive(found.rows()))


def test_the_legs_of_a_group_are_executed_together_and_wait_for_nothing() -> None:
    found = scene()
    found.propose("0.05", proposal_id="p0", legs=(Leg(instrument=ETH, target=D(1), price=D(3000)),))
    found.propose("0.05", VOTERS[1], proposal_id="p1", **at("49900", "GTC"))
    for name in ("p0", "p1"):
        found.everybody(name)
    btc, eth = found.decision().orders
    assert told(btc) == ("limit", D("49900.00"), "IOC", 0, "p0")
    assert told(eth) == ("market", D("3015.00"), "IOC", 0, "p0")
    assert all(finding.derived for finding in derive(found.rows()))


def test_a_held_limit_order_is_released_as_one() -> None:
    ask_first = RuleActivated(
        rule="ask-first",
        version=1,
        title="Large orders wait",
        effect="hold",
        clauses=(RuleClause(name="small", cel="order.quantity <= 0.01"),),
        who="operator:a",
        why="",
    )
    found = scene(rules=[*starter_rules("operator:a"), ask_first])
    found.propose("0.05", proposal_id="p0", **at("49900", "GTD", 9_000))
    found.everybody("p0")
    (held,) = found.bodies(DecisionHeld)
    found.wait(900)
    found.quote(price="49980")
    found.give(ReleaseHold(decision_id=held.decision_id, reason="fine"), "operator:b")
    (ticket,) = found.decision().orders
    assert told(ticket) == ("limit", D("49900.00"), "GTD", 9_000, "")
    assert all(finding.derived for finding in derive(found.rows()))


# --- what was recorded before orders could have limits --------------------------------------------

NEW = b',"type":"market","time_in_force":"IOC","good_for_ms":0,"group":"%b"'


def older(rows: list[Row], group: bytes = b"") -> list[Row]:
    """As the last release wrote it."""
    admitted = b',"limit":null,"time_in_force":"IOC","good_for_ms":0}'
    return [row._replace(state=row.state.replace(NEW % group, b"").replace(admitted, b"}")) for row in rows]


@pytest.mark.parametrize("legs", [False, True])
def test_a_ledger_of_the_last_release_derives(legs: bool) -> None:
    found = scene()
    further = (Leg(instrument=ETH, target=D(1), price=D(3000)),) if legs else ()
    found.propose("0.05", proposal_id="p0", legs=further)
    found.everybody("p0")
    rows = older(found.rows(), b"p0" if legs else b"")
    assert b"good_for_ms" not in b"".join(row.state for row in rows)
    findings = derive(rows)
    assert findings
    assert all(finding.derived for finding in findings)


@pytest.mark.parametrize("edit", [(NEW % b"", b""), (b'"type":"limit",', b""), (b',"good_for_ms":0,"group":""', b"")])
def test_what_is_no_market_order_may_not_lose_a_word(edit: tuple[bytes, bytes]) -> None:
    found = scene()
    asked(found, at("49900"))
    rows = found.rows()
    decision = next(row for row in rows if row.event == "DecisionReached")
    edited = decision.state.replace(b',"type":"limit","time_in_force":"IOC","good_for_ms":0,"group":""', b"")
    if edit[0] != NEW % b"":
        edited = decision.state.replace(*edit)
    assert edited != decision.state
    findings = derive(row._replace(state=edited) if row is decision else row for row in rows)
    assert [finding.event for finding in findings if not finding.derived] == ["DecisionReached"]


# --- the strictest, whatever the order ------------------------------------------------------------

MANNERS = st.lists(
    st.one_of(
        st.just(MARKET),
        st.builds(
            Manner,
            st.integers(1, 5).map(D),
            st.sampled_from(["IOC", "FOK", "GTC"]),
        ),
    ),
    min_size=1,
    max_size=5,
)


@given(MANNERS, st.sampled_from(["buy", "sell"]), st.booleans())
def test_no_winner_gets_a_worse_price_than_it_asked_for(manners: list[Manner], side: Any, together: bool) -> None:
    found = strictest(manners, side, together=together)
    limits = [each.limit for each in manners if each.limit is not None]
    assert (found.limit is None) == (not limits)
    for limit in limits:
        assert found.limit is not None
        assert found.limit <= limit if side == "buy" else found.limit >= limit
    assert not together or (found.time_in_force, found.good_for_ms) == ("IOC", 0)
    assert together or not limits or found in manners


def test_the_rows_of_a_scene_are_what_is_stored() -> None:
    found = scene()
    asked(found, {})
    (decision,) = [event for event in found.events() if isinstance(event.body, DecisionReached)]
    (row,) = rows_of([decision])
    assert NEW % b"" in row.state
