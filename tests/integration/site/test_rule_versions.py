"""The history of a rule: who changed it when and why, who approved, and what differs between two versions."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from governance.models import Rule
from streams import events as e
from streams.changes import ActivateRule, RetireRule
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person
from tests.unit.site.history import START, History
from tests.unit.site.test_governance_projections import requested

NASTY = "<script>alert('x')</script>"
RULE = "large-order"


def changed(history: History, version: int, *, cel: str, why: str, change_id: str) -> None:
    """As the governor records it: asked for, approved, enacted, and the version right after that."""
    clauses = (e.RuleClause(name="holds", cel=cel),)
    change = ActivateRule(rule=RULE, title="Large orders", effect="deny", clauses=clauses)
    requested(history, change, change_id=change_id)
    history.tell(e.ChangeApproved(change_id=change_id, who="operator:bob", why="seen", enacts_at=START), change_id)
    history.tell(e.ChangeEnacted(change_id=change_id, who="operator:ann", approved_by="operator:bob"), change_id)
    history.tell(
        e.RuleActivated(
            rule=RULE, title="Large orders", effect="deny", clauses=clauses,
            version=version, who="operator:ann", why=why,
        )
    )  # fmt: skip


@pytest.fixture
def address(writer: Writer) -> str:
    def much(history: History) -> None:
        history.found()
        for number in (1, 2, 3):
            changed(history, number, cel=f"order.notional <= {number}000.0", why=NASTY, change_id=f"c{number}")
        requested(history, RetireRule(rule=RULE), change_id="r")
        history.tell(e.ChangeEnacted(change_id="r", who="operator:ann", approved_by="operator:bob"), "r")
        history.tell(e.RuleRetired(rule=RULE, version=3, who="operator:ann", why="done"))

    writer.show(much)
    row = Rule.objects.get(rule=RULE)
    return f"/admin/governance/rule/{row.pk}/versions/"


def test_every_version_says_who_asked_and_who_approved(address: str) -> None:
    page: Any = browser(person("vic", "viewer")).get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert [each["row"].version for each in page.context["versions"]][:3] == [3, 2, 1]
    assert [each["change"].approved_by for each in page.context["versions"][:3]] == ["operator:bob"] * 3
    assert "<b>retired</b>" in text
    assert NASTY not in text
    assert "Ask for a change" not in text


def test_any_two_versions_are_compared(address: str) -> None:
    vic = browser(person("vic", "viewer"))
    page: Any = vic.get(address)
    assert {line[:1] for line in page.context["difference"] if "notional" in line} == {"-", "+"}
    page = vic.get(address, {"from": "1", "to": "3"})
    lines = [line.strip() for line in page.context["difference"] if "notional" in line]
    assert lines == ["-    order.notional <= 1000.0", "+    order.notional <= 3000.0"]
    assert "They say the same" in vic.get(address, {"from": "2", "to": "2"}).content.decode()


@pytest.mark.parametrize("asked", ["4", "-1", "x" * 10_000, "\0", "²", ""])
def test_a_version_that_is_not_there_is_said(address: str, asked: str) -> None:
    page: Any = browser(person("vic", "viewer")).get(address, {"from": asked})
    assert page.status_code == 400
    assert "there are 3, 2, 1" in page.content.decode()


def test_it_is_linked_from_the_rule_and_from_its_form(address: str, operator: User) -> None:
    ada = browser(operator)
    for other in ("change", "edit"):
        assert address in ada.get(address.replace("/versions/", f"/{other}/")).content.decode()
    record = browser(person("vic", "viewer")).get(address.replace("/versions/", "/change/")).content.decode()
    assert address in record
    assert address.replace("/versions/", "/edit/") not in record


def test_who_may_not_see_rules_sees_no_versions(address: str) -> None:
    assert browser(person("guest")).get(address).status_code == 403
