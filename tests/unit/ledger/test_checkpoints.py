"""Keys, statements of checkpoints and their copies on disk."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from ledger.checkpoint_copies import append, encode, last_line, lines
from ledger.checkpoints import Checkpoint, as_json, from_json, statement
from ledger.signing import KEY_FILE, PRIVATE, PUBLIC, BadKey, Trusted, signing_key, trusted

ONE = Checkpoint(
    log="execution",
    partition=0,
    first=1,
    last=1000,
    head=b"h" * 32,
    root=b"r" * 32,
    previous=bytes(32),
    made_at=datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    key_id="0123456789abcdef",
    hash=b"x" * 32,
    signature=b"s" * 64,
)


def test_the_statement_is_the_published_one() -> None:
    assert statement(ONE).decode().splitlines() == [
        "governed-market checkpoint 1",
        "execution",
        "0",
        "1",
        "1000",
        "68" * 32,
        "72" * 32,
        "00" * 32,
        "2026-01-02T03:04:05.000006Z",
        "0123456789abcdef",
    ]


def test_json_and_back() -> None:
    assert from_json(as_json(ONE)) == ONE


def test_a_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    made, again = signing_key({}, tmp_path), signing_key({}, tmp_path)
    assert made.id == again.id
    assert (tmp_path / PRIVATE).stat().st_mode & 0o777 == 0o600
    assert trusted(tmp_path / PUBLIC).fault(made.id, made.sign(b"said"), b"said") == ""
    assert sorted(os.listdir(tmp_path)) == [PRIVATE, PUBLIC]


def test_the_environment_names_a_key_and_old_public_keys_stay(tmp_path: Path) -> None:
    first = signing_key({}, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    named = signing_key({}, other)
    key = signing_key({KEY_FILE: str(other / PRIVATE)}, tmp_path)
    assert key.id == named.id
    assert set(trusted(tmp_path / PUBLIC).keys) == {first.id, key.id}


def test_what_is_no_key_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="names /nowhere, which is no file"):
        signing_key({KEY_FILE: "/nowhere"}, tmp_path)
    path = tmp_path / "wrong.pem"
    path.write_text("no key")
    with pytest.raises(BadKey, match="holds no unencrypted private key"):
        signing_key({KEY_FILE: str(path)}, tmp_path)
    elliptic = generate_private_key(SECP256R1())
    path.write_bytes(
        elliptic.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    with pytest.raises(BadKey, match="another key than Ed25519"):
        signing_key({KEY_FILE: str(path)}, tmp_path)
    with pytest.raises(BadKey, match="there are no public keys"):
        trusted(tmp_path / "nothing.pub")


def test_a_signature_counts_only_for_what_was_signed_and_by_whom(tmp_path: Path) -> None:
    key = signing_key({}, tmp_path)
    keys = trusted(tmp_path / PUBLIC)
    assert "does not fit" in keys.fault(key.id, key.sign(b"said"), b"never said")
    assert "none of the public keys" in Trusted({}).fault(key.id, key.sign(b"said"), b"said")


def test_a_torn_line_is_cut_off_before_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "archive" / "copy.jsonl"
    assert last_line(path) is None
    append(path, [{"last": 1}])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"last": 2')
    assert last_line(path) == {"last": 1}
    append(path, [{"last": 2, "text": "x" * 10_000}, {"last": 3}])
    assert [sha256(line).digest() for line in lines(path)] == [
        sha256(encode(line)).digest() for line in ({"last": 1}, {"last": 2, "text": "x" * 10_000}, {"last": 3})
    ]
    assert last_line(path) == {"last": 3}


def test_a_file_with_nothing_but_a_torn_line_has_no_last_one(tmp_path: Path) -> None:
    path = tmp_path / "copy.jsonl"
    path.write_bytes(b'{"last"')
    assert last_line(path) is None
    append(path, [{"last": 1}])
    assert lines(path) == [encode({"last": 1})]
