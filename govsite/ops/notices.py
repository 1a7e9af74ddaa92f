"""What everybody has to know of the market's data, whichever page they look at: where it is not live, late or whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

LATE_MS = 2_000.0
CLOCK_OFF_MS = 1_000.0
SILENT_NS = 5_000_000_000
UNHEARD_NS = 3_000_000_000
SECOND = 1_000_000_000
NAMED = 3
SILENCE = "live is silent"
UNHEARD = "No feed is heard: nothing brings the market in, and every price is as it was. Start one: manage.py runfeed."
STANDS_IN = {"replay": "a replay of a recording", "synthetic": "a synthetic market that a generator makes up"}


class Notice(Struct, frozen=True):
    """`bad` ones interrupt a reader, `warn` ones wait for a pause. The text does not change with every second."""

    key: str
    look: str
    icon: str
    text: str


class Gap(Struct, frozen=True):
    """What could not be refilled."""

    instrument: str
    kind: str
    first: int
    last: int


class Known(Struct, frozen=True, kw_only=True):
    """What there is to judge by. `feed` is the last report of its heartbeat, None where there is none; `switched_at`
    when the book saw the source change (ns, 0 if never); `halted`: instrument -> the venue's own word."""

    now: int
    feed: Mapping[str, Any] | None = None
    switched_at: int = 0
    live_only: bool = False
    gaps: Sequence[Gap] = ()
    halted: Mapping[str, str] = {}
    trouble: str = ""


def notices(known: Known) -> list[Notice]:
    """The worst first."""
    return [*_of_feed(known), *_of_gaps(known.gaps), *_of_halts(known.halted)]


def stands_in(gauges: Mapping[str, Any]) -> str:
    """Why something else stands in for the live data that was asked for, as the feed says it; empty where nothing
    does."""
    if gauges.get("source") not in STANDS_IN:
        return ""
    return str(gauges.get("mode", "")).partition(", because ")[2]


def _of_feed(known: Known) -> list[Notice]:
    if known.trouble:
        text = f"Nobody can say where prices come from: {known.trouble}."
        return [Notice("unknown", "bad", "lost", text)]
    feed = known.feed
    if feed is None or known.now - feed["at"] > UNHEARD_NS:
        return [Notice("unheard", "bad", "lost", UNHEARD)]
    return [*_of_source(known, feed["gauges"]), *_of_flow(known.now, feed), *_of_clock(feed["gauges"])]


def _of_source(known: Known, gauges: Mapping[str, Any]) -> list[Notice]:
    why = stands_in(gauges)
    if not why:
        return []
    since = _clock(known.switched_at or int(gauges.get("since", 0)))
    source = gauges["source"]
    if why != SILENCE:
        text = f"An operator has put {STANDS_IN[source]} in the place of live data since {since} UTC: {why}."
        return [Notice("held", "warn", source, text)]
    books = "Books that trade only on live data are reduce-only; p" if known.live_only else "P"
    text = (
        f"Live data lost since {since} UTC: prices come from {STANDS_IN[source]}. {books}ositions that were bought on "
        "live data may only be reduced until live data has been back for 30 s."
    )
    return [Notice("failover", "bad", source, text)]


def _of_flow(now: int, feed: Mapping[str, Any]) -> list[Notice]:
    gauges, last = feed["gauges"], int(feed["gauges"].get("last_tick_at", 0))
    if feed["state"] == "ended":
        return [Notice("ended", "warn", "open", "The recording has come to its end: prices stay as they were there.")]
    if gauges.get("paused") and gauges["paused"] != "0":
        return [Notice("paused", "warn", "late", "An operator has paused the market: prices stay as they are.")]
    if now - max(last, feed["started_at"]) <= SILENT_NS:
        return []
    since = f"since {_clock(last)} UTC" if last else "since it was started"
    return [Notice("silent", "bad", "lost", f"The feed runs, but no tick has come {since}: every price is old.")]


def _of_clock(gauges: Mapping[str, Any]) -> list[Notice]:
    found = []
    lag, offset = _number(gauges, "lag_ms"), _number(gauges, "clock_offset_ms")
    if gauges.get("source") == "live" and lag > LATE_MS:
        text = (
            f"Live data comes more than {lag // 1000:.0f} s late: what agents see is the market of then, "
            "and rules may refuse to trade on it."
        )
        found.append(Notice("late", "bad", "late", text))
    if abs(offset) > CLOCK_OFF_MS:
        text = (
            f"The venue's clock and this machine's differ by more than {abs(offset) // 1000:.0f} s: "
            "ages of prices are only as good as the clocks. Check the time service of this machine."
        )
        found.append(Notice("clock", "warn", "late", text))
    return found


def _of_gaps(gaps: Sequence[Gap]) -> list[Notice]:
    if not gaps:
        return []
    named = ", ".join(_gap_words(gap) for gap in gaps[:NAMED])
    more = f" and {len(gaps) - NAMED} more" if len(gaps) > NAMED else ""
    text = f"Market data of the last minute is missing and could not be refilled: {named}{more}."
    return [Notice("gaps", "warn", "open", text)]


def _gap_words(gap: Gap) -> str:
    if gap.kind == "hole":
        return f"{gap.instrument} for {max((gap.last - gap.first) / SECOND, 0.1):.1f} s"
    ids = f"{gap.first}" if gap.first == gap.last else f"{gap.first} to {gap.last}"
    what = {"trade": "trades", "depth": "order book updates"}.get(gap.kind, gap.kind)
    return f"{gap.instrument} {what} {ids}"


def _of_halts(halted: Mapping[str, str]) -> list[Notice]:
    if not halted:
        return []
    named = ", ".join(f"{name} ({word})" if word else name for name, word in sorted(halted.items()))
    text = f"Not traded at the venue: {named}. Nothing is proposed or sent for it until the venue trades it again."
    return [Notice("halted", "warn", "halted", text)]


def _number(gauges: Mapping[str, Any], name: str) -> float:
    value = gauges.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _clock(at: int) -> str:
    return f"{datetime.fromtimestamp(at / SECOND, UTC):%H:%M:%S}"
