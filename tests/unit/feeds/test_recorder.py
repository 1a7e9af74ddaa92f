"""What came in is on the disk, byte for byte, whatever the disk and the process go through."""

from __future__ import annotations

import gzip
import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feeds.recorder
from feeds.intake import Counts, Item, RefusedFrame
from feeds.recorder import Recorder, newest
from feeds.recordings import Unreadable, read_ticks
from feeds.rerecording import heard, record
from streams.messages import Tick, Trade
from streams.stopping import Stop
from tests.servers import wait_until
from tests.unit.feeds.frames import depth, quote, trade

T0 = 1_723_161_255_000_000_000
SECOND = 1_000_000_000
ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def recording(directory: Path, **options: float) -> Iterator[Recorder]:
    recorder = Recorder(directory, **options)  # type: ignore[arg-type]
    try:
        yield recorder
    finally:
        recorder.close()


def written(directory: Path) -> dict[str, bytes]:
    return {path.name: gzip.decompress(path.read_bytes()) for path in sorted(directory.iterdir())}


def rerecorded(paths: list[Path], directory: Path) -> dict[str, bytes]:
    with recording(directory) as recorder:
        for _ in record(heard(paths), recorder, Stop()):
            pass
    return written(directory)


def content(items: list[Item]) -> list[object]:
    return [(type(item), item.raw) if isinstance(item, RefusedFrame) else item for item in items]


def test_frames_are_written_as_they_came(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        recorder.take("binance", T0, trade(1))
        recorder.take("binance", T0 + 1, b"torn\nframe")
        recorder.take("binance", T0 + 2, quote(7))
    assert written(tmp_path) == {
        "binance-20240808T235415Z.jsonl.gz": b'configuration: {"venue":"binance","started":%d}\n' % T0
        + b"%d %s\n" % (T0, trade(1))
        + b'%d {"unreadable":"dG9ybgpmcmFtZQ=="}\n' % (T0 + 1)
        + b"%d %s\n" % (T0 + 2, quote(7))
    }


def test_venues_have_files_of_their_own(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        recorder.take("binance", T0, trade(1))
        recorder.take("binance-usdm", T0, trade(9))
    assert [tick.venue for tick in read_ticks([tmp_path]) if isinstance(tick, Tick)] == ["binance", "binance-usdm"]


FRAMES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"{", b"[]", b"\xff", b'{"unreadable":"eA=="}', b'{"a":\n1}', b"1 {}", b"{}\r"]),
    st.builds(trade, st.integers(1, 30)),
    st.builds(quote, st.integers(1, 30)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(frames=st.lists(st.tuples(st.integers(0, 3 * SECOND), FRAMES), max_size=30))
def test_a_recording_of_a_recording_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, frames: list[tuple[int, bytes]]
) -> None:
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    with recording(one) as recorder:
        for later, frame in frames:
            recorder.take("binance", T0 + later, frame)
    if not frames:
        assert written(one) == {}
        return
    assert rerecorded([one], two) == written(one)
    assert [frame for _, _, frame in heard([one])] == [frame for _, frame in frames]
    assert content(list(read_ticks([two]))) == content(list(read_ticks([one])))


def test_files_end_by_time_and_by_size(tmp_path: Path) -> None:
    with recording(tmp_path / "time", longest_s=10) as recorder:
        for at in (0, 9, 10, 25):
            recorder.take("binance", T0 + at * SECOND, trade(at + 1))
    assert [name[:24] for name in written(tmp_path / "time")] == [
        "binance-20240808T235415Z",
        "binance-20240808T235425Z",
        "binance-20240808T235440Z",
    ]
    with recording(tmp_path / "size", largest_bytes=500) as recorder:
        for number in range(6):
            recorder.take("binance", T0, trade(number))
    contents = written(tmp_path / "size")
    assert len(contents) > 1
    counts = Counts()
    assert len(list(read_ticks([tmp_path / "size"], counts))) == 6
    assert counts.gaps == 0


