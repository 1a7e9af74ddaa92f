"""How long a decision takes; the numbers are for people, nothing is asserted about them."""

from __future__ import annotations

from itertools import count

from pytest_benchmark.fixture import BenchmarkFixture

from governance.domain.arbitration import Arbitration, arbitrate
from governance.domain.deliberation import Round
from governance.domain.resolution import tally
from governance.domain.tracks import Terms
from tests.unit.governance.scene import MS, Scene
from tests.unit.governance.table import TRADE, Asked, Says, Table, situation

QS = (0.9, 0.7, 0.55, 0.4)


def council(voters: int, asked: list[Asked]) -> Table:
    """Every seat has voted on everything: three of four approve."""
    table = Table(TRADE, (20_000,) * voters, 2, asked)
    for index, seat in table.missing():
        own = table.voters.index(seat) if seat in table.voters else 0
        table.cast[index, seat] = Says(None) if seat in table.guards else Says(QS[(own + index) % 4])
    return table


EIGHT = [Asked("AAA" if index % 2 else "BBB", str(1 + index)) for index in range(8)]
LEGS = [Asked("AAA", "2", (("BBB", str(-1 - index)),)) for index in range(4)] + EIGHT[:4]


def decided(round_: Round) -> Arbitration:
    candidates = round_.sorted()
    tallied = [tally(each, round_.rule, round_.weights, halted=False).event for each in candidates]
    passed = {each.proposal_id for each in tallied if each.state == "PASSED"}
    return arbitrate(candidates, passed, round_.weights, situation({}))


def test_tally_and_arbitration_of_fifty_seats_and_eight_proposals(benchmark: BenchmarkFixture) -> None:
    table = council(50, EIGHT)
    arbitration = benchmark(decided, table.round(table.cast))
    assert len(arbitration.survivors) == 2
    assert len(arbitration.results) == 8


def test_the_same_with_four_pairs_among_them(benchmark: BenchmarkFixture) -> None:
    table = council(50, LEGS)
    arbitration = benchmark(decided, table.round(table.cast))
    assert len(arbitration.results) == 8


def test_the_ballots_of_fifty_seats_on_eight_proposals(benchmark: BenchmarkFixture) -> None:
    table = council(50, EIGHT)
    cast = [(candidate.proposal_id, ballot) for candidate, ballot in table.round(table.cast).ballots]
    empty = table.round({})
    terms = Terms("TRADE", 25 * MS, True, TRADE)

    def voted() -> Round:
        round_ = Round("d", terms, table.weights, 0)
        for candidate in empty.candidates.values():
            candidate.__init__(  # type: ignore[misc]
                candidate.command, "", candidate.submitted, None, candidate.held, candidate.market, 1_000_000
            )
            round_.join(candidate)
        for proposal_id, ballot in cast:
            round_.cast(round_.candidates[proposal_id], ballot)
            round_.fixed()
        return round_

    assert benchmark(voted).all_voted()


def test_a_round_with_eight_ballots_through_the_chamber(benchmark: BenchmarkFixture) -> None:
    scene, numbers = Scene(), count()

    def granted() -> str:
        number = next(numbers)
        scene.steps.clear()
        scene.now += 3_000 * MS
        scene.quote("BTCUSDT", "50000")
        scene.propose("0" if number % 2 else "0.1", proposal_id=f"p{number}")
        scene.everybody(f"p{number}")
        decision = scene.decision()
        scene.fill(decision)
        return decision.outcome

    assert benchmark(granted) == "granted"
