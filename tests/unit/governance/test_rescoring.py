"""Scores are derived again from the forecasts of the log and the outcomes that were recorded, within 1e-9."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest

from governance.domain.reconstruction import Row
from governance.domain.scoring import observe
from streams.events import BookTerms
from streams.messages import RecordOutcomes
from tests.unit.governance.ledgered import LedgeredScene, derive
from tests.unit.governance.scene import GUARDS, VOTERS, seat

BUCKETS = 6


def settle(scene: LedgeredScene, rise: str) -> None:
    """The scorer's word on every bucket that waits: the price has moved by `rise` since."""
    terms = scene.state.terms
    for bucket in scene.state.pending.buckets():
        outcomes = [
            observe(
                each.asked,
                lambda instrument, due, asked=each.asked: (  # type: ignore[misc]
                    asked.legs[0].price + Decimal(rise),
                    due + 1,
                ),
                terms.fee_bp,
                terms.horizon_s,
            )
            for each in scene.state.pending.questions(bucket)
        ]
        scene.give(RecordOutcomes(bucket=bucket, outcomes=tuple(outcomes)), "scorer")


def let_pass(scene: LedgeredScene, seconds: int, price: int) -> None:
    """The market does not fall silent meanwhile."""
    for _ in range(seconds):
        scene.wait(1_000)
        scene.quote(price=str(price))


@cache
def rows() -> tuple[Row, ...]:
    """Some buckets with two rounds each, and a newcomer that enters after its fourth forecast."""
    newcomer = seat("newcomer", shadow=True)
    scene = LedgeredScene(
        seats=[*(seat(name) for name in (*VOTERS, *GUARDS)), newcomer], terms=BookTerms(newcomer_events=4)
    )
    let_pass(scene, 10, 50_000)
    for bucket in range(BUCKETS):
        price = 50_000 + bucket
        for number in range(2):
            name = f"p{bucket}-{number}"
            scene.propose(f"0.{bucket + 1:02}" if number else f"-0.{bucket + 1:02}", proposal_id=name)
            scene.ballot(name, "newcomer", 0.3)
            scene.everybody(name, (0.9, 0.6, 0.7, 0.4, 0.55, None))
            let_pass(scene, 15, price)
        settle(scene, "30" if bucket % 2 else "-30")
    assert not scene.state.seats["newcomer"].shadow
    return tuple(scene.rows())


def edited(event: str, change: Callable[[dict[str, Any]], None]) -> list[Row]:
    """The last event of that name, changed."""
    row = [each for each in rows() if each.event == event][-1]
    document = msgspec.json.decode(row.state)
    change(document)
    other = row._replace(state=msgspec.json.encode(document))
    return [other if each is row else each for each in rows()]


def test_every_score_derives() -> None:
    findings = derive(rows())
    assert [finding for finding in findings if not finding.derived] == []
    assert [finding.event for finding in findings].count("CouncilScored") == BUCKETS


def test_the_last_bits_of_a_weight_do_not_matter_and_others_do() -> None:
    def more(by: float) -> Callable[[dict[str, Any]], None]:
        return lambda score: score["seats"][0].update(after=score["seats"][0]["after"] + by)

    assert all(finding.derived for finding in derive(edited("CouncilScored", more(1e-12))))
    wrong = [finding for finding in derive(edited("CouncilScored", more(1e-8))) if not finding.derived]
    assert [finding.differences[0].first.partition(":")[0] for finding in wrong] == ["seats[0].after"]


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("OutcomesRecorded", lambda event: event["outcomes"][0].update(y=not event["outcomes"][0]["y"])),
        ("OutcomesRecorded", lambda event: event["outcomes"][0].update(gain=event["outcomes"][0]["gain"] + 1e-6)),
        ("OutcomesRecorded", lambda event: event["outcomes"][0]["legs"][0].update(end="50002")),
        ("OutcomesRecorded", lambda event: event["outcomes"].pop()),
        ("OutcomesRecorded", lambda event: event.update(horizon=31)),
        ("SeatEntered", lambda event: event.update(weight=0.5)),
    ],
)
def test_what_was_changed_is_found(event: str, change: Callable[[dict[str, Any]], None]) -> None:
    assert not all(finding.derived for finding in derive(edited(event, change)))


def test_a_forecast_that_only_counts_in_its_score_is_found_there() -> None:
    """A newcomer's ballot decides nothing."""
    row = next(each for each in rows() if each.event == "BallotCast" and b'"newcomer"' in each.state)
    other = row._replace(state=row.state.replace(b'"probability":0.3', b'"probability":0.2'))
    findings = derive(other if each is row else each for each in rows())
    assert [finding.event for finding in findings if not finding.derived] == ["CouncilScored"]


def test_a_score_without_outcomes_does_not_follow() -> None:
    findings = derive(row for row in rows() if row.event != "OutcomesRecorded")
    wrong = [finding for finding in findings if finding.event == "CouncilScored" and not finding.derived]
    assert len(wrong) == BUCKETS


def test_a_part_of_the_log_leaves_scores_out() -> None:
    """Their forecasts may be in the other part."""
    middle = rows()[len(rows()) // 2].position
    findings = derive(rows(), first=middle)
    assert {finding.event for finding in findings} == {"DecisionReached"}
    assert all(finding.derived for finding in findings)
