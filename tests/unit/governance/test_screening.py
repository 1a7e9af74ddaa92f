"""Given a change, then these are its texts, with the type that each must give."""

from __future__ import annotations

import pytest

from governance.screening import Screening, request_of
from streams.changes import ActivateRule, GrantSeat, RetireRule
from streams.client import COMMANDS, Entry
from streams.envelope import Envelope
from streams.events import RuleClause, RuleExample, SignalRule
from streams.messages import ApproveChange, RequestChange
from tests.servers import wait_until


def clip(cel: str, clip_to: str) -> ActivateRule:
    example = RuleExample(name="large", facts={"order.quantity": 3.0}, verdict="breaches")
    return ActivateRule(
        rule="r",
        title="R",
        effect="clip",
        clauses=(RuleClause(name="small", cel=cel),),
        clip_to=clip_to,
        examples=(example,),
    )


def test_a_rule_has_clauses_a_clip_and_examples() -> None:
    request = request_of(clip("order.quantity < 1.0", "1.0"))
    assert request is not None
    assert [(text.field, text.text, text.kind) for text in request.texts] == [
        ("clauses: small", "order.quantity < 1.0", "BOOL"),
        ("clip_to", "1.0", "DOUBLE"),
    ]
    assert [(example.name, example.facts) for example in request.examples] == [("large", {"order.quantity": 3.0})]


def test_a_rule_seat_has_two_texts_a_signal_and_other_changes_none() -> None:
    signal = SignalRule(name="up", when="true", score="1.0")
    request = request_of(GrantSeat(agent="a", role="rule", owner="o", signals=(signal,)))
    assert request is not None
    assert [(text.field, text.kind) for text in request.texts] == [
        ("signals: up: when", "BOOL"),
        ("signals: up: score", "DOUBLE"),
    ]
    assert request_of(GrantSeat(agent="a", role="strategy", owner="o")) is None
    assert request_of(RetireRule(rule="r")) is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (clip("order.quantity < 1.0", "1.0"), ""),
        (clip("order.quantity", "1.0"), "clauses: small: "),
        (clip("order.quantity < 1.0", "true"), "clip_to: "),
    ],
)
def test_what_is_tried_comes_back_with_its_problem(change: ActivateRule, problem: str) -> None:
    screening = Screening()
    entry = Entry(COMMANDS, "1-0", b"")
    message = Envelope(
        id="m", body=RequestChange(change_id="c", change=change, reason="r"), actor="operator:ann", sent_at=1
    )
    try:
        assert screening.submit(entry, message)
        approval = Envelope(id="n", body=ApproveChange(change_id="c", reason="r"), actor="operator:ann", sent_at=1)
        assert not screening.submit(entry, approval)
        found: list[tuple[Entry, Envelope, str]] = []

        def tried() -> bool:
            found.extend(screening.finished())
            return bool(found)

        wait_until(tried, "the text was tried")
        [(about, asked, said)] = found
        assert (about.id, asked.id) == ("1-0", "m")
        assert said.startswith(problem)
        assert bool(said) == bool(problem)
        assert screening.problem(message) == said
    finally:
        screening.close()
