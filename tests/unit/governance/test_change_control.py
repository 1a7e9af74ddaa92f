"""Given operators, when they ask, approve, refuse and wait, then nothing loosens without two of them and the delay."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.changes import REMEMBERED, Changes
from streams import events as e
from streams.changes import (
    AdjustReputation,
    Change,
    GrantSeat,
    ReinstateSeat,
    Restrict,
    RetireRule,
    SetTerm,
    SuspendSeat,
    Unrestrict,
)
from streams.events import BookTerms, SignalRule, aggregate_id
from streams.messages import ApproveChange
from tests.unit.governance.changing import ANN, BOB, CAT, SECOND, Office, rule
from tests.unit.governance.scene import BOOK, seat

D = Decimal
TIGHTER = SetTerm(name="max_gross", value=D("0.9"))
LOOSER = SetTerm(name="max_gross", value=D("1.1"))


@pytest.fixture
def office() -> Office:
    return Office()


# --- tightening ------------------------------------------------------------------------------------


def test_tightening_takes_hold_at_once(office: Office) -> None:
    assert office.request(TIGHTER) == "accepted"
    requested, enacted, changed = office.told()
    assert isinstance(requested, e.ChangeRequested)
    assert (requested.loosens, requested.who, requested.requested_at) == (False, ANN, office.now)
    assert enacted == e.ChangeEnacted(change_id="c", who=ANN, approved_by="")
    assert changed == e.TermChanged(name="max_gross", instrument="", origin=D("1.0"), to=D("0.9"), who=ANN, why="why")
    assert office.state.terms.max_gross == D("0.9")
    assert office.deadline() is None


@pytest.mark.parametrize(
    ("name", "value", "expected"), [("live_only", "1", True), ("hold_ttl_s", "60", 60), ("max_net", "0.5", D("0.5"))]
)
def test_a_term_keeps_its_type(office: Office, name: str, value: str, expected: object) -> None:
    assert office.request(SetTerm(name=name, value=D(value))) == "accepted"
    for _ in range(2):
        found = getattr(office.state.terms, name)
        assert (found, type(found)) == (expected, type(expected))
        office.restart()


def test_a_term_of_an_instrument_is_its_own(office: Office) -> None:
    office.request(SetTerm(name="max_position", value=D(5), instrument="BTCUSDT"))
    assert office.state.instruments["BTCUSDT"].max_position == 5
    assert office.state.instruments["ETHUSDT"].max_position == 10


def test_what_a_change_leads_to_is_one_correlation_with_gapless_versions(office: Office) -> None:
    office.request(LOOSER)
    office.approve()
    office.wait(60)
    events = [event for step in office.steps for event in step.events]
    assert [type(event.body).__name__ for event in events] == [
        *("ChangeRequested", "ChangeApproved", "ChangeEnacted", "TermChanged"),
    ]
    assert {event.correlation_id for event in events} == {"c"}
    assert [event.originator_version for event in events] == [1, 2, 3, 2]
    assert len({event.originator_id for event in events[:3]}) == 1
    assert events[3].originator_id == aggregate_id("Book", BOOK)
    assert [event.actor for event in events] == [ANN, BOB, "governor", "governor"]
    assert [event.command_id is None for event in events] == [False, False, True, True]


def test_a_rule_gets_the_version_after_its_last_one(office: Office) -> None:
    office.request(rule(rule="shy"), change_id="1")
    assert office.state.rules["shy"].version == 2
    office.request(RetireRule(rule="old"), change_id="2")
    office.approve(change_id="2")
    office.wait(60)
    assert "old" not in office.state.rules
    office.restart()
    assert office.request(rule(rule="old", title="Again"), change_id="3") == "accepted"
    assert office.state.rules["old"].version == 5
    assert office.request(rule(), change_id="4") == "accepted"
    assert office.state.rules["small-orders"].version == 1


def test_a_seat_is_stopped_by_one_and_leaves_t_by_a_second(office: Office) -> None:
    office.request(SuspendSeat(agent="anomaly"), ANN, "1")
    assert office.state.seats["anomaly"].suspended_by == (ANN,)
    assert office.request(SuspendSeat(agent="anomaly"), ANN, "2") == "refused:SAME_PERSON"
    assert office.request(SuspendSeat(agent="anomaly"), BOB, "3") == "accepted"
    assert office.state.seats["anomaly"].suspended_by == (ANN, BOB)


# --- loosening -------------------------------------------------------------------------------------


def test_loosening_waits_for_another_operator_and_the_timelock(office: Office) -> None:
    office.request(LOOSER)
    office.wait(3600)
    assert office.state.terms.max_gross == 1
    assert office.approve(ANN) == "refused:SAME_PERSON"
    assert office.approve(BOB) == "accepted"
    assert office.deadline() == office.now + 60 * SECOND
    office.wait(59.999)
    assert office.state.terms.max_gross == 1
    office.wait(0.001)
    assert office.state.terms.max_gross == D("1.1")
    assert office.told()[-2] == e.ChangeEnacted(change_id="c", who=ANN, approved_by=BOB)
    assert office.deadline() is None


def test_a_timelock_that_ran_out_while_nobody_governed_is_enacted_at_the_start(office: Office) -> None:
    office.request(LOOSER)
    office.approve()
    office.restart()
    assert office.deadline() == office.now + 60 * SECOND
    office.restart()
    office.wait(600)
    assert office.state.terms.max_gross == D("1.1")


def test_a_tightening_in_between_is_not_undone(office: Office) -> None:
    """Given a loosening that was approved, when a third person tightens the same term meanwhile, then the loosening is
    refused when it is due: who approved it had seen another value."""
    office.request(LOOSER)
    office.approve()
    office.wait(30)
    office.request(SetTerm(name="max_gross", value=D("0.1")), CAT, "emergency")
    office.wait(60)
    assert office.state.terms.max_gross == D("0.1")
    refused = office.told()[-1]
    assert isinstance(refused, e.ChangeRefused)
    assert "against 1.0, by now there is 0.1" in refused.why


def test_a_rule_that_was_replaced_meanwhile_is_not_retired(office: Office) -> None:
    office.request(rule(rule="mine"), change_id="first")
    office.request(RetireRule(rule="mine"), change_id="retire")
    office.request(rule(rule="mine", title="another"), BOB, "replace")
    office.approve(BOB, "retire")
    office.approve(ANN, "replace")
    office.wait(60)
    kinds = [type(event) for event in office.told()]
    assert kinds.count(e.RuleActivated) + kinds.count(e.RuleRetired) == 2
    assert isinstance(office.told()[-1], e.ChangeRefused)


def test_approving_twice_is_no_change(office: Office) -> None:
    office.request(LOOSER)
    office.approve(BOB)
    deadline = office.deadline()
    office.wait(1)
    assert office.approve(CAT) == "refused:NO_CHANGE"
    assert office.deadline() == deadline


def test_a_shorter_timelock_shortens_no_open_change(office: Office) -> None:
    office.request(SetTerm(name="timelock_s", value=D(1)), change_id="shorter")
    office.request(LOOSER, change_id="open")
    office.approve(change_id="shorter")
    office.wait(60)
    assert office.state.terms.timelock_s == 1
    office.restart()
    office.approve(change_id="open")
    assert office.deadline() == office.now + 60 * SECOND


def test_a_longer_timelock_holds_for_open_changes_too(office: Office) -> None:
    office.request(LOOSER, change_id="open")
    office.request(SetTerm(name="timelock_s", value=D(900)), change_id="longer")
    office.approve(change_id="open")
    assert office.deadline() == office.now + 900 * SECOND


@pytest.mark.parametrize(("who", "approved"), [(ANN, False), (BOB, False), (ANN, True), (CAT, True)])
def test_whoever_refuses_ends_it_until_it_is_enacted(office: Office, who: str, approved: bool) -> None:
    office.request(LOOSER)
    if approved:
        office.approve()
    assert office.refuse(who) == "accepted"
    assert office.told()[-1] == e.ChangeRefused(change_id="c", who=who, why="no")
    office.wait(600)
    assert office.state.terms.max_gross == 1
    assert office.approve(CAT) == "refused:UNKNOWN_CHANGE"
    assert office.detail() == f"change_id: c was refused by {who}"


def test_what_is_enacted_cannot_be_refused(office: Office) -> None:
    office.request(TIGHTER)
    assert office.refuse() == "refused:UNKNOWN_CHANGE"
    assert office.detail() == "change_id: c was enacted"
    assert office.approve(change_id="never") == "refused:UNKNOWN_CHANGE"


def test_a_change_that_has_become_impossible_is_refused_by_the_governor(office: Office) -> None:
    office.request(RetireRule(rule="old"), change_id="1")
    office.request(RetireRule(rule="old"), CAT, change_id="2")
    office.approve(change_id="1")
    office.approve(change_id="2")
    office.wait(60)
    assert office.names()[-3:] == ["ChangeEnacted", "RuleRetired", "ChangeRefused"]
    assert office.told()[-1] == e.ChangeRefused(
        change_id="2", who="governor", why="INVALID: rule: no rule old is active"
    )
    assert not office.state.changes.open


def test_a_newcomer_votes_in_shadow_and_a_guard_vetoes_at_once(office: Office) -> None:
    signal = SignalRule(name="up", when="market.trend > 1.0", score="market.move_5s")
    office.request(GrantSeat(agent="new", role="rule", owner="o", signals=(signal,)), change_id="1")
    office.request(GrantSeat(agent="eye", role="risk", owner="o", required=True), change_id="2")
    for change_id in "12":
        office.approve(change_id=change_id)
    office.wait(60)
    new, eye = [body for body in office.told() if isinstance(body, e.SeatGranted)]
    assert (new.prior_ppm, new.shadow, new.veto, new.signals) == (0, True, False, (signal,))
    assert (eye.prior_ppm, eye.shadow, eye.veto, eye.required) == (0, False, True, True)


def test_an_edited_reputation_waits_like_what_loosens(office: Office) -> None:
    office.request(AdjustReputation(agent="rule", weight=0.05))
    office.approve()
    office.wait(60)
    adjusted = office.told()[-1]
    assert isinstance(adjusted, e.ReputationAdjusted)
    assert (adjusted.agent, adjusted.to, adjusted.who) == ("rule", 0.05, ANN)
    assert office.state.reputation.ppm(0)["rule"] == pytest.approx(50_000, abs=1)


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["fast-momentum", "feed", "scorer", "governor", "operators", "operatorx:ann"])
def test_only_operators_change_a_book(office: Office, who: str) -> None:
    assert office.request(TIGHTER, who) == "refused:NOT_ENTITLED"
    office.request(LOOSER)
    assert office.approve(who) == "refused:NOT_ENTITLED"
    assert office.refuse(who) == "refused:NOT_ENTITLED"
    assert office.names() == ["ChangeRequested"]


def test_an_id_is_used_once(office: Office) -> None:
    office.request(TIGHTER)
    assert office.request(LOOSER) == "refused:DUPLICATE"
    office.request(LOOSER, change_id="d")
    assert office.request(LOOSER, change_id="d") == "refused:DUPLICATE"


def test_rules_that_loosen_carry_their_shadow_replay(office: Office) -> None:
    assert office.request(RetireRule(rule="old"), preview=None) == "refused:NO_PREVIEW"
    assert office.request(rule(rule="old", shadow=True), preview=None) == "refused:NO_PREVIEW"
    assert office.request(rule(), preview=None) == "accepted"


def test_a_rule_that_is_no_cel_is_refused_with_its_place(office: Office) -> None:
    broken = e.RuleClause(name="typo", cel="order.quantitty < 1.0")
    assert office.request(rule(clauses=(broken,))) == "refused:RULE_REFUSED"
    assert "typo" in office.detail()
    assert "line 1" in office.detail()
    signal = SignalRule(name="up", when="market.trend", score="1.0")
    assert office.request(GrantSeat(agent="n", role="rule", owner="o", signals=(signal,))) == "refused:RULE_REFUSED"
    assert office.detail().startswith("signals: up: when: ")


def test_a_change_fits_into_one_entry_of_the_ledgers_stream(office: Office) -> None:
    facts: dict[str, e.Fact] = {f"fact.{number}": "x" * 300 for number in range(60)}
    examples = [e.RuleExample(name=str(number), facts=facts, verdict="passes") for number in range(3)]
    assert office.request(rule(examples=tuple(examples))) == "refused:TOO_LARGE"
    assert office.request(rule(examples=tuple(examples[:2]))) == "refused:RULE_REFUSED"  # those facts are none


def test_refusals_name_the_field(office: Office) -> None:
    for change, detail in (
        (SetTerm(name="max_gros", value=D(1)), "name: there is no parameter max_gros"),
        (SetTerm(name="max_gross", value=D(11)), "value: max_gross lies between 0 and 10"),
        (SetTerm(name="max_position", value=D(1)), "name: there is no parameter max_position; max_position is one of"),
        (Restrict(instrument="DOGE"), "instrument: DOGE is not listed"),
        (SuspendSeat(agent="x"), "agent: x has no seat"),
    ):
        assert office.request(change).startswith("refused:")
        assert office.detail().startswith(detail)


def test_closed_changes_are_remembered_up_to_a_bound() -> None:
    changes = Changes()
    for number in range(REMEMBERED + 1):
        changes._close(str(number), "enacted")
    assert len(changes.closed) == REMEMBERED
    assert not changes.knows("0")


# --- property 10 -----------------------------------------------------------------------------------

PEOPLE = st.sampled_from([ANN, BOB])
CHANGES: tuple[Change, ...] = (
    LOOSER,
    SetTerm(name="timelock_s", value=D(1)),
    SetTerm(name="timelock_s", value=D(100)),
    SetTerm(name="max_position", value=D(20), instrument="BTCUSDT"),
    TIGHTER,
    Restrict(instrument="BTCUSDT", since=0, hard=True),
    Restrict(instrument="BTCUSDT", since=5),
    Unrestrict(instrument="BTCUSDT"),
    RetireRule(rule="old"),
    rule(rule="old", effect="warn"),
    rule(),
    SuspendSeat(agent="anomaly"),
    ReinstateSeat(agent="anomaly"),
    GrantSeat(agent="new", role="strategy", owner="o"),
)
ACTIONS = st.one_of(
    st.tuples(st.just("request"), st.integers(0, len(CHANGES) - 1), PEOPLE),
    st.tuples(st.just("approve"), st.integers(0, 12), PEOPLE),
    st.tuples(st.just("refuse"), st.integers(0, 12), PEOPLE),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 59, 60, 100]), st.just("")),
    st.tuples(st.just("restart"), st.just(0), st.just("")),
)


class Permissiveness:
    """What the book allows, in numbers of which a larger one allows more."""

    def __init__(self, office: Office) -> None:
        state = office.state
        restriction = state.changes.restrictions.get("BTCUSDT")
        old = state.rules.get("old")
        self.allows = {
            "max_gross": float(state.terms.max_gross),
            "timelock": -state.terms.timelock_s,
            "max_position": float(state.instruments["BTCUSDT"].max_position),
            "restriction": 0 if restriction is None else -2 if restriction.hard else -1,
            "old rule": 0 if old is not None and old.effect == "deny" else 1,
            "small-orders": 0 if "small-orders" in state.rules else 1,
            "anomaly": 0 if state.seats["anomaly"].suspended else 1,
            "seats": len(state.seats),
        }

    def loosened_since(self, before: Permissiveness) -> bool:
        return any(self.allows[name] > before.allows[name] for name in self.allows)


class Watch:
    """Keeps, beside the office and not from its state, who asked for and approved what, and when."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[str, int]] = {}
        self.approved: dict[str, tuple[str, int]] = {}

    def entitles(self, change_id: str, now: int) -> bool:
        if change_id not in self.approved:
            return False
        timelock_s = self.asked[change_id][1]
        approver, at = self.approved[change_id]
        return approver != self.asked[change_id][0] and now >= at + timelock_s * SECOND


