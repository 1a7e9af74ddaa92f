"""One round: the proposals that joined it, their sealed ballots, and whether its result can still change."""

from __future__ import annotations

from collections.abc import Sequence, Set
from decimal import Decimal
from enum import Enum
from hashlib import sha256

from governance.domain.council import Weights
from governance.domain.manner import Manner
from governance.domain.tracks import Rule, Terms
from governance.domain.voting import Ballot, Bar, Tally
from market.domain.mark import Prices
from streams.envelope import Envelope
from streams.events import AdmittedLeg, MarketView
from streams.messages import Action, OfferAmendment, SubmitProposal

NOBODY: frozenset[str] = frozenset()


class Prospect(Enum):
    """What the ballots that are still missing can do to a proposal."""

    OPEN = "open"
    LOST = "lost"
    STOPPED = "stopped"
    PASSED = "passed"


def content_hash(
    proposal_id: str, author: str, action: str, instrument: str, target: Decimal, legs: Sequence[AdmittedLeg] = ()
) -> str:
    """The order in which arbitration looks at proposals: independent of when they came."""
    text = "\x1f".join((author, action, instrument, str(target.normalize()), proposal_id))
    digest = sha256(text.encode()).hexdigest()
    if not legs:
        return digest
    further = [f"{leg.instrument}={leg.target.normalize()}" for leg in legs]
    return sha256("\x1f".join((digest, *further)).encode()).hexdigest()


class Candidate:
    """A proposal or amendment of a round. `unvoted` passes without ballots (a guard's REDUCE). `parts` are all its
    legs, the head first; an amendment changes the head and keeps the further legs. `seen` is the price that its agent
    saw, `evidence_at` when (process clock, ns); an amendment rests on what its original saw. `waiting` are the seats
    whose ballots are waited for; `manner` is how its order is to be executed, an amendment's is its original's."""

    __slots__ = (
        "action",
        "author",
        "command",
        "entry_id",
        "evidence_at",
        "hash",
        "held",
        "instrument",
        "legs",
        "manner",
        "market",
        "original",
        "parts",
        "proposal_id",
        "prospect",
        "seen",
        "submitted",
        "tally",
        "target",
        "ttl_ms",
        "unvoted",
        "waiting",
    )

    def __init__(
        self,
        command: Envelope,
        entry_id: str,
        submitted: SubmitProposal | OfferAmendment,
        original: Candidate | None,
        held: Decimal,
        market: MarketView,
        total_ppm: int,
        unvoted: bool = False,
        legs: tuple[AdmittedLeg, ...] = (),
    ) -> None:
        self.command = command
        self.entry_id = entry_id
        self.submitted = submitted
        self.original = original
        self.proposal_id = submitted.proposal_id
        self.author = command.actor
        self.target = submitted.target
        self.action: Action
        self.ttl_ms: int
        if isinstance(submitted, SubmitProposal):
            self.action, self.instrument, self.ttl_ms = submitted.action, submitted.instrument, submitted.ttl_ms
            self.seen, self.evidence_at, self.legs = submitted.price, submitted.evidence_received_at, legs
            self.manner = Manner(submitted.limit, submitted.time_in_force, submitted.good_for_ms)
        else:
            assert original is not None
            self.action, self.instrument, self.ttl_ms = original.action, original.instrument, original.ttl_ms
            self.seen, self.evidence_at, self.legs = original.seen, original.evidence_at, legs or original.legs
            self.manner = original.manner
        self.held = held
        self.market = market
        self.unvoted = unvoted
        self.waiting: set[str] = set()
        self.tally = Tally(total_ppm)
        self.prospect = Prospect.PASSED if unvoted else Prospect.OPEN
        head = AdmittedLeg(instrument=self.instrument, target=self.target, held=held, price=self.seen, market=market)
        self.parts: tuple[AdmittedLeg, ...] = (head, *self.legs)
        self.hash = content_hash(self.proposal_id, self.author, self.action, self.instrument, self.target, self.legs)


