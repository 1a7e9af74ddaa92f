"""What browsers are told of market, rounds and machine; what they may say."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from govsite.live.requests import Allowance, BadRequest, groups, parse
from govsite.live.rounds import KEPT, Rounds
from govsite.live.status import Heard, StreamState
from govsite.live.tail import PUBLIC
from govsite.live.ticker import Ticker
from streams.events import AGGREGATES
from streams.messages import DeliberationResolved, MassCounted, ProposalAnnounced, Quote, Trade

NOW = 1_700_000_000_000


def trade(price: str, *, at: int = NOW, symbol: str = "BTCUSDT") -> Trade:
    return Trade(
        instrument=symbol, market_at=at * 1_000_000, received_at=at * 1_000_000, trade_id=at, price=Decimal(price),
        quantity=Decimal(1), aggressor="buy", source="replay",
    )  # fmt: skip


def quote(bid: str, ask: str, *, at: int = NOW) -> Quote:
    return Quote(
        instrument="BTCUSDT", market_at=at * 1_000_000, received_at=at * 1_000_000, update_id=at, bid=Decimal(bid),
        bid_size=Decimal(1), ask=Decimal(ask), ask_size=Decimal(1), source="replay",
    )  # fmt: skip


def announced(key: str, proposal: str = "p") -> ProposalAnnounced:
    return ProposalAnnounced(
        deliberation_id=key, proposal_id=proposal, author="rule", track="TRADE", action="trade", instrument="BTCUSDT",
        target=Decimal("0.1"), held=Decimal(0), price=Decimal(1), spread=Decimal(0), equity=Decimal(1), joins_until=1,
        deadline=2,
    )  # fmt: skip


def test_the_ticker_tells_only_what_moved() -> None:
    ticker = Ticker()
    ticker.take([trade("100"), quote("99", "101"), trade("7", symbol="ETHUSDT")], NOW)
    told = ticker.changed(NOW)
    assert (told["BTCUSDT"]["last"], told["BTCUSDT"]["bid"], told["BTCUSDT"]["mark"]) == ("100", "99", "100")
    assert set(told) == {"BTCUSDT", "ETHUSDT"}
    ticker.take([trade("8", at=NOW + 1, symbol="ETHUSDT")], NOW + 1)
    assert list(ticker.changed(NOW + 1)) == ["ETHUSDT"]
    assert ticker.changed(NOW + 2) == {}
    assert ticker.source == "replay"


def test_a_sample_stands_for_the_ticks_that_were_not_read() -> None:
    ticker = Ticker()
    ticker.take([trade("100")] * 400, NOW, stand_for=10.0)
    assert ticker.changed(NOW)["BTCUSDT"]["rate"] == 2000.0
    ticker.take([trade("100", at=NOW + 5000)], NOW + 5000)
    assert ticker.changed(NOW + 5000)["BTCUSDT"]["rate"] == 0.5


def test_silent_instruments_are_stale_and_keep_their_price() -> None:
    ticker = Ticker()
    ticker.take([trade("100")], NOW)
    assert ticker.stale(NOW + 4000) == frozenset()
    assert ticker.stale(NOW + 6000) == {"BTCUSDT"}
    assert ticker.marks() == {"BTCUSDT": Decimal(100)}


def test_who_comes_late_is_told_how_long_an_instrument_has_been_silent() -> None:
    ticker = Ticker()
    ticker.take([trade("100")], NOW - 60_000, stand_for=0.0)
    ticker.take([trade("7", symbol="ETHUSDT")], NOW)
    assert {name: tick["age_ms"] for name, tick in ticker.everything(NOW + 10).items()} == {
        "BTCUSDT": 60_010,
        "ETHUSDT": 10,
    }


def test_who_comes_late_gets_a_line_of_the_past() -> None:
    ticker = Ticker()
    for second in range(200):
        at = NOW + 1000 * second
        ticker.take([trade(str(100 + second), at=at)], at)
        ticker.changed(at)
    history = ticker.everything(NOW + 200_000)["BTCUSDT"]["history"]
    assert len(history) == 90
    assert history[-2] == [NOW + 199_000, 299.0]


def test_a_round_shows_how_much_has_voted_and_never_how() -> None:
    rounds = Rounds()
    rounds.take(announced("d"))
    rounds.take(MassCounted(deliberation_id="d", voted_ppm={"p": 333_332}, total_ppm=999_996))
    (told,) = rounds.changed()
    assert (told["total_ppm"], told["proposals"][0]["voted_ppm"], told["outcome"]) == (999_996, 333_332, "")
    assert not {"stance", "yes_ppm", "no_ppm", "probability"} & set(told["proposals"][0])
    assert rounds.changed() == []
    rounds.take(DeliberationResolved(deliberation_id="d", outcome="granted", position=7))
    assert rounds.changed()[0]["outcome"] == "granted"


def test_only_the_last_rounds_are_kept() -> None:
    rounds = Rounds()
    for number in range(50):
        rounds.take(announced(f"d{number}"))
    assert [told["deliberation_id"] for told in rounds.changed()] == [f"d{number}" for number in range(50 - KEPT, 50)]


def report(name: str, positions: dict[str, str], latency: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "process": name, "pid": 1, "state": "running", "at": NOW * 1_000_000, "rss_mb": 1.0, "gauges": {},
        "counters": {}, "positions": positions, "latency": latency or {},
    }  # fmt: skip


def test_lag_is_in_events_of_the_ledger_and_in_ms_of_other_streams() -> None:
    heard = Heard()
    positions = {"ledger.governance": "90-0", "market.ticks": f"{NOW - 250}-3", "elsewhere": "1-0"}
    heard.take({"executor": report("executor", positions)})
    streams = [StreamState("ledger.governance", 10, "100-0"), StreamState("market.ticks", 10, f"{NOW}-0")]
    (executor,) = [process for process in heard.processes(streams) if process["name"] == "executor"]
    assert executor["behind"] == {
        "ledger.governance": {"amount": 10, "unit": "events"},
        "market.ticks": {"amount": 250, "unit": "ms"},
    }


def test_a_process_that_fell_silent_stays_with_its_last_word() -> None:
    heard = Heard()
    heard.take({"feed": report("feed", {}, {"ingest": {"p50_ms": 0.2}})})
    heard.take({})
    states = {process["name"]: (process["state"], process["at"]) for process in heard.processes([])}
    assert states["feed"] == ("running", NOW)
    assert states["governor"] == ("unheard", None)
    assert heard.latency() == {"ingest": {"p50_ms": 0.2}}


def test_the_age_of_a_stream_is_that_of_its_last_entry() -> None:
    assert StreamState("market.ticks", 1, f"{NOW}-0").age_ms(NOW + 5) == 5
    assert StreamState("market.ticks", 0, "0-0").age_ms(NOW) is None
    assert StreamState("ledger.execution", 1, "12-0").age_ms(NOW) is None


def test_topics_are_channel_groups() -> None:
    assert groups(["deliberations", "ticks:BTCUSDT"], "") == {"ledger", "rounds", "ticks.BTCUSDT"}
    assert groups(["executions", "ticks", "status"], "") == {"ledger", "ticks", "status"}
    one, other = groups(["deliberations", "status"], "demo"), groups(["deliberations", "status"], "desk/2")
    assert one & other == {"ledger"}
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,99}", group) for group in one | other)


def test_either_a_subscription_or_what_was_seen() -> None:
    assert parse('{"subscribe": ["status"], "after": {"execution": 3}}').after == {"execution": 3}
    assert parse('{"seen": 8}').seen == 8
    for wrong in ('{"subscribe": ["status"], "seen": 1}', '{"subscribe": []}', '{"after": {"other": 1}}', "[]", None):
        with pytest.raises(BadRequest):
            parse(wrong)


def test_messages_are_rationed_and_the_ration_grows_back() -> None:
    allowance = Allowance(0.0)
    assert [allowance.take(0.0) for _ in range(41)] == [True] * 40 + [False]
    assert allowance.take(1.0)


def test_what_is_public_are_events_that_there_are() -> None:
    assert {event.__name__ for types in AGGREGATES.values() for event in types} >= PUBLIC


def test_deep_nesting_is_refused() -> None:
    for nested in ('{"after":' + "[" * 3000, "[" * 4000, '{"x":' + "[" * 3000 + "]" * 1000):
        with pytest.raises(BadRequest):
            parse(nested)
