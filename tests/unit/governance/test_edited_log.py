"""Whatever is changed in the events of a round is found by deriving its decision, or is named here as counting for
nothing: only the hash chain guards that."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.reconstruction import Row
from streams.messages import ReleaseHold
from tests.unit.governance.ledgered import LedgeredScene, derive, held_scene

DERIVED = ("ProposalTallied", "ProposalsArbitrated", "RulesEvaluated", "DecisionHeld", "DecisionReached")
COUNTS_FOR_NOTHING = {
    "AmendmentOffered.why",
    "BallotCast.reason",
    "ProposalAdmitted.why",
    "ProposalAdmitted.probability",  # its author's ballot is what counts
    "ProposalAdmitted.held",  # what outcomes are measured from: it counts when the round is scored
    "DeliberationOpened.market_opened_at",  # within its bucket; likewise
    "SituationRecorded.ages.BTCUSDT.lag",  # no rule of the starter reads it
    "SituationRecorded.markets.BTCUSDT.spread",  # likewise
    "SituationRecorded.markets.BTCUSDT.tick_id",
}

COUNT_FOR_NOTHING_IN_A_RELEASE = {
    "DecisionReleased.operator",
    "DecisionReleased.reason",
    "SituationRecorded.ages.BTCUSDT.lag",
    "SituationRecorded.markets.BTCUSDT.spread",
    "SituationRecorded.markets.BTCUSDT.tick_id",
}

Path = tuple[str | int, ...]


@cache
def decided() -> tuple[Row, ...]:
    """A proposal, an amendment and a size limit, of which something is left to decide."""
    scene = LedgeredScene()
    scene.quote()
    scene.quote("ETHUSDT", "3000")
    scene.propose("0.02", proposal_id="p0")
    scene.everybody("p0")
    scene.fill(scene.decision())
    scene.wait(3_000)
    scene.quote()
    scene.quote("ETHUSDT", "3000")
    scene.propose("0.1", proposal_id="p1", ttl_ms=150)
    scene.amend("p1", "0.08", proposal_id="a2")
    for name in ("p1", "a2"):
        scene.everybody(name, (0.6, 0.7, 0.55, 0.6, 0.4, None), size_limit="0.07")
    assert scene.decision().orders
    return tuple(scene.rows())


@cache
def released() -> tuple[Row, ...]:
    """A decision that a rule held and an operator released."""
    scene, held = held_scene()
    scene.wait(900)
    scene.quote(price="50010")
    scene.give(ReleaseHold(decision_id=held.decision_id, reason="looks right"), "operator:b")
    assert scene.decision().orders
    return tuple(scene.rows())


def last_round(rows: tuple[Row, ...]) -> list[Row]:
    return [row for row in rows if row.originator == rows[-1].originator]


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def changed(value: Any) -> Any:
    """Another value of the same kind: a number that is another, a flag turned, a text with a letter more."""
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value / 2 if isinstance(value, float) and value else value + 1
    try:
        return str(float(value) * 0.99 - 0.001)
    except ValueError:
        return f"{value}x"


def edited(row: Row, path: Path) -> Row:
    document = msgspec.json.decode(row.state)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = changed(inner[path[-1]])
    return row._replace(state=msgspec.json.encode(document))


def derives(rows: tuple[Row, ...], one: Row) -> bool:
    """With `one` in its place."""
    findings = derive(one if row.position == one.position else row for row in rows)
    return all(finding.derived for finding in findings)


def unseen(rows: tuple[Row, ...], some: list[Row]) -> set[str]:
    """The fields of some rows of which no change was found."""
    found: dict[str, bool] = {}
    for row in some:
        for path in leaves(msgspec.json.decode(row.state)):
            name = ".".join((row.event, *(key for key in path if isinstance(key, str))))
            found[name] = found.get(name, False) or not derives(rows, edited(row, path))
    return {name for name, seen in found.items() if not seen}


def test_the_log_as_it_was_written_derives() -> None:
    for rows in (decided(), released()):
        assert all(finding.derived for finding in derive(rows))
    events = {row.event for row in (*last_round(decided()), *last_round(released()))}
    assert events >= {*DERIVED, "AmendmentOffered", "SituationRecorded", "DecisionHeld", "DecisionReleased"}


def test_every_field_of_a_round_counts_or_is_known_not_to() -> None:
    assert unseen(decided(), last_round(decided())) == COUNTS_FOR_NOTHING


def test_every_field_of_a_release_counts_or_is_known_not_to() -> None:
    round_ = last_round(released())
    held = [row.event for row in round_].index("DecisionHeld")
    assert unseen(released(), round_[held:]) == COUNT_FOR_NOTHING_IN_A_RELEASE


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_byte_of_what_was_derived_counts(data: st.DataObject) -> None:
    rows = data.draw(st.sampled_from([decided(), released()]))
    row = data.draw(st.sampled_from([row for row in last_round(rows) if row.event in DERIVED]))
    at = data.draw(st.integers(0, len(row.state) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != row.state[at]))
    state = row.state[:at] + bytes([byte]) + row.state[at + 1 :]
    assert not derives(rows, row._replace(state=state))


@pytest.mark.parametrize("event", ["BallotCast", "ProposalAdmitted", "SituationRecorded", *DERIVED, "RuleActivated"])
def test_an_event_that_is_gone_is_missed(event: str) -> None:
    rows = released() if event == "DecisionHeld" else decided()
    gone = [row for row in rows if row.event == event][-1]
    assert not all(finding.derived for finding in derive(row for row in rows if row is not gone))
