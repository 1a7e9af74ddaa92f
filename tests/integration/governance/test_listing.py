"""Terms of what a live feed is asked for: built in, known from before, or asked of a venue that answers or not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from feeds.choosing import Wanted
from govsite import listing
from govsite.listing import Inquiry
from govsite.seed import known_instrument, listed_symbols
from market.domain.listing import Listing
from market.listings import store

DOGE = {
    "symbol": "DOGEUSDT",
    "status": "TRADING",
    "baseAsset": "DOGE",
    "quoteAsset": "USDT",
    "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.00001000"},
        {"filterType": "LOT_SIZE", "stepSize": "1.00000000"},
        {"filterType": "NOTIONAL", "minNotional": "1.00000000"},
    ],
}


class Exchange:
    """Answers `exchangeInfo` and `depth` over HTTP; `asked` are the paths."""

    def __init__(self) -> None:
        self.instruments = [DOGE]
        self.asked: list[str] = []
        self.slow = threading.Event()
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                exchange.asked.append(self.path)
                if exchange.slow.is_set():
                    self.rfile.read()  # until the other side hangs up
                    return
                content = json.dumps(exchange.answer(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> Any:
        url = urlsplit(path)
        if url.path.endswith("/exchangeInfo"):
            return {"symbols": self.instruments}
        assert url.path.endswith("/depth")
        assert parse_qs(url.query)["symbol"] == ["DOGEUSDT"]
        return {"lastUpdateId": 9, "bids": [["0.09999", "700"]], "asks": [["0.10001", "900"]]}


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange()
    thread = threading.Thread(target=exchange.server.serve_forever, args=(0.01,))
    thread.start()
    yield exchange
    exchange.server.shutdown()
    thread.join()
    exchange.server.server_close()


def ask(url: str, venue: str, *symbols: str, rest: str = "http://127.0.0.1:1", **more: Any) -> Inquiry:
    inquiry = Inquiry(url, rest_urls=[rest], **more)
    inquiry.ask([Wanted(venue)], symbols)
    return inquiry


def test_what_is_built_in_is_asked_of_nobody(ledger_url: str) -> None:
    inquiry = ask(ledger_url, "binance", "BTCUSDT", "ETHUSDT")
    assert inquiry.terms == {symbol: known_instrument(symbol) for symbol in ("BTCUSDT", "ETHUSDT")}
    assert inquiry.warnings == []


def test_other_instruments_trade_as_their_venue_says_with_limits_by_value(ledger_url: str, exchange: Exchange) -> None:
    inquiry = ask(ledger_url, "binance", "BTCUSDT", "DOGEUSDT", rest=exchange.url)
    doge = inquiry.terms["DOGEUSDT"]
    assert (str(doge.tick_size), str(doge.lot_size), str(doge.min_notional)) == ("0.00001", "1", "1")
    assert (doge.max_order_volume, doge.max_position, doge.min_position) == (200_000, 400_000, 0)
    assert inquiry.warnings == []
    assert {urlsplit(path).path for path in exchange.asked} == {"/api/v3/exchangeInfo", "/api/v3/depth"}


def test_futures_are_asked_for_even_where_spot_is_built_in(ledger_url: str, exchange: Exchange) -> None:
    inquiry = ask(ledger_url, "binance-usdm", "BTCUSDT", rest=exchange.url)
    assert urlsplit(exchange.asked[0]).path == "/fapi/v1/exchangeInfo"
    assert inquiry.terms == {"BTCUSDT": known_instrument("BTCUSDT")}
    assert inquiry.warnings == ["BTCUSDT: taken with the terms of binance"]


def test_what_is_listed_already_is_not_asked_for(ledger_url: str, exchange: Exchange) -> None:
    inquiry = ask(ledger_url, "binance", "DOGEUSDT", rest=exchange.url, listed={"DOGEUSDT"})
    assert (inquiry.terms, inquiry.warnings, exchange.asked) == ({}, [], [])


def test_what_an_earlier_feed_has_found_is_good_enough(ledger_url: str) -> None:
    known = Listing(
        symbol="DOGEUSDT", venue="binance", tick_size=Decimal("0.0001"), lot_size=Decimal(10), status="TRADING", at=1
    )
    with psycopg.connect(ledger_url) as connection:
        store(connection, [known])
        _write_price(connection, "DOGEUSDT", "0.25")
    inquiry = ask(ledger_url, "binance", "DOGEUSDT")
    doge = inquiry.terms["DOGEUSDT"]
    assert (str(doge.tick_size), str(doge.lot_size), doge.min_notional) == ("0.0001", "10", 5)
    assert (doge.max_order_volume, doge.max_position) == (80_000, 160_000)


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"status": "BREAK"}, "DOGEUSDT: binance says BREAK, it cannot be traded until it is"),
        ({"filters": []}, "DOGEUSDT: binance does not say in which steps it trades"),
        ({"symbol": "CATUSDT"}, "DOGEUSDT is not known to be listed on binance: it cannot be traded until it is"),
    ],
)
def test_what_cannot_be_traded_is_warned_of(
    ledger_url: str, exchange: Exchange, change: dict[str, Any], warning: str
) -> None:
    exchange.instruments = [{**DOGE, **change}]
    inquiry = ask(ledger_url, "binance", "DOGEUSDT", rest=exchange.url)
    assert (inquiry.terms, inquiry.warnings) == ({}, [warning])


def test_a_venue_that_is_not_there_keeps_nobody_from_the_rest(ledger_url: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
        inquiry = ask(ledger_url, "binance", "ETHUSDT", "DOGEUSDT", rest=nobody)
    assert list(inquiry.terms) == ["ETHUSDT"]
    silent, unknown = inquiry.warnings
    assert silent.startswith("binance did not say what it lists: ")
    assert unknown == "DOGEUSDT is not known to be listed on binance: it cannot be traded until it is"


def test_a_venue_that_does_not_answer_is_not_waited_for_long(
    ledger_url: str, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ASKED_S", 0.2)
    exchange.slow.set()
    inquiry = ask(ledger_url, "binance", "DOGEUSDT", rest=exchange.url)
    assert inquiry.terms == {}
    assert inquiry.warnings[0].startswith("binance did not say what it lists: ")


def test_shares_are_traded_one_by_one_with_limits_by_their_last_price(ledger_url: str) -> None:
    with psycopg.connect(ledger_url) as connection:
        _write_price(connection, "SPY", "400")
    inquiry = ask(ledger_url, "alpaca-iex", "SPY", "AAPL")
    spy, apple = inquiry.terms["SPY"], inquiry.terms["AAPL"]
    assert (str(spy.tick_size), spy.lot_size, spy.min_notional) == ("0.01", 1, 1)
    assert (spy.max_order_volume, spy.max_position) == (50, 100)
    assert (apple.max_order_volume, apple.max_position) == (40, 80)
    assert inquiry.warnings == ["AAPL: no price is known yet; its limits are those of a share that costs 500"]


def test_the_command_lists_them(ledger_url: str, exchange: Exchange, settings: Settings) -> None:
    settings.DATABASE_URL = ledger_url
    out, errors = StringIO(), StringIO()
    venues = ("--venue", "binance:DOGEUSDT,CATUSDT", "alpaca-sip:SPY", "--rest", exchange.url)
    call_command("seed", *venues, stdout=out, stderr=errors)
    assert json.loads(out.getvalue())["new"] == ["demo", "BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT", "SPY"]
    assert listed_symbols(ledger_url) == {"BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGEUSDT", "SPY"}
    assert "CATUSDT is not known to be listed on binance" in errors.getvalue()

    again = StringIO()
    call_command("seed", "--symbols", "DOGEUSDT", "--rest", "http://127.0.0.1:1", stdout=again)
    assert json.loads(again.getvalue())["new"] == []


def test_an_unknown_venue_is_refused() -> None:
    with pytest.raises(CommandError, match="no venue"):
        call_command("seed", "--venue", "nowhere:ABC")


def _write_price(connection: psycopg.Connection, instrument: str, price: str) -> None:
    connection.execute(
        "INSERT INTO price_run (instrument, first_at, last_at, price, spread, source) VALUES (%s, 1, 2, %s, 0, 'live')",
        (instrument, price),
    )


def test_preparing_a_stack_lists_them_too(ledger_url: str, tmp_path: Path) -> None:
    venues = ("--venue", "binance:BTCUSDT", "alpaca-iex:SPY", "--rest", "http://127.0.0.1:1")
    subprocess.run(
        [sys.executable, "manage.py", "stack", "prepare", *venues, "--data-dir", str(tmp_path)],
        env={**os.environ, "DATABASE_URL": ledger_url},
        cwd=Path(__file__).resolve().parents[3],
        check=True,
        timeout=60,
    )
    assert listed_symbols(ledger_url) == {"BTCUSDT", "ETHUSDT", "SOLUSDT", "SPY"}
