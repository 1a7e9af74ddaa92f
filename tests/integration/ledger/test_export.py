"""Exports: signed, and verified by the script that knows nothing but the public key."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from govsite.auditing import export as command
from ledger import export as exporting
from ledger.audit import Question
from ledger.checkpoint_copies import copy_path
from ledger.checkpoints import sign_due
from ledger.export import EVENTS, MANIFEST, NotEmpty, canonical, export
from ledger.signing import PUBLIC, SigningKey, signing_key
from streams.events import aggregate_id
from tests.integration.ledger.signed import EVERY, HASH, Connection, archived, commit, connected, forge

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "verify_offline.py"


@pytest.fixture
def connection(ledger_url: str) -> Iterator[Connection]:
    commit(ledger_url, 36)
    with connected(ledger_url) as connection:
        yield connection


@pytest.fixture
def key(connection: Connection, tmp_path: Path) -> SigningKey:
    made = signing_key({}, tmp_path)
    sign_due(connection, made, EVERY, tmp_path / "archive")
    return made


def offline(tmp_path: Path, *arguments: Any) -> tuple[int, str]:
    """Elsewhere: an empty directory, no path to our packages."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), "--public-key", str(tmp_path / PUBLIC), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def lines(directory: Path) -> list[dict[str, Any]]:
    with gzip.open(directory / EVENTS, "rb") as file:
        return [json.loads(line) for line in file]