@settings(max_examples=2500)
@given(actions=st.lists(ACTIONS, max_size=30))
def test_no_sequence_loosens_without_two_identities_and_the_delay(actions: list[tuple[str, int, str]]) -> None:
    office, watch, count = Office(terms=BookTerms(timelock_s=60)), Watch(), 0
    for what, number, who in actions:
        before, heard, timelock_s = Permissiveness(office), len(office.told()), office.state.terms.timelock_s
        if what == "request":
            count += 1
            watch.asked[str(count)] = (who, timelock_s)
            office.request(CHANGES[number], who, str(count))
        elif what == "approve":
            if office.approve(who, str(number)) == "accepted":
                watch.approved[str(number)] = (who, office.now)
        elif what == "refuse":
            office.refuse(who, str(number))
        elif what == "wait":
            office.wait(number)
        else:
            office.restart()
        enacted = [body for body in office.told()[heard:] if isinstance(body, e.ChangeEnacted)]
        if Permissiveness(office).loosened_since(before):
            assert any(watch.entitles(body.change_id, office.now) for body in enacted)
        for body in enacted:
            if body.approved_by:
                assert watch.entitles(body.change_id, office.now)


def test_one_person_under_one_name_cannot_do_it_alone(office: Office) -> None:
    """Not by asking, approving, withdrawing and asking again, nor across restarts."""
    for number in range(3):
        office.request(LOOSER, ANN, str(number))
        office.restart()
        assert office.give(ApproveChange(change_id=str(number), reason="me"), ANN) == "refused:SAME_PERSON"
        office.wait(1000)
        office.refuse(ANN, str(number))
    assert office.state.terms.max_gross == 1


def test_open_changes_are_bounded() -> None:
    office = Office(seats=[seat(f"v{number}") for number in range(3)])
    for number in range(100):
        assert office.request(SetTerm(name="max_gross", value=D("1.1")), change_id=str(number)) == "accepted"
    assert office.request(LOOSER, change_id="one more") == "refused:MESSAGE_RATE"
    assert office.request(TIGHTER, change_id="tighter") == "accepted"