def test_a_recording_that_goes_on_can_be_read_and_is_found(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        recorder.take("binance", T0, trade(1))
        wait_until(lambda: newest(tmp_path) != [], "the file")
        (path,) = newest(tmp_path)
        assert path.name.endswith(".jsonl.gz.part")
        tick, cut = read_ticks([path])
        assert isinstance(tick, Trade)
        assert isinstance(cut, RefusedFrame)
    (path,) = newest(tmp_path)
    assert path.name == "binance-20240808T235415Z.jsonl.gz"
    assert len(list(read_ticks([path]))) == 1


def test_the_newest_recordings_are_the_last_of_each_venue(tmp_path: Path) -> None:
    assert newest(tmp_path / "nowhere") == []
    with recording(tmp_path, longest_s=10) as recorder:
        for at in range(0, 50, 10):
            recorder.take("binance", T0 + at * SECOND, trade(at + 1))
        recorder.take("alpaca-iex", T0, b'[{"T":"success","msg":"connected"}]')
    (tmp_path / "binance-20990101T000000Z.jsonl.gz").write_bytes(b"")
    assert sorted(path.name for path in newest(tmp_path)) == [
        "alpaca-iex-20240808T235415Z.jsonl.gz",
        "binance-20240808T235445Z.jsonl.gz",
        "binance-20240808T235455Z.jsonl.gz",
    ]


WRITER = """
import sys
from pathlib import Path
from feeds.recorder import Recorder
from tests.unit.feeds.frames import trade
recorder = Recorder(Path(sys.argv[1]))
for number in range(5000):
    recorder.take("binance", {T0} + number, trade(number))
while recorder.waiting_bytes:
    pass
import time
time.sleep(1.5)
print("written", flush=True)
for number in range(5000, 10**9):
    recorder.take("binance", {T0} + number, trade(number))
    time.sleep(0.0001)
"""


def test_what_was_written_a_moment_ago_outlives_a_kill(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER.replace("{T0}", str(T0)), str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()
    ids = [item.trade_id for item in read_ticks([tmp_path]) if isinstance(item, Trade)]
    assert len(ids) >= 5000
    assert ids == list(range(len(ids)))


def test_a_file_can_be_read_up_to_any_cut(tmp_path: Path) -> None:
    with recording(tmp_path) as recorder:
        for number in range(300):
            recorder.take("binance", T0 + number, trade(number))
            if number % 100 == 99:
                wait_until(lambda: not recorder.waiting_bytes, "the disk")
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    before = -1
    for cut in range(0, len(whole), 97):
        part = tmp_path / "part"
        part.write_bytes(whole[:cut])
        try:
            ids = [item.trade_id for item in read_ticks([part]) if isinstance(item, Trade)]
        except Unreadable:
            ids = []
        assert ids == list(range(len(ids)))
        assert len(ids) >= before
        before = len(ids)
    assert before >= 200


@contextmanager
def full_disk(size: int) -> Iterator[Callable[[], None]]:
    """No file of this process can grow beyond `size` bytes until the given function is called."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def noise(number: int) -> bytes:
    return b'{"stream":"noise","data":"%s"}' % os.urandom(500).hex().encode()


def test_a_full_disk_is_said_once_and_got_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds.recorder, "RETRY_EVERY_S", 0.01)
    monkeypatch.setattr(feeds.recorder, "FLUSH_EVERY_S", 0.01)
    sent = [noise(number) for number in range(200)]
    with caplog.at_level(logging.WARNING, "feeds"), recording(tmp_path) as recorder, full_disk(20_000) as make_room:
        for number, frame in enumerate(sent):
            recorder.take("binance", T0 + number, frame)
        wait_until(lambda: recorder.trouble, "trouble")
        assert "recording_trouble" in recorder.figures
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 20_000
        make_room()
        wait_until(lambda: not recorder.trouble, "the end of trouble")
    assert [frame for _, _, frame in heard([tmp_path])] == sent
    assert [entry.levelname for entry in caplog.records] == ["ERROR", "WARNING"]


def test_what_the_disk_does_not_keep_up_with_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds.recorder, "RETRY_EVERY_S", 0.01)
    monkeypatch.setattr(feeds.recorder, "FLUSH_EVERY_S", 0.01)
    monkeypatch.setattr(feeds.recorder, "MOST_WAITING_BYTES", 50_000)
    sent = 0
    with recording(tmp_path) as recorder, full_disk(5_000) as make_room:
        while not recorder.missing:
            recorder.take("binance", T0 + sent, noise(sent))
            sent += 1
        make_room()
        wait_until(lambda: not recorder.trouble and not recorder.waiting_bytes, "the disk")
        recorder.take("binance", T0 + sent, trade(1))
    *before, missing, last = (frame for _, _, frame in heard([tmp_path]))
    assert (missing, last) == (recorder.missing, trade(1))
    assert len(before) + recorder.missing == sent
    (original,) = written(tmp_path).values()
    assert b'configuration: {"missing":1}\n' in original
    assert list(rerecorded([tmp_path], tmp_path / "again").values()) == [original]


def test_real_recordings_come_out_line_for_line(recordings: Path, tmp_path: Path) -> None:
    path = recordings / "binance-usdm-btcusdt-20240718.jsonl.gz"
    (copied,) = rerecorded([path], tmp_path).values()
    assert copied.partition(b"\n")[2] == gzip.decompress(path.read_bytes())
    assert list(read_ticks([tmp_path])) == list(read_ticks([path]))


def test_depth_and_snapshots_over_rest_are_kept(tmp_path: Path) -> None:
    answer = b'{"rest":"depth","symbol":"BTCUSDT","data":{"lastUpdateId":9,"bids":[["1","2"]],"asks":[["3","4"]]}}'
    with recording(tmp_path) as recorder:
        recorder.take("binance", T0, answer)
        recorder.take("binance", T0 + 1, depth(10, 12))
    assert [type(item).__name__ for item in read_ticks([tmp_path])] == ["BookSnapshot", "Depth"]
