"""A round in the making, with whatever ballots a test puts on it, and all that could still become of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from governance.domain.council import Weights
from governance.domain.deliberation import Candidate, Round
from governance.domain.resolution import resolve
from governance.domain.rulebook import Rulebook
from governance.domain.situation import Situation
from governance.domain.tracks import Rule, Terms
from governance.domain.voting import Ballot
from streams.envelope import Envelope
from streams.events import AdmittedLeg, Ages, BookTerms, DecisionReached, MarketView, ProposalTallied, Standing
from streams.messages import CastBallot, SubmitProposal
from tests.unit.governance.scene import instrument

TRADE = Rule(Fraction(1, 2), Fraction(2, 5), forecast=True, vetoable=True)
LOW = Rule(Fraction(1, 3), Fraction(1, 5), forecast=True, vetoable=True)
REDUCE = Rule(Fraction(1, 3), Fraction(1, 5), forecast=False, vetoable=False)
MARKET = MarketView(price=Decimal(100), spread=Decimal(1), tick_id="t", source="replay", market_at=0)
SYMBOLS = ("AAA", "BBB")
INSTRUMENTS = (*SYMBOLS, "CCC")
NO_RULES = Rulebook((), 0)
SHADOW = "shadow"


class Says(NamedTuple):
    """What a seat may put on a ballot."""

    q: float | None
    veto: bool = False
    limit: str | None = None


VOICES = (Says(None), Says(0.0), Says(0.45), Says(0.5), Says(1.0))
GUARD_VOICES = (Says(None), Says(None, veto=True), Says(None, limit="0"), Says(None, limit="1.5"))


class Asked(NamedTuple):
    """`legs` are further instruments with their targets."""

    symbol: str
    target: str
    legs: tuple[tuple[str, str], ...] = ()


def situation(held: dict[str, str]) -> Situation:
    quantities = {symbol: Decimal(held.get(symbol, "0")) for symbol in INSTRUMENTS}
    return Situation(
        book="demo",
        mode="NORMAL",
        terms=BookTerms(),
        instruments={symbol: instrument(symbol, min_notional=Decimal(0)) for symbol in INSTRUMENTS},
        cash=Decimal(10_000),
        equity=Decimal(10_000),
        gross=sum((abs(quantity) * MARKET.price for quantity in quantities.values()), Decimal(0)),
        positions={symbol: quantity for symbol, quantity in quantities.items() if quantity},
        reserved={},
        held=quantities,
        markets=dict.fromkeys(INSTRUMENTS, MARKET),
        ages=dict.fromkeys(INSTRUMENTS, Ages(0, 0)),
        caps={},
        conditions={},
        standing=Standing(),
        now=0,
        market_now=0,
    )


class Table:
    """A round in the making: `cast` are the ballots so far, by (proposal, seat). Seat `shadow` is a newcomer."""

    def __init__(
        self, rule: Rule, masses: tuple[int, ...], guards: int, asked: list[Asked], suspended: int = 0
    ) -> None:
        self.rule, self.asked = rule, asked
        self.held: dict[str, Decimal] = {}
        self.voters = [f"v{index}" for index in range(len(masses))]
        self.guards = [f"g{index}" for index in range(guards)]
        ppm = dict(zip(self.voters, masses, strict=True))
        able = frozenset([*self.voters[suspended:], *self.guards])
        self.weights = Weights(
            version="w",
            ppm=ppm,
            total_ppm=sum(masses),
            able_ppm=sum(ppm[voter] for voter in self.voters if voter in able),
            able=able,
            vetoers=frozenset(self.guards),
            required=frozenset(self.guards[:1]),
            shadows=frozenset({SHADOW}),
        )
        self.cast: dict[tuple[int, str], Says] = {}

    @property
    def action(self) -> str:
        return "reduce" if self.rule is REDUCE else "trade"

    def seats(self) -> list[str]:
        return [seat for seat in (*self.voters, *self.guards) if seat in self.weights.able]

    def voices(self, seat: str) -> tuple[Says, ...]:
        if seat in self.guards:
            return GUARD_VOICES if self.rule.vetoable else (Says(None),)
        return VOICES

    def missing(self) -> list[tuple[int, str]]:
        return [(p, seat) for p in range(len(self.asked)) for seat in self.seats() if (p, seat) not in self.cast]

    def round(self, ballots: dict[tuple[int, str], Says]) -> Round:
        track = "REDUCE" if self.rule is REDUCE else "TRADE"
        found = Round("d", Terms(track, 25_000_000, True, self.rule), self.weights, 0)  # type: ignore[arg-type]
        for index, asked in enumerate(self.asked):
            body = SubmitProposal(
                proposal_id=str(index),
                action=self.action,  # type: ignore[arg-type]
                instrument=asked.symbol,
                target=Decimal(asked.target),
                price=MARKET.price,
                evidence_received_at=0,
            )
            command = Envelope(id=f"c{index}", body=body, actor="v0", sent_at=0)
            legs = tuple(
                AdmittedLeg(
                    instrument=symbol,
                    target=Decimal(target),
                    held=self._held(symbol),
                    price=MARKET.price,
                    market=MARKET,
                )
                for symbol, target in asked.legs
            )
            total = self.weights.total_ppm
            found.join(Candidate(command, "", body, None, self._held(asked.symbol), MARKET, total, legs=legs))
        for (index, seat), says in ballots.items():
            stance = "abstain" if says.q is None else "approve" if says.q >= 0.5 else "reject"
            limit = None if says.limit is None else Decimal(says.limit)
            cast = CastBallot(
                proposal_id=str(index),
                stance=stance,  # type: ignore[arg-type]
                probability=says.q,
                size_limit=limit,
                veto=says.veto,
            )
            envelope = Envelope(id=f"b{index}{seat}", body=cast, actor=seat, sent_at=0)
            found.cast(found.candidates[str(index)], Ballot(seat, self.weights.of(seat), cast, envelope, ""))
        return found

    def _held(self, symbol: str) -> Decimal:
        """What was held when a proposal joined: the same as at the close, unless a test says otherwise."""
        return self.held.get(symbol, Decimal(0))

    def result(self, ballots: dict[tuple[int, str], Says], held: dict[str, str]) -> tuple[object, ...]:
        """What a close gives: the outcome, what passed or was vetoed, and the orders with their sizes."""
        found = situation(held)
        self.held = found.held
        *before, decision = resolve(self.round(ballots), found, NO_RULES)
        assert isinstance(decision, DecisionReached)
        kinds = {"PASSED": "passed", "VETOED": "vetoed"}
        states = tuple(kinds.get(event.state, "lost") for event in before if isinstance(event, ProposalTallied))
        return decision.outcome, states, tuple((o.instrument, o.side, o.quantity) for o in decision.orders)

    def results(self, held: dict[str, str]) -> set[tuple[object, ...]]:
        """Over every completion; a seat may also stay silent."""
        missing = self.missing()
        found = set()
        for voices in product(*[(None, *self.voices(seat)) for _, seat in missing]):
            rest = {key: says for key, says in zip(missing, voices, strict=True) if says is not None}
            found.add(self.result(self.cast | rest, held))
        return found
