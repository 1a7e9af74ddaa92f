"""What the feed says about itself, in words: its figures and counters by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from govsite.ops.words import reason_words

FIGURES = {
    "rate": ("Ticks a second", "published, over the last second", "{:,.1f}"),
    "lag_ms": ("Lag", "from the venue's event to its arrival here, the median of the last seconds", "{:,.0f} ms"),
    "clock_offset_ms": ("Clock offset", "by how much the venue's clock and this machine's differ", "{:,.0f} ms"),
    "silent_s": ("Live data silent for", "since the last tick of a venue", "{:,.1f} s"),
    "trial_s": ("Trial of live data", "how long it has to come without a pause to be trusted again", "{:,.0f} s"),
    "behind_ms": ("Behind", "how long the last tick had been here when it was published", "{:,.1f} ms"),
    "connections": ("Connections", "open to venues", "{:,.0f}"),
    "waiting": ("Backlog", "ticks that have come and are not published yet", "{:,.0f}"),
    "refilling": ("Refilling", "instruments whose missing trades are being fetched", "{:,.0f}"),
    "books": ("Order books", "that are followed", "{:,.0f}"),
    "books_in_sync": ("Order books in sync", "with the venue, without a missing update", "{:,.0f}"),
    "progress": ("Progress", "of the recording, by what was read of it", "{:.1%}"),
    "marks_waiting": ("Waiting for PostgreSQL", "prices, bars and listings that are not written yet", "{:,.0f}"),
    "recording": ("Recording", "frames of the venues that were put on record as they came", "{:,.0f}"),
    "recording_bytes": ("Recording, bytes", "written, before compression", "{:,.0f}"),
    "recording_waiting": ("Recording, waiting", "bytes that the disk has not taken yet", "{:,.0f}"),
    "recording_missing": (
        "Recording, missing",
        "frames that are not on record, because the disk was too slow",
        "{:,.0f}",
    ),
    "recording_trouble": ("Recording, trouble", "what the disk said; it is tried again", "{}"),
    "at": ("Time of the recording", "how far the replay is, in the recording's own time (UTC)", "{}"),
    "paused": ("Paused", "by an operator", "{}"),
}
COUNTERS = {
    "frames": ("Frames", "came from the source, before anything was made of them"),
    "ticks": ("Ticks", "trades, quotes and order book updates that came of them"),
    "trades": ("Trades", "among the ticks"),
    "duplicates": ("Duplicates", "came more than once and were taken once"),
    "gaps": ("Holes", "in the ids of trades or updates, before anything was refilled"),
    "refilled": ("Refilled", "missing trades that were fetched from the venue and put in their place"),
    "unfilled": ("Unfilled", "missing trades that could not be had; rules see them as gaps"),
    "refills_limited": ("Refills put off", "so as not to ask a venue for more than it allows"),
    "healed_gaps": ("Healed", "holes in an order book that a snapshot closed before anybody had to know"),
    "resyncs": ("Order books resynchronised", "begun anew from a snapshot of the venue"),
    "derived_quotes": ("Quotes from order books", "for instruments that come without a best bid and offer"),
    "late": ("Late", "ticks that came later than they should have, and say so"),
    "conflated_quotes": ("Quotes conflated", "a newer one came before an older one was published"),
    "dropped_depth": ("Order book updates dropped", "under load; the book was begun anew from a snapshot"),
    "dropped_trades": ("Trades dropped", "under extreme load; rules see them as gaps"),
    "dropped_refused": ("Refused frames dropped", "under extreme load, before they could be kept to be read"),
    "marks_dropped": ("Prices and bars dropped", "because PostgreSQL was away for too long"),
    "letters_held_back": ("Refused frames without their bytes", "beyond the 20 a second that are kept to be read"),
    "connects": ("Connections made", "to venues"),
    "disconnects": ("Connections lost", "by the venue or the network; each is made again"),
    "rotations": ("Connections renewed", "before the venue would have ended them"),
    "shutdowns": ("Shutdowns announced", "by the venue; the next connection was made before"),
    "silences": ("Silent connections", "open, but without data for too long; each was made again"),
    "errors": ("Errors of connections", "the last is in the log of the feed"),
    "rest_errors": ("Errors over HTTP", "of the venue's REST interface; what was asked is asked again"),
    "slow_client": ("Thrown out as too slow", "by a venue; the connection was made again"),
    "unsubscribed": ("Symbols not subscribed", "that a venue did not take"),
    "holes": ("Interruptions that cannot be named", "of venues whose ids have holes; prices grow stale meanwhile"),
    "restarted_ids": ("Ids begun anew", "by the venue; what came before is no gap"),
    "quotes_behind": ("Quotes behind their order book", "older than what the book had told already, and passed over"),
    "without_book": ("Updates without an order book", "of more instruments than books are kept of"),
    "too_large": ("Messages too large", "for the stream; they are refused"),
    "crashes": ("Clients started again", "after an error of this program; the log of the feed has it"),
}
TROUBLE = frozenset(
    [
        "unfilled",
        "dropped_trades",
        "marks_dropped",
        "crashes",
        "letters_held_back",
        "dropped_depth",
        "holes",
        "slow_client",
        "unsubscribed",
        "too_large",
    ]
)
PASSED = {
    "snapshot": "answers with whole order books, which are told as such",
    "error": "errors that a venue answered with",
    "status": "trading statuses, which are told as such",
    "correction": "corrections of trades that were told before",
    "cancel": "cancellations of trades that were told before",
    "shutdown": "announcements that a venue ends a connection",
    "ack": "answers to subscriptions",
    "symbol": "instruments that nobody asked for",
    "not_market": "prints that are no market price, such as those of an insurance fund",
    "on_trial": "live ticks while live data was not trusted again yet",
    "bar": "bars of the venue, which are made here from trades",
    "band": "price bands of the venue",
    "imbalance": "order imbalances of an auction",
    "news": "news",
    "other": "frames that are no prices",
}


class Told(Struct, frozen=True):
    """A figure or counter as a line of a table."""

    name: str
    title: str
    words: str
    value: str
    look: str = ""


def figures(gauges: Mapping[str, Any]) -> Iterator[Told]:
    """Those that are known in their order, then those of single venues (`binance.lag_ms`)."""
    for name, (title, words, shape) in FIGURES.items():
        if name in gauges:
            yield Told(name, title, words, _shown(name, shape, gauges[name]))
    for full, value in sorted(gauges.items()):
        venue, dot, name = full.rpartition(".")
        if dot and name in FIGURES:
            title, words, shape = FIGURES[name]
            yield Told(full, f"{title}, {venue}", words, _shown(name, shape, value))


def counters(counts: Mapping[str, int]) -> Iterator[Told]:
    """Those that are known in their order, then what was refused and what was passed over; others as they are named."""
    for name, (title, words) in COUNTERS.items():
        if name in counts:
            yield Told(name, title, words, f"{counts[name]:,}", "warn" if name in TROUBLE and counts[name] else "")
    for name, count in sorted(counts.items()):
        if name in COUNTERS:
            continue
        kind, _, what = name.partition(":")
        if kind == "refused":
            yield Told(name, f"Refused: {what}", reason_words(what), f"{count:,}", "warn")
        elif kind == "passed":
            yield Told(name, "Passed over", PASSED.get(what, what), f"{count:,}")
        else:
            yield Told(name, name.replace("_", " ").capitalize(), "", f"{count:,}")


def _shown(name: str, shape: str, value: Any) -> str:
    if name == "at":
        return f"{datetime.fromtimestamp(int(value) // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}" if int(value) else "–"
    if name == "paused":
        return "yes" if value and value != "0" else "no"
    return str(value) if shape == "{}" or isinstance(value, str) else shape.format(value)