class Round:
    """Open from `opened_at`; joined and amended until `joins_until`, voted on until `deadline` (process clock, ns).
    `opening` are the prices of the opening, from which forecasts are judged. Newcomers' ballots are kept and recorded;
    they have no mass, and nobody waits for them."""

    def __init__(
        self, deliberation_id: str, terms: Terms, weights: Weights, opened_at: int, opening: Prices | None = None
    ) -> None:
        self.deliberation_id = deliberation_id
        self.opening = opening or Prices()
        self.terms = terms
        self.weights = weights
        self.opened_at = opened_at
        self.joins_until = opened_at + terms.window_ns // 2
        self.deadline = opened_at + terms.window_ns
        self.extended = False
        self.candidates: dict[str, Candidate] = {}
        self.ballots: list[tuple[Candidate, Ballot]] = []
        self.count_due: int | None = None
        self._bar = Bar(terms.rule, weights.total_ppm)
        self._awaited = self._undecided = 0

    @property
    def rule(self) -> Rule:
        return self.terms.rule

    @property
    def first(self) -> Candidate:
        return next(iter(self.candidates.values()))

    def instruments(self) -> list[str]:
        """What its proposals are about, legs included."""
        return [part.instrument for candidate in self.candidates.values() for part in candidate.parts]

    def join(self, candidate: Candidate) -> None:
        self.candidates[candidate.proposal_id] = candidate
        if not candidate.unvoted:
            candidate.waiting = set(self.weights.able)
            candidate.prospect = self._prospect(candidate, candidate.waiting, self.weights.able_ppm)
            self._awaited += len(candidate.waiting)
            self._undecided += candidate.prospect is Prospect.OPEN

    def cast(self, candidate: Candidate, ballot: Ballot) -> None:
        """What is not open any more stays as it is: a ballot only takes completions away."""
        tally = candidate.tally
        tally.add(ballot)
        self.ballots.append((candidate, ballot))
        if ballot.agent in candidate.waiting:
            candidate.waiting.remove(ballot.agent)
            self._awaited -= 1
        if candidate.prospect is Prospect.OPEN:
            missing = self.weights.able_ppm - tally.yes - tally.no - tally.abstained
            candidate.prospect = self._prospect(candidate, candidate.waiting, missing)
            self._undecided -= candidate.prospect is not Prospect.OPEN

    def sorted(self) -> list[Candidate]:
        """In content-hash order."""
        return sorted(self.candidates.values(), key=lambda candidate: candidate.hash)

    def voted_ppm(self) -> dict[str, int]:
        """The mass that has voted, abstentions included: never its stance."""
        return {name: c.tally.voted + c.tally.abstained for name, c in self.candidates.items()}

    def extend(self) -> None:
        self.deadline += self.terms.window_ns
        self.extended = True

    def all_voted(self) -> bool:
        return not self._awaited

    def fixed(self) -> bool:
        """Whether no completion of the missing ballots can change what passes, its size, or the outcome."""
        if self._undecided:
            return False
        return self._settled([c for c in self.candidates.values() if c.prospect is Prospect.PASSED], NOBODY)

    def fixed_without(self, silent: Set[str]) -> bool:
        """The same when the seats in `silent` are taken to stay silent."""
        passed: list[Candidate] = []
        for candidate in self.candidates.values():
            prospect = candidate.prospect
            if prospect is Prospect.OPEN:
                waiting = candidate.waiting - silent
                prospect = self._prospect(candidate, waiting, sum(self.weights.of(agent) for agent in waiting))
            if prospect is Prospect.OPEN:
                return False
            if prospect is Prospect.PASSED:
                passed.append(candidate)
        return self._settled(passed, silent)

    def missing_seats(self) -> frozenset[str]:
        """The seats that have not voted on some proposal."""
        return frozenset().union(*(candidate.waiting for candidate in self.candidates.values()))

    def _prospect(self, candidate: Candidate, waiting: Set[str], missing: int) -> Prospect:
        """`missing` is the mass of those who are waited for, in ppm."""
        weights, tally = self.weights, candidate.tally
        if not self._bar.may_pass(tally, missing):
            return Prospect.LOST
        if not self._bar.must_pass(tally, missing):
            return Prospect.OPEN
        if not self.terms.rule.vetoable:
            return Prospect.PASSED
        if tally.vetoed:
            return Prospect.STOPPED
        if not weights.vetoers.isdisjoint(waiting):
            return Prospect.OPEN
        return Prospect.PASSED if weights.required <= tally.ballots.keys() else Prospect.STOPPED

    def _settled(self, passed: list[Candidate], silent: Set[str]) -> bool:
        """Where two pass, a ballot that is still missing can move medians and support: all are waited for."""
        if not passed:
            return True
        return len(passed) == 1 and (passed[0].action != "trade" or self._size_settled(passed[0], silent))

    def _size_settled(self, winner: Candidate, silent: Set[str]) -> bool:
        """One proposal passes: whether it is certain that it stands on all its instruments, and the size limits with
        it, or that it falls on one of them."""
        stands = [self._stands(winner, part.instrument, silent) for part in winner.parts]
        if False in stands:
            return True
        return all(stands) and all(
            self.weights.vetoers.isdisjoint(candidate.waiting - silent)
            for part in winner.parts
            for candidate in self._contest(part.instrument)
        )

    def _stands(self, winner: Candidate, instrument: str, silent: Set[str]) -> bool | None:
        """Whether the weighted median of the instrument is the winner's target: its approvers stand there, all others
        with a stance on the instrument at what is held, and a tie is held. None while both can be."""
        contest = self._contest(instrument)
        least = most = against = perhaps = 0
        for agent, weight in self.weights.ppm.items():
            if agent in winner.tally.approvals:
                least, most = least + weight, most + weight
                continue
            spoke = any(agent in c.tally.approvals or agent in c.tally.rejections for c in contest)
            awake = agent not in silent
            if awake and agent in winner.waiting:
                most += weight
            elif spoke:
                against += weight
            if spoke or (awake and any(agent in c.waiting for c in contest)):
                perhaps += weight
        if least > perhaps:
            return True
        return False if most <= against else None

    def _contest(self, instrument: str) -> list[Candidate]:
        """The proposals with a leg on the instrument."""
        return [c for c in self.candidates.values() if any(part.instrument == instrument for part in c.parts)]