def test_everything_is_exported_and_proven(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    manifest = export(connection, Question(), tmp_path / "out", key)
    assert manifest == json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert [line["position"] for line in lines(tmp_path / "out")] == list(range(1, 37))
    assert manifest["events"]["count"] == 36
    assert manifest["events"]["by_event"] == {"Order.OrderCancelled": 36}
    assert [one["proof"] for one in manifest["checkpoints"]] == [[], [], []]
    told = "36 events: every hash and id fits; 30 are proven by signed checkpoints, 6 by the signature of the manifest"
    assert offline(tmp_path, "export", tmp_path / "out") == (0, f"holds: {told} alone\n")


def test_a_part_is_proven_without_the_rest(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    order = str(aggregate_id("Order", "order-13"))
    manifest = export(connection, Question(aggregate=order), tmp_path / "out", key)
    assert manifest["conditions"] == {"aggregate": order}
    (checkpoint,) = manifest["checkpoints"]
    assert (checkpoint["first"], len(checkpoint["proof"])) == (11, 4)
    code, told = offline(tmp_path, "export", tmp_path / "out")
    assert (code, told[:18]) == (0, "holds: 1 events: e")


def test_another_export_is_not_written_over(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    export(connection, Question(limit=1), tmp_path / "out", key)
    with pytest.raises(NotEmpty, match="export to another directory"):
        export(connection, Question(limit=1), tmp_path / "out", key)


def rewrite(directory: Path, key: SigningKey | None = None, **changes: str) -> None:
    """Changes the first event; with a key, signs that as well as a forger can who holds it."""
    found = lines(directory)
    found[0] |= changes
    packed = gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in found))
    (directory / EVENTS).write_bytes(packed)
    if key is not None:
        manifest = json.loads((directory / MANIFEST).read_text())
        manifest["events"]["sha256"] = hashlib.sha256(packed).hexdigest()
        manifest["signature"] = key.sign(canonical(manifest)).hex()
        (directory / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def test_what_was_changed_in_an_export_is_found(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(connection, Question(), out, key)
    rewrite(out, actor="somebody")
    assert "events.jsonl.gz does not have the checksum" in offline(tmp_path, "export", out)[1]
    rewrite(out, key, actor="somebody")
    code, told = offline(tmp_path, "export", out)
    assert (code, told) == (1, "DOES NOT HOLD: execution, position 1: its hash does not fit what it says\n")


def test_a_forged_row_does_not_have_the_signed_root(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    hash_ = HASH.format(event_id="event_id", actor="'forged'")
    forge(connection, f"UPDATE event_log SET actor = 'forged', hash = {hash_} WHERE position = 13")
    order = str(aggregate_id("Order", "order-13"))
    export(connection, Question(aggregate=order), tmp_path / "out", key)
    told = "DOES NOT HOLD: checkpoint execution 11-20: the rows do not give the root that was signed\n"
    assert offline(tmp_path, "export", tmp_path / "out") == (1, told)


@pytest.mark.parametrize("field", ["made_at", "conditions", "heads", "key_id", "signature"])
def test_a_changed_manifest_is_found(connection: Connection, key: SigningKey, tmp_path: Path, field: str) -> None:
    out = tmp_path / "out"
    manifest = export(connection, Question(limit=2), out, key)
    manifest[field] = "00"
    (out / MANIFEST).write_text(json.dumps(manifest))
    code, told = offline(tmp_path, "export", out)
    assert code == 1
    assert "manifest.json" in told


def test_another_key_is_not_believed(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    export(connection, Question(), tmp_path / "out", signing_key({}, tmp_path / "other"))
    assert "which is not yours" in offline(tmp_path, "export", tmp_path / "out")[1]


def test_checkpoints_and_archive_are_verified_without_the_database(
    connection: Connection, key: SigningKey, tmp_path: Path
) -> None:
    archive = archived(connection, tmp_path / "archive")
    copy = copy_path(tmp_path / "archive", "execution", 0)
    told = "holds: 3 checkpoints to position 30: every signature holds"
    assert offline(tmp_path, "log", copy) == (0, f"{told}\n")
    rows = "36 archived events: every hash and id fits, and every root"
    assert offline(tmp_path, "log", copy, archive) == (0, f"{told}; {rows}\n")
    content = copy.read_text()
    copy.write_text(content.replace('"first":11', '"first":12'))
    assert "checkpoint execution 12-20: its hash does not fit" in offline(tmp_path, "log", copy)[1]
    copy.write_text("".join(content.splitlines(keepends=True)[::2]))
    assert "checkpoint execution 21-30 does not follow" in offline(tmp_path, "log", copy)[1]


def test_the_command_says_how_to_verify(connection: Connection, key: SigningKey, tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    options = vars(parser.parse_args(["--to", str(tmp_path / "out"), "--log", "execution", "--after", "30"]))
    out = StringIO()
    assert command.run(connection, options, out)
    assert out.getvalue().splitlines()[0] == f"6 events in {tmp_path / 'out' / EVENTS}"
    assert f"--public-key {tmp_path / PUBLIC} export {tmp_path / 'out'}" in out.getvalue()
    assert offline(tmp_path, "export", tmp_path / "out")[0] == 0


def test_bytes_that_say_the_same_otherwise_are_found(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    export(connection, Question(), tmp_path / "out", key)
    manifest = tmp_path / "out" / "manifest.json"
    told = manifest.read_text()
    signature = json.loads(told)["signature"]
    for changed in (told + " ", told.replace(": ", ":  ", 1), told.replace(signature, signature.upper())):
        manifest.write_text(changed)
        assert offline(tmp_path, "export", tmp_path / "out")[0] == 1
    manifest.write_text(told)
    assert offline(tmp_path, "export", tmp_path / "out")[0] == 0


def test_a_copy_of_checkpoints_is_whole_to_its_last_byte(
    connection: Connection, key: SigningKey, tmp_path: Path
) -> None:
    sign_due(connection, key, EVERY, tmp_path)
    path = copy_path(tmp_path, "execution", 0)
    whole = path.read_bytes()
    for changed in (whole[:-1], b""):
        path.write_bytes(changed)
        assert offline(tmp_path, "log", path)[0] == 1


def test_the_first_byte_of_an_archived_day_counts(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    """What gzip passes over is guarded by the seal."""
    sign_due(connection, key, EVERY, tmp_path)
    day = archived(connection, tmp_path)
    path = copy_path(tmp_path, "execution", 0)
    seal = day.with_name(day.name.removesuffix(".jsonl.gz") + ".json")
    seal.write_text(json.dumps({"sha256": hashlib.sha256(day.read_bytes()).hexdigest()}))
    assert offline(tmp_path, "log", path, day)[0] == 0
    day.chmod(0o644)
    whole = bytearray(day.read_bytes())
    whole[9] ^= 1  # the operating system that packed it
    day.write_bytes(whole)
    assert offline(tmp_path, "log", path, day)[0] == 1


def test_an_export_that_failed_can_be_tried_again(
    connection: Connection, key: SigningKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(exporting, "line", _full)
        with pytest.raises(OSError, match="full"):
            export(connection, Question(), tmp_path / "out", key)
    export(connection, Question(), tmp_path / "out", key)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["events.jsonl.gz", "manifest.json"]


def _full(row: object) -> bytes:
    raise OSError("the disk is full")


@pytest.mark.parametrize("missing", ["checkpoints", "day", "directory", "events", "key", "manifest"])
def test_a_file_that_is_not_there_is_named(
    connection: Connection, key: SigningKey, tmp_path: Path, missing: str
) -> None:
    out, copy, day = tmp_path / "out", copy_path(tmp_path / "archive", "execution", 0), tmp_path / "2026-01-01.jsonl.gz"
    export(connection, Question(), out, key)
    asked: dict[str, tuple[Path, tuple[Any, ...]]] = {
        "checkpoints": (copy, ("log", copy)),
        "day": (day, ("log", copy, day)),
        "directory": (tmp_path / "other", ("export", tmp_path / "other")),
        "events": (out / EVENTS, ("export", out)),
        "key": (tmp_path / PUBLIC, ("export", out)),
        "manifest": (out / MANIFEST, ("export", out)),
    }
    path, arguments = asked[missing]
    path.unlink(missing_ok=True)
    assert offline(tmp_path, *arguments) == (1, f"CANNOT BE VERIFIED: there is no file {path}\n")
