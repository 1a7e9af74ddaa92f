"""Open rounds as the stream announces them: what is proposed and how much mass has voted, never how."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from streams.messages import Announcement, DeliberationResolved, MassCounted, ProposalAnnounced

KEPT = 8


class Rounds:
    def __init__(self) -> None:
        self._rounds: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._moved = False

    def take(self, announcement: Announcement) -> None:
        match announcement:
            case ProposalAnnounced():
                self._announced(announcement)
            case MassCounted(deliberation_id=key, voted_ppm=voted, total_ppm=total):
                known = self._round(key)
                known["total_ppm"] = total
                for proposal in known["proposals"]:
                    proposal["voted_ppm"] = voted.get(proposal["proposal_id"], proposal["voted_ppm"])
            case DeliberationResolved(deliberation_id=key, outcome=outcome):
                self._round(key)["outcome"] = outcome

    def changed(self) -> list[dict[str, Any]]:
        """The last rounds, oldest first; nothing if none moved since the last call."""
        told = list(self._rounds.values()) if self._moved else []
        self._moved = False
        return told

    def _announced(self, announced: ProposalAnnounced) -> None:
        known = self._round(announced.deliberation_id)
        known |= {"instrument": announced.instrument, "track": announced.track}
        known["proposals"].append(
            {
                "proposal_id": announced.proposal_id,
                "author": announced.author,
                "action": announced.action,
                "instrument": announced.instrument,
                "target": str(announced.target),
                "amends": announced.amends,
                "voted_ppm": 0,
            }
        )

    def _round(self, key: str) -> dict[str, Any]:
        self._moved = True
        if key not in self._rounds:
            self._rounds[key] = {
                "deliberation_id": key,
                "instrument": "",
                "track": "",
                "total_ppm": 0,
                "outcome": "",
                "proposals": [],
            }
        while len(self._rounds) > KEPT:
            self._rounds.popitem(last=False)
        return self._rounds[key]
