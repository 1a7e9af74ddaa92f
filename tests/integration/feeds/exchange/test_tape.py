"""What is played: recordings frame by frame, ticks as frames."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from feeds.exchange import Tape
from feeds.exchange.market import KnownMarket
from feeds.exchange.tape import Event

RECORDINGS = Path(__file__).resolve().parents[4].parent / "shared" / "market"


def recording(name: str) -> Tape:
    if not RECORDINGS.is_dir():
        pytest.skip(f"there are no recordings in {RECORDINGS}")
    return Tape.of_recordings([RECORDINGS / name])


def best(market: KnownMarket, symbol: str) -> tuple[Decimal, Decimal]:
    bids, asks = market.books[symbol].levels(1)
    return Decimal(bids[0][0]), Decimal(asks[0][0])


def test_frames_of_a_recording_stay_what_they_are() -> None:
    tape = recording("binance-spot-btcusdt-20240808.jsonl.gz")
    first, *_ = islice(tape.events(), 1)
    assert (tape.market, tape.symbols) == ("spot", ("BTCUSDT",))
    assert (first.at, first.kind) == (1_723_161_253_937_085_768, "depthUpdate")
    assert first.raw.startswith(b'{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,')
    assert sum(event.kind == "trade" for event in tape.events()) == 9_757


@pytest.mark.parametrize("name", ["binance-spot-btcusdt-20240808.jsonl.gz", "binance-usdm-btcusdt-20240718.jsonl.gz"])
def test_the_book_of_a_recording_follows_its_quotes(name: str) -> None:
    """The quote of the same moment and the order book say the same in nearly all cases, and it never stays crossed."""
    tape = recording(name)
    market = KnownMarket(tape)
    agreed = compared = 0
    quotes: dict[int, Event] = {}
    for event in islice(tape.events(), 15_000):
        if event.kind == "bookTicker":
            quotes[event.data["u"]] = event
        for known in market.observe(event):
            if known.kind == "depthUpdate" and known.data["u"] in quotes:
                quote = quotes[known.data["u"]].data
                compared += 1
                agreed += best(market, "BTCUSDT") == (Decimal(quote["b"]), Decimal(quote["a"]))
    assert compared > 20
    assert agreed > 0.95 * compared


def test_other_recordings_than_lines_are_played_as_well() -> None:
    tape = recording("cryptofeed-binance-20210404.log.gz")
    assert set(tape.symbols) == {"BTCUSDT", "ETHUSDT", "DOTUSDT"}
    assert tape.snapshots.keys() == {"BTCUSDT", "ETHUSDT", "DOTUSDT"}
    ticks = recording("lean-spy-20131008-trades.zip")
    first, *_ = islice(ticks.events(), 1)
    assert (first.symbol, first.kind) == ("SPY", "trade")


def test_the_invented_market_has_books_around_its_quotes() -> None:
    tape = Tape.of_synthetic(seed=3)
    market = KnownMarket(tape)
    last: dict[str, int] = {}
    for event in islice(tape.events(), 1_000):
        for known in market.observe(event):
            if known.kind == "depthUpdate":
                assert known.data["U"] == last.get(known.symbol, known.data["U"] - 1) + 1
                last[known.symbol] = known.data["u"]
                bid, ask = best(market, known.symbol)
                assert bid < ask
    assert len(last) >= 3
    assert all(len(book.levels(1_000)[0]) == 150 for book in market.books.values() if book.last_id)
