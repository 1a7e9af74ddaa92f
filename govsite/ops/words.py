"""The words in which the site tells people what happened: outcomes, states, reasons, roles, stages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UUID_SHAPE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

OUTCOMES = {
    "granted": "At least one order was granted, none was cut.",
    "reduced": "At least one order was granted, but smaller than proposed.",
    "vetoed": "It would have passed, and a guard vetoed it.",
    "expired": "It was interrupted, or its hold lapsed, before it could be decided.",
    "refused": "No order came of it.",
}

STATES = {
    "SUBMITTED": "submitted",
    "ADMITTED": "admitted to a round",
    "REFUSED": "refused before a round",
    "OPEN": "open for ballots",
    "PASSED": "passed the vote",
    "DEFEATED": "defeated in the vote",
    "INQUORATE": "without a quorum",
    "VETOED": "vetoed",
    "HALTED": "stopped by the halt",
    "GRANTED": "granted",
    "REDUCED": "granted, but smaller",
    "SUPERSEDED": "superseded by another proposal",
    "CLEARED": "cleared by the rules",
    "HELD": "held for an operator",
    "DENIED": "denied by a rule",
    "QUEUED": "handed to the executor",
    "EXPIRED": "expired",
    "accepted": "accepted by the executor",
    "sent": "sent to the venue",
    "working": "working at the venue",
    "partially_filled": "filled in part",
    "filled": "filled",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "expired": "expired",
}

REASONS = {
    "UNDECODABLE": "the message could not be read",
    "UNKNOWN_TYPE": "the kind of message is not known",
    "TOO_LARGE": "the message is too large",
    "NOT_TEXT": "the message holds characters that are not text",
    "NOT_FINITE": "a number in it is not finite",
    "NOT_POSITIVE": "a price or quantity in it is not positive",
    "CROSSED": "its bid is above its ask",
    "INVALID": "a field in it is not valid",
    "DUPLICATE": "it had come before",
    "OUT_OF_ORDER": "it came out of order",
    "NOT_MARKET": "it is not market data",
    "TOO_OLD": "it was too old when it arrived",
    "DATED_AHEAD": "it was dated more than a minute after it arrived",
    "UNSIGNED": "nobody signed it",
    "TAMPERED": "somebody cut the stream, or used up its ids",
    "FORGED": "its signature is not that of who is said to have sent it",
    "KEY_REVOKED": "it was signed with a key that is not in force any more",
    "UNKNOWN_AGENT": "no such agent sits in the council",
    "UNKNOWN_BOOK": "there is no such book",
    "UNKNOWN_INSTRUMENT": "the instrument is not listed in this book",
    "UNKNOWN_PROPOSAL": "the proposal that it speaks of is not known",
    "NOT_ENTITLED": "the seat may not do this",
    "SEAT_SUSPENDED": "the seat is suspended",
    "INCOHERENT": "stance and forecast contradict each other",
    "WRONG_HORIZON": "the forecast is for another horizon than the book's",
    "ALREADY_VOTED": "the seat had voted already",
    "TOO_LATE": "it came after the close",
    "NO_CHANGE": "the target is what the book holds already",
    "NO_PRICE": "there is no price for the instrument",
    "STALE_DATA": "the market data is too old",
    "STALE_PROPOSAL": "its evidence is too old",
    "DRIFTED": "the price had moved too far since the agent looked",
    "COUNCIL_TOO_SMALL": "fewer than three owners hold mass, so trading is closed",
    "MODE": "the book's mode does not allow it",
    "INQUORATE": "too little mass approved: no quorum",
    "DEFEATED": "the approving mass or the forecast was too low",
    "GUARD_SILENT": "a required guard had not voted",
    "VETOED": "a guard vetoed it",
    "SUPERSEDED": "the council's median pointed elsewhere, or another proposal did it already",
    "SIZE_LIMIT": "a guard limits the size",
    "CAPPED": "a cap on the position is in force",
    "CLIPPED": "a rule cut the size",
    "NO_BUDGET": "the gross limit had no room left for it",
    "RULE_DENIED": "a rule denied it",
    "RULE_ERROR": "a rule could not be evaluated, which counts as a denial",
    "BELOW_MINIMUM": "the order would be below the venue's minimum",
    "MESSAGE_RATE": "the agent sends more messages than it may",
    "RESTARTED": "the governor was restarted during the round",
    "HALTED": "trading was halted",
    "EXPIRED": "its time to live had passed",
    "NO_CASH": "there was not enough cash",
    "TTL": "the decision's time to live had passed when the order arrived",
    "LIMIT": "the market was worse than the protective limit",
    "SUSPENDED": "trading of the instrument is suspended",
    "STRUCK": "the seat may not propose for a while: it sent too much that nobody should have to read",
    "LEG_LOST": "another leg of the same proposal was lost",
    "HELD": "a rule holds it for an operator",
    "HOLD_LAPSED": "no operator released it in time",
    "HOLD_REFUSED": "an operator refused it",
    "UNKNOWN_BUCKET": "these outcomes are of no bucket that waits for its score",
    "UNKNOWN_CHANGE": "there is no such change, or it is closed",
    "UNKNOWN_DECISION": "there is no such held decision, or it is closed",
    "RULE_REFUSED": "a text in it is no sound rule",
    "NO_PREVIEW": "a change of rules needs its shadow replay",
    "SAME_PERSON": "it takes another operator",
    "POSITION_LIMIT": "the position would leave its limits",
    "REDUCE_ONLY": "only reductions are allowed",
    "GRANTED": "granted as proposed",
    "REDUCED": "granted, but smaller than proposed",
    "NO_LIQUIDITY": "nobody offered more of it",
    "UNFILLABLE": "not all of it was to be had at once",
    "SELF_TRADE": "it would have traded with an own order",
    "BY_OPERATOR": "an operator cancelled it",
    "NO_VENUE": "no real venue is configured",
    "NOT_SUPPORTED": "the venue cannot do that",
    "VENUE_REFUSED": "the venue refused it",
    "VENUE_CANCELLED": "the venue cancelled it",
    "VENUE_LOST": "it never reached the venue",
    "UNKNOWN_ORDER": "there is no such order in hand",
}

# Where it is known who or what was in the way: `{by}` is a seat, a rule, or whose proposal it was.
BECAUSE = {
    "DEFEATED:forecast": "the voters’ forecast was below one half",
    "DEFEATED": "too much mass was against it, {by} above all",
    "VETOED": "{by} vetoed it",
    "GUARD_SILENT": "the guard {by} had not voted",
    "SUPERSEDED": "the council’s median pointed elsewhere, to {by}",
    "SIZE_LIMIT": "{by} limits the size",
    "CAPPED": "a cap on the position is in force, by {by}",
    "CLIPPED": "the rule {by} cut the size",
    "NO_BUDGET": "the gross limit had no room left for it beside {by}",
    "RULE_DENIED": "the rule {by} denied it",
    "RULE_ERROR": "the rule {by} could not be evaluated, which counts as a denial",
}
SOMEBODY = "an earlier proposal"

CLOSINGS = {
    "unflippable": "No ballot still missing could have changed the result.",
    "all_voted": "Every seat had voted.",
    "deadline": "The vote window had passed.",
    "halted": "Trading was halted.",
    "restarted": "The governor was restarted.",
}

MODES = {
    "NORMAL": "Everything that the council and the rules allow is traded.",
    "REDUCE_ONLY": "Only orders that shrink a position are allowed.",
    "HALTED": "Nothing is sent. No order is executed until an operator resumes.",
}

SOURCES = {
    "live": "Prices come from the exchange as they happen.",
    "replay": "Prices are replayed from a recording: this is not the market of now.",
    "synthetic": "Prices are made up by a generator: this is not a market.",
}

STAGES = {
    "ingest": ("Ingest", "tick received → in the stream"),
    "stream_to_agent": ("Stream → agent", "in the stream → read by the agents"),
    "reaction": ("Reaction", "in the stream → proposal at the governor"),
    "resolution": ("Resolution", "proposal → decision committed"),
    "execution": ("Execution", "decision committed → fill committed"),
    "end_to_end": ("End to end", "tick received → fill committed"),
    "display": ("Display", "tick received → fill sent to a browser"),
}

TARGETS_MS = {
    "ingest": (0.3, 1.5),
    "stream_to_agent": (0.2, 1.5),
    "reaction": (1.0, 5.0),
    "resolution": (2.5, 7.0),
    "end_to_end": (5.0, 12.0),
    "display": (6.5, 15.0),
}


def outcome_words(outcome: str) -> str:
    return OUTCOMES.get(outcome, "This outcome is not known to this release.")


def reason_words(code: str) -> str:
    """The sentence for a reason code; a code that nobody explained is shown as it is."""
    return REASONS.get(code, code)


def because(code: str, by: str, proposers: Mapping[str, str]) -> str:
    """The reason as a sentence that names what was in the way; `proposers`: proposal id → agent."""
    if exactly := BECAUSE.get(f"{code}:{by}"):
        return exactly
    sentence = BECAUSE.get(code, "")
    if not by or not sentence:
        return reason_words(code)
    agent = proposers.get(by, "")
    named = f"the proposal of {agent}" if agent else SOMEBODY if UUID_SHAPE.fullmatch(by) else by
    return sentence.replace("{by}", named)


def state_words(state: str) -> str:
    return STATES.get(state, state.lower().replace("_", " "))


def for_browser() -> dict[str, dict[str, Any] | str]:
    """The same words for the live page, so that it never says it in others."""
    return {
        "outcomes": OUTCOMES,
        "states": STATES,
        "reasons": REASONS,
        "because": BECAUSE,
        "somebody": SOMEBODY,
        "modes": MODES,
        "sources": SOURCES,
        "stages": {name: {"title": title, "what": what} for name, (title, what) in STAGES.items()},
        "targets": {name: {"p50": p50, "p99": p99} for name, (p50, p99) in TARGETS_MS.items()},
    }
