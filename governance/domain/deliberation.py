"""One round: the proposals that joined it, their sealed ballots, and whether its result can still change."""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal
from enum import Enum
from hashlib import sha256

from governance.domain.council import Weights
from governance.domain.tracks import Rule, Terms
from governance.domain.voting import Ballot, Tally, may_pass, must_pass
from streams.envelope import Envelope
from streams.events import MarketView
from streams.messages import Action, OfferAmendment, SubmitProposal


class Prospect(Enum):
    """What the ballots that are still missing can do to a proposal."""

    OPEN = "open"
    LOST = "lost"
    STOPPED = "stopped"
    PASSED = "passed"


def content_hash(proposal_id: str, author: str, action: str, instrument: str, target: Decimal) -> str:
    """The order in which arbitration looks at proposals: independent of when they came."""
    text = "\x1f".join((author, action, instrument, str(target.normalize()), proposal_id))
    return sha256(text.encode()).hexdigest()


class Candidate:
    """A proposal or amendment of a round. `unvoted` passes without ballots (a guard's REDUCE)."""

    __slots__ = (
        "action",
        "author",
        "command",
        "entry_id",
        "hash",
        "held",
        "instrument",
        "market",
        "original",
        "proposal_id",
        "prospect",
        "submitted",
        "tally",
        "target",
        "ttl_ms",
        "unvoted",
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
        else:
            assert original is not None
            self.action, self.instrument, self.ttl_ms = original.action, original.instrument, original.ttl_ms
        self.held = held
        self.market = market
        self.unvoted = unvoted
        self.tally = Tally(total_ppm)
        self.prospect = Prospect.PASSED if unvoted else Prospect.OPEN
        self.hash = content_hash(self.proposal_id, self.author, self.action, self.instrument, self.target)


class Round:
    """Open from `opened_at`; joined and amended until `joins_until`, voted on until `deadline` (process clock, ns)."""

    def __init__(self, deliberation_id: str, terms: Terms, weights: Weights, opened_at: int) -> None:
        self.deliberation_id = deliberation_id
        self.terms = terms
        self.weights = weights
        self.opened_at = opened_at
        self.joins_until = opened_at + terms.window_ns // 2
        self.deadline = opened_at + terms.window_ns
        self.extended = False
        self.candidates: dict[str, Candidate] = {}
        self.ballots: list[tuple[Candidate, Ballot]] = []
        self.count_due: int | None = None

    @property
    def rule(self) -> Rule:
        return self.terms.rule

    @property
    def first(self) -> Candidate:
        return next(iter(self.candidates.values()))

    def join(self, candidate: Candidate) -> None:
        self.candidates[candidate.proposal_id] = candidate
        if not candidate.unvoted:
            candidate.prospect = self._prospect(candidate, self.weights.able)

    def cast(self, candidate: Candidate, ballot: Ballot) -> None:
        candidate.tally.add(ballot)
        self.ballots.append((candidate, ballot))
        if not candidate.unvoted:
            candidate.prospect = self._prospect(candidate, self.weights.able)

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
        able = len(self.weights.able)
        return all(c.unvoted or len(c.tally.ballots) >= able for c in self.candidates.values())

    def fixed(self) -> bool:
        """Whether no completion of the missing ballots can change what passes, its size, or the outcome."""
        return self._fixed({name: c.prospect for name, c in self.candidates.items()}, self.weights.able)

    def fixed_without(self, silent: Set[str]) -> bool:
        """The same when the seats in `silent` are taken to stay silent."""
        able = self.weights.able - silent
        prospects = {n: c.prospect if c.unvoted else self._prospect(c, able) for n, c in self.candidates.items()}
        return self._fixed(prospects, able)

    def missing_seats(self) -> frozenset[str]:
        """The seats that have not voted on some proposal."""
        able = self.weights.able
        silent: set[str] = set()
        for candidate in self.candidates.values():
            if not candidate.unvoted:
                silent.update(able - candidate.tally.ballots.keys())
        return frozenset(silent)

    def _prospect(self, candidate: Candidate, able: Set[str]) -> Prospect:
        weights, tally, rule = self.weights, candidate.tally, self.terms.rule
        if able is weights.able:
            missing = weights.able_ppm - tally.voted - tally.abstained
        else:
            missing = sum(weights.of(agent) for agent in able if agent not in tally.ballots)
        if not may_pass(rule, tally, missing):
            return Prospect.LOST
        if not must_pass(rule, tally, missing):
            return Prospect.OPEN
        if not rule.vetoable:
            return Prospect.PASSED
        if tally.vetoed:
            return Prospect.STOPPED
        if any(guard not in tally.ballots and guard in able for guard in weights.vetoers):
            return Prospect.OPEN
        return Prospect.PASSED if weights.required <= tally.ballots.keys() else Prospect.STOPPED

    def _fixed(self, prospects: dict[str, Prospect], able: Set[str]) -> bool:
        passed: list[Candidate] = []
        for name, prospect in prospects.items():
            if prospect is Prospect.OPEN:
                return False
            if prospect is Prospect.PASSED:
                passed.append(self.candidates[name])
        if not passed:
            return True
        return len(passed) == 1 and (passed[0].action != "trade" or self._size_fixed(passed[0], able))

    def _size_fixed(self, winner: Candidate, able: Set[str]) -> bool:
        """One proposal passes: whether the weighted median of its instrument and the size limits are certain.
        Approvers stand at its target, all others with a stance on the instrument at what is held; a tie is held."""
        contests = [c.tally.ballots for c in self.candidates.values() if c.instrument == winner.instrument]
        if any(guard in able and guard not in ballots for guard in self.weights.vetoers for ballots in contests):
            return False
        least = most = against = perhaps = 0
        for agent, weight in self.weights.ppm.items():
            own = winner.tally.ballots.get(agent)
            stances = [ballots[agent].cast.stance for ballots in contests if agent in ballots]
            silent = agent in able and len(stances) < len(contests)
            if own is not None and own.cast.stance == "approve":
                least, most = least + weight, most + weight
                continue
            if own is None and agent in able:
                most += weight
            elif any(stance != "abstain" for stance in stances):
                against += weight
            if silent or any(stance != "abstain" for stance in stances):
                perhaps += weight
        return least > perhaps or most <= against
