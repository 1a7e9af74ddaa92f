"""Backtests see what a live feed would have published: prices from order books where nothing else quotes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from execution.domain.order import Order
from execution.domain.venue import Execution
from execution.venues.paper import PaperVenue
from feeds.books import Books
from feeds.intake import Counts, Item
from feeds.recordings import read_ticks
from feeds.replay import Player
from govsite.backtest import backtest, published, quoted
from govsite.seed import known_instrument
from market.domain.instrument import to_lot
from market.domain.mark import Prices
from streams.events import BookTerms
from streams.messages import Depth, Quote, Side, Tick
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
    assert not quoted([unquoted])
    items = list(published([unquoted], Counts(), levels=True))
    quotes = [item for item in items if isinstance(item, Quote)]
    assert [(quote.update_id, quote.bid) for quote in quotes] == [(number, number) for number in range(10, 31)]
    assert backtest([unquoted]).ticks == 41


def test_where_there_are_quotes_books_cost_nothing(tmp_path: Path) -> None:
    ticker = {"u": 11, "s": "BTCUSDT", "b": "10.00", "B": "1", "a": "900.00", "A": "1"}
    frames = [(T0, ticker), (T0 + 1, depth(11, "11.00", "900.00")), (T0 + 2, SPOT_TRADE)]
    path = write(tmp_path / "quoted.jsonl", frames)
    assert quoted([path])
    [_, change, _] = published([path], Counts(), levels=False)
    assert isinstance(change, Depth)
    assert change.bids == ()


def test_quotes_may_stand_in_another_file(tmp_path: Path) -> None:
    ticker = {"u": 11, "s": "BTCUSDT", "b": "10.00", "B": "1", "a": "900.00", "A": "1"}
    changes = write(tmp_path / "depth.jsonl", [(T0, depth(11, "11.00", "900.00"))])
    quotes = write(tmp_path / "quotes.jsonl", [(T0, ticker)])
    assert not quoted([changes])
    assert quoted([changes, quotes])


def test_a_replay_publishes_what_a_backtest_sees(unquoted: Path) -> None:
    counts = Counts()
    player = Player(lambda: read_ticks([unquoted], counts), "replay", counts, speed=None)
    books = Books(player.want_snapshot)
    replayed: list[Item] = []
    while not player.ended:
        replayed += books.take(player.poll(0.0, Stop()))
    seen = list(published([unquoted], Counts(), levels=True))
    assert [_timeless(item) for item in replayed] == [_timeless(item) for item in seen]


def _timeless(item: Item) -> Item:
    return msgspec.structs.replace(item, received_at=0) if isinstance(item, Tick) else item


def test_the_paper_venue_fills_at_the_best_of_a_recorded_book() -> None:
    """A recording of trades and depth of three instruments, in which nothing is quoted."""
    recording = RECORDINGS / "cryptofeed-binance-20210404.log.gz"
    if not recording.is_file():
        pytest.skip(f"the recordings are not there: {recording}")
    assert not quoted([recording])
    prices, terms, listing = Prices(), BookTerms(), known_instrument("BTCUSDT")
    venue = PaperVenue(prices)
    fills = 0
    for item in published([recording], Counts(), levels=True):
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
