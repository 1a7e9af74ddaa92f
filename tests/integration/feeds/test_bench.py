"""The benchmark of the feeds: small runs of all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from feeds.intake import Intake
from govsite.bench import feeding, sockets
from govsite.bench.flood import chunked, framed
from govsite.bench.run import Unmeasured
from streams.messages import Trade
from tests.unit.feeds.frames import SPOT_QUOTE, SPOT_TRADE, combined, raw, trade

STAGES = {"floor_text", "floor_decimal", "decode", "intake", "decode_ratio", "intake_ratio"}


def test_a_small_run_has_all_figures_and_their_floors() -> None:
    report = feeding.measure([], frames=400, say=lambda _: None)
    assert set(report["speeds"]) == {"trades", "quotes", "depth", "mix"}
    for speeds in report["speeds"].values():
        assert set(speeds) == STAGES
        assert min(speeds.values()) > 0
    assert set(report["sockets"]) == set(report["latency"]) == {"picows", "websockets", "aiohttp"}
    for client in report["sockets"]:
        assert min(report["sockets"][client].values()) > 0
        assert 0 < report["latency"][client]["p50_us"] <= report["latency"][client]["p99_us"]


def test_the_command_prints_a_table_and_writes_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = tmp_path / "binance.jsonl"
    frames = [b"%d %s" % (1723161255343000000 + id, combined(SPOT_TRADE, t=id)) for id in range(200)]
    recording.write_bytes(b"\n".join(frames))
    figures = tmp_path / "figures.json"
    call_command("bench", "--feeds", "--frames", "200", "--path", str(recording), "--json", str(figures))
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("trades", "picows", "websockets", "aiohttp"))
    assert figures.read_text().startswith("{")


def test_a_recording_without_trades_cannot_be_measured(tmp_path: Path) -> None:
    recording = tmp_path / "quotes.jsonl"
    recording.write_bytes(b"1723161255343000000 %s\n" % raw(SPOT_QUOTE))
    with pytest.raises(CommandError, match="no trades"):
        call_command("bench", "--feeds", "--path", str(recording))


def test_a_client_that_loses_frames_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lossy(url: str, take: sockets.Take) -> None:
        frames = iter(range(10**9))
        await sockets.with_picows(url, lambda frame: take(frame) if next(frames) % 7 else None)

    monkeypatch.setattr(sockets, "CLIENTS", {"lossy": lossy})
    with pytest.raises(Unmeasured, match="of 100 frames 85 arrived"):
        sockets.measure([trade(id) for id in range(100)], say=lambda _: None)


def test_the_made_market_is_sound_and_without_gaps() -> None:
    intake = Intake("live")
    for frame in feeding.made(2_000):
        intake.take(frame, 1, 1)
    counts = intake.counts
    assert (counts.ticks, counts.gaps, counts.duplicates, counts.refused.total()) == (2_000, 0, 0, 0)


def test_trades_are_continued_with_ids_of_their_own() -> None:
    intake = Intake("live")
    frames = feeding.successive([trade(7), trade(900, T=1723161255342)], 5)
    items = [item for frame in frames for item in intake.take(frame, 1, 1)]
    assert [item.trade_id for item in items if isinstance(item, Trade)] == [0, 1, 2, 3, 4]


def test_frames_are_cut_into_chunks_and_none_is_lost() -> None:
    payloads = [b"x" * size for size in (1, 125, 126, 65_535, 65_536, 3)]
    assert b"".join(chunked(payloads)) == b"".join(map(framed, payloads))
    assert [len(framed(payload)) - len(payload) for payload in payloads] == [2, 2, 4, 4, 10, 2]
