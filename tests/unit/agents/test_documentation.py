"""The agent that the documentation shows is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from agents.agent import Agent
from streams.messages import CastBallot, SubmitProposal
from tests.unit.agents.market import BTC, Market, announced

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "agents.md"


def breakout() -> Agent:
    [text] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(text, str(DOCUMENT), "exec"), names)
    agent = names["Breakout"]()
    assert isinstance(agent, Agent)
    return agent


def test_the_agent_of_the_documentation_buys_a_new_high() -> None:
    market = Market(breakout())
    assert not market.walk([60_000 + number % 5 for number in range(200)])

    [command] = market.quote(60_010)
    proposal = command.body
    assert isinstance(proposal, SubmitProposal)
    assert 4_990 < proposal.target * proposal.price <= 5_001
    [own] = market.announce(announced(str(proposal.target), proposal_id=proposal.proposal_id))
    [other] = market.announce(announced("0", held="0.2", proposal_id="p2"))
    assert isinstance(own.body, CastBallot)
    assert isinstance(other.body, CastBallot)
    assert (own.body.stance, own.body.probability) == ("approve", 0.53)
    assert (other.body.stance, other.body.probability) == ("reject", 0.43)


def test_it_has_no_view_otherwise() -> None:
    market = Market(breakout())
    market.walk([60_000 - number / 10 for number in range(250)])
    [ballot] = market.announce(announced("0.1"))
    assert isinstance(ballot.body, CastBallot)
    assert ballot.body.stance == "abstain"
    assert market.council.errors == 0
    assert BTC in market.view.instruments
