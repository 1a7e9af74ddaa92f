"""Pauses, limits and the age of data, by a clock that the tests move."""

from __future__ import annotations

from random import Random

from feeds.binance.plan import BinancePlan
from feeds.binance.watch import Watch
from feeds.connecting import Allowance, Backoff


def test_pauses_double_up_to_a_cap_and_are_shortened_by_chance() -> None:
    backoff = Backoff(1.0, 30.0, Random(7))
    pauses = [backoff.next_pause() for _ in range(40)]
    for pause, whole in zip(pauses, [1, 2, 4, 8, 16] + [30] * 35, strict=True):
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) == 40
    backoff.reset()
    assert backoff.next_pause() <= 1.0
    again = Backoff(1.0, 30.0, Random(7))
    assert [again.next_pause() for _ in range(40)] == pauses


def test_an_allowance_is_kept_in_any_period() -> None:
    now = 0.0
    allowance = Allowance(3, 10.0, lambda: now)
    used = []
    for second in range(40):
        now = float(second)
        if not allowance.claim():
            used.append(second)
    assert used == [0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32]
    assert allowance.claim() == 1.0


def test_a_quiet_stream_is_named_twice_with_doubled_patience_and_forgotten_when_it_flows() -> None:
    watch = Watch(["a", "b"], quiet_s=60, longest_s=200)
    watch.begin(0.0)
    named = []
    for now in range(1, 1_000):
        watch.heard("b", float(now))
        quiet, again = watch.quiet(float(now))
        named += [(now, "quiet", *quiet)] if quiet else []
        named += [(now, "again", *again)] if again else []
    assert named == [
        (61, "quiet", "a"),
        (182, "again", "a"),
        (383, "again", "a"),
        (584, "again", "a"),
        (785, "again", "a"),
        (986, "again", "a"),
    ]
    watch.heard("a", 1_000.0)
    watch.heard("a", 1_001.0)
    assert watch.quiet(1_050.0) == ([], [])
    watch.heard("b", 1_062.0)
    assert watch.quiet(1_062.0) == (["a"], [])


def test_a_stream_that_flows_rarely_is_soon_left_alone() -> None:
    watch = Watch(["a"], quiet_s=60, longest_s=3_600)
    watch.begin(0.0)
    woken = 0
    for now in range(1, 7_200):
        if now % 70 == 0:
            watch.heard("a", float(now))
        woken += any(watch.quiet(float(now)))
    assert woken <= 2


def test_a_plan_knows_the_places_of_both_markets_and_what_a_custom_server_implies() -> None:
    spot, futures = BinancePlan(), BinancePlan(market="usdm")
    assert (spot.name, futures.name) == ("binance", "binance-usdm")
    assert spot.endpoints[0] == "wss://data-stream.binance.vision"
    assert spot.rest_endpoints == ("https://data-api.binance.vision", "https://api.binance.com")
    assert futures.rest_endpoints == ("https://fapi.binance.com",)
    local = BinancePlan(urls=("ws://127.0.0.1:9000/", "wss://example.org"))
    assert local.rest_endpoints == ("http://127.0.0.1:9000", "https://example.org")
    assert BinancePlan(urls=("ws://a",), rest_urls=("http://b",)).rest_endpoints == ("http://b",)


def test_streams_are_portioned_by_whole_instruments() -> None:
    symbols = tuple(f"S{number}" for number in range(700))
    portions = BinancePlan(symbols=symbols).streams()
    assert [len(portion) for portion in portions] == [1_023, 1_023, 54]
    assert portions[0][:3] == ("s0@trade", "s0@bookTicker", "s0@depth@100ms")
