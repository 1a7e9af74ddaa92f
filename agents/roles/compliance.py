"""The compliance seat: restricted instruments, authors that propose too often, trades that only turn over the book."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from agents.agent import Agent, Opinion, View, enlarges, side_of
from streams.messages import ProposalAnnounced

SECOND = 1_000_000_000


class Compliance(Agent):
    """No TRADE mass, a veto. All windows run on the market clock.

    `restricted`: instruments in which positions may only shrink. `churn_s`: a trade against a fill that is younger is
    vetoed, because a round trip that short pays the costs twice and looks like wash trading. `most_per_minute`:
    trades that one author may put up on one instrument within a minute."""

    wants = ()

    def __init__(self, *, restricted: Iterable[str] = (), churn_s: float = 12.0, most_per_minute: int = 8) -> None:
        self.restricted = frozenset(restricted)
        self.churn_ns = int(churn_s * SECOND)
        self.most_per_minute = most_per_minute
        self.recent: dict[tuple[str, str], deque[int]] = {}

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        if announced.action != "trade":
            return Opinion(reason="a smaller position needs no consent")
        often = self._too_often(announced, view) if announced.amends is None else ""
        objection = self._restricted(announced) or self._churn(announced, view) or often
        return Opinion(veto=bool(objection), reason=objection or "no objection")

    def _restricted(self, announced: ProposalAnnounced) -> str:
        if announced.instrument in self.restricted and enlarges(announced):
            return f"{announced.instrument} is on the restricted list: positions may only shrink"
        return ""

    def _churn(self, announced: ProposalAnnounced, view: View) -> str:
        fill = view.fills.get(announced.instrument)
        if fill is None or not fill.at or side_of(announced) != -fill.sign:
            return ""
        age = view.now - fill.at
        if age >= self.churn_ns:
            return ""
        return f"churn: it reverses a fill of {age / SECOND:.1f} s ago (at least {self.churn_ns / SECOND:g} s)"

    def _too_often(self, announced: ProposalAnnounced, view: View) -> str:
        times = self.recent.setdefault((announced.author, announced.instrument), deque())
        while times and times[0] <= view.now - 60 * SECOND:
            times.popleft()
        times.append(view.now)
        if len(times) <= self.most_per_minute:
            return ""
        return f"{announced.author} put up {len(times)} trades in a minute, at most {self.most_per_minute}"
