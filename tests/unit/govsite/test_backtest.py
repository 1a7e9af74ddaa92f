"""Backtests see what a live feed would have published: prices from order books where nothing else quotes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from execution.domain.order import Order
from execution.domain.venue import Execution, NoOffer
from execution.venues.paper import PaperVenue
from feeds.books import Books
from feeds.intake import Counts, Item
from feeds.recordings import read_ticks
from feeds.replay import Player
from govsite.backtest import backtest, published
from govsite.seed import known_instrument
from market.domain.instrument import to_lot
from market.domain.mark import Prices
from streams.events import BookTerms
from streams.messages import Quote, ReportFeedGap, Side, Tick
from streams.stopping import Stop
from tests.unit.feeds.frames import SPOT_TRADE

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "market"
T0 = 1_723_161_254_000


def line(at_ms: int, frame: dict[str, Any]) -> bytes:
    return b"%d %s\n" % (at_ms * 1_000_000, msgspec.json.encode(frame))


def depth(number: int, bid: str, ask: str) -> dict[str, Any]:
    """Bid and ask of update `number` in place of those of the one before."""
    before = f"{number - 1}.00"
    return {
        "e": "depthUpdate",
        "E": T0,
        "s": "BTCUSDT",
        "U": number,
        "u": number,
        "b": [[before, "0"], [bid, "2"]],
        "a": [[ask, "3"]],
    }


def write(path: Path, frames: list[tuple[int, dict[str, Any]]]) -> Path:
    path.write_bytes(b"".join(line(at, frame) for at, frame in frames))
    return path


@pytest.fixture
def unquoted(tmp_path: Path) -> Path:
    """Trades far from the book, so that it shows which of the two sets the price."""
    first = {"lastUpdateId": 10, "bids": [["10.00", "1"]], "asks": [["900.00", "1"]]}
    frames: list[tuple[int, dict[str, Any]]] = [(T0, {"rest": "depth", "symbol": "BTCUSDT", "data": first})]
    for number in range(11, 31):
        at = T0 + (number - 10) * 100
        frames.append((at, depth(number, f"{number}.00", "900.00")))
        frames.append((at + 1, {**SPOT_TRADE, "t": number, "p": "5000.00"}))
    return write(tmp_path / "unquoted.jsonl", frames)


def test_where_nothing_quotes_the_book_does(unquoted: Path) -> None:
    items = list(published([unquoted], Counts()))
    quotes = [item for item in items if isinstance(item, Quote)]
    assert [(quote.update_id, quote.bid) for quote in quotes] == [(number, number) for number in range(10, 31)]
    assert backtest([unquoted]).ticks == 41


def ticker(number: int, bid: str, ask: str) -> dict[str, Any]:
    return {"u": number, "s": "BTCUSDT", "b": bid, "B": "1", "a": ask, "A": "1"}


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    """Quotes of a size of 1, and a book with 5 more behind each."""
    first = {
        "lastUpdateId": 10,
        "bids": [["100.00", "1"], ["99.00", "5"]],
        "asks": [["101.00", "1"], ["102.00", "5"]],
    }
    frames: list[tuple[int, dict[str, Any]]] = [
        (T0, {"rest": "depth", "symbol": "BTCUSDT", "data": first}),
        (T0 + 1, {**SPOT_TRADE, "t": 1, "p": "100.50"}),
        (T0 + 2, ticker(10, "100.00", "101.00")),
    ]
    return write(tmp_path / "deep.jsonl", frames)


def test_a_large_order_goes_as_deep_as_the_recorded_book(deep: Path) -> None:
    """As it does live: behind the quote stands the book."""
    listing, terms, prices = known_instrument("BTCUSDT"), BookTerms(slippage_bp=Decimal(0)), Prices()
    venue = PaperVenue(prices)
    for item in published([deep], Counts()):
        if isinstance(item, Tick):
            prices.observe(item)
            venue.observe(item)
    taken = venue.take(order("buy", Decimal(4), Decimal(200)), listing, terms)
    assert not isinstance(taken, NoOffer)
    share = terms.paper_depth_share
    assert [(one.price, one.quantity) for one in taken] == [
        (Decimal(101), share),
        (Decimal(102), min(4 - share, 5 * share)),
    ]


def test_without_a_snapshot_the_quote_is_all_there_is(tmp_path: Path) -> None:
    path = write(
        tmp_path / "shallow.jsonl",
        [(T0, ticker(10, "10.00", "900.00")), (T0 + 1, depth(11, "11.00", "900.00")), (T0 + 2, SPOT_TRADE)],
    )
    books = Books(lambda _: False)
    items = list(published([path], Counts()))
    assert [type(item).__name__ for item in items] == ["Quote", "Depth", "Trade"]
    books.take(items)
    assert books.figures == {"books": 1, "books_in_sync": 0}


def test_gaps_are_told_by_the_clock_of_the_recording(tmp_path: Path) -> None:
    """Two gaps 0.4 s apart are one, two that are 2 s apart are two, however long reading takes."""
    first = {"lastUpdateId": 10, "bids": [["10.00", "1"]], "asks": [["900.00", "1"]]}
    frames: list[tuple[int, dict[str, Any]]] = [(T0, {"rest": "depth", "symbol": "BTCUSDT", "data": first})]
    at = ((100, 11), (200, 21), (600, 31), (2600, 41), (2700, 42))
    frames += [(T0 + after, depth(number, f"{number}.00", "900.00")) for after, number in at]
    path = write(tmp_path / "gaps.jsonl", frames)
    gaps = [item for item in published([path], Counts()) if isinstance(item, ReportFeedGap)]
    assert [(gap.first, gap.last) for gap in gaps] == [(12, 20), (22, 40)]


def test_a_replay_publishes_what_a_backtest_sees(unquoted: Path) -> None:
    counts = Counts()
    player = Player(lambda: read_ticks([unquoted], counts), "replay", counts, speed=None)
    books = Books(player.want_snapshot)
    replayed: list[Item] = []
    while not player.ended:
        replayed += books.take(player.poll(0.0, Stop()))
    seen = list(published([unquoted], Counts()))
    assert [_timeless(item) for item in replayed] == [_timeless(item) for item in seen]


def _timeless(item: Item) -> Item:
    return msgspec.structs.replace(item, received_at=0) if isinstance(item, Tick) else item


def test_the_paper_venue_fills_at_the_best_of_a_recorded_book() -> None:
    """A recording of trades and depth of three instruments, in which nothing is quoted."""
    recording = RECORDINGS / "cryptofeed-binance-20210404.log.gz"
    if not recording.is_file():
        pytest.skip(f"the recordings are not there: {recording}")
    prices, terms, listing = Prices(), BookTerms(), known_instrument("BTCUSDT")
    venue = PaperVenue(prices)
    fills = 0
    for item in published([recording], Counts()):
        if not isinstance(item, Tick):
            continue
        prices.observe(item)
        venue.observe(item)
        if isinstance(item, Quote) and item.instrument == "BTCUSDT":
            best_of: dict[Side, tuple[Decimal, Decimal]] = {
                "buy": (item.ask, item.ask_size),
                "sell": (item.bid, item.bid_size),
            }
            for side, (best, size) in best_of.items():
                quantity = to_lot(min(size, Decimal("0.001")), listing.lot_size)
                taken = venue.take(order(side, quantity, best), listing, terms)
                assert taken == ((Execution(quantity, best, item.id),) if quantity else ())
            assert item.ask - item.bid < Decimal(60)
            fills += 1
    assert fills > 500


def order(side: Side, quantity: Decimal, limit: Decimal) -> Order:
    return Order(order_id="o", decision_id="d", instrument="BTCUSDT", side=side, quantity=quantity, limit=limit)
