"""Verifies an export, or checkpoints and archived events, with the public key alone: no database, none of our code.

    python verify_offline.py --public-key checkpoint.pub export DIRECTORY
    python verify_offline.py --public-key checkpoint.pub log checkpoints-governance-0.jsonl governance-0/*.jsonl.gz

Needs Python 3.11 and the package `cryptography`. Exit code 1, and a line that says where, for whatever does not hold,
and for a file that is not there.
"""

import argparse
import base64
import errno
import gzip
import hashlib
import json
import re
import sys
import uuid
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

NAMESPACE = uuid.UUID("7d1c8d0e-4a53-5d0a-9b6f-0d7b5c3c2a11")  # event ids are UUIDv5 in it
HASHED = (
    *("log", "partition", "position", "event_id", "originator_id", "originator_version", "topic", "recorded_at"),
    *("correlation_id", "causation_id", "command_id", "actor", "book"),
)
STATED = ("log", "partition", "first", "last", "head", "root", "previous", "made_at", "key_id")
NOTHING = "00" * 32


class Fault(Exception):
    """What does not hold, and where."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- keys ---


def read_keys(path):
    """The Ed25519 keys of a PEM file by id: the first 16 hexadecimal digits of the sha256 of the raw key."""
    pems = re.findall(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", path.read_bytes(), re.DOTALL)
    keys = [load_pem_public_key(pem) for pem in pems]
    if not keys:
        raise Fault(f"{path} holds no public key in PEM")
    return {sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hex()[:16]: key for key in keys}


def check_signature(keys, key_id, signature, message, what):
    if key_id not in keys:
        raise Fault(f"{what} is signed by the key {key_id}, which is not yours")
    if not re.fullmatch("[0-9a-f]{128}", signature):
        raise Fault(f"{what}: the signature is not written as 128 lower case hexadecimal digits")
    try:
        keys[key_id].verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError) as error:
        raise Fault(f"{what}: the signature does not fit") from error


# --- rows: hash = sha256(prev_hash, the fields with 0x1F after each, state) ---


def read_rows(paths):
    for path in paths:
        with gzip.open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise Fault(f"{path}, line {number}: it is no JSON ({error})") from error


def check_row(row):
    place = f"{row['log']}, position {row['position']}"
    fields = "".join(f"{'' if row[name] is None else row[name]}\x1f" for name in HASHED)
    packed = row.get("state_base64", "")
    state = base64.b64decode(packed) if packed else row["state"].encode()
    if packed and base64.b64encode(state).decode() != packed:
        raise Fault(f"{place}: its state_base64 is not written as it was")
    if sha256(bytes.fromhex(row["prev_hash"]), fields.encode(), state).hex() != row["hash"]:
        raise Fault(f"{place}: its hash does not fit what it says")
    name = f"{row['log']}\x1f{row['partition']}\x1f{row['position']}"
    if row["event_id"] != str(uuid.uuid5(NAMESPACE, name)):
        raise Fault(f"{place}: its event id is not that of its place")


def check_link(row, before):
    """`before` is the row before it that is known, of the same log."""
    place = f"{row['log']}, position {row['position']}"
    if before and row["position"] <= before["position"]:
        raise Fault(f"{place}: it is not in order")
    if before and row["position"] == before["position"] + 1 and row["prev_hash"] != before["hash"]:
        raise Fault(f"{place}: it does not follow on the hash before it")
    if row["position"] == 1 and row["prev_hash"] != NOTHING:
        raise Fault(f"{place}: the first hash does not follow on nothing")


# --- checkpoints: signed statements, and RFC 6962 trees over the rows' hashes ---


def check_statement(keys, one):
    what = f"checkpoint {one['log']} {one['first']}-{one['last']}"
    lines = ("governed-market checkpoint 1", *(one[name] for name in STATED))
    statement = "".join(f"{line}\n" for line in lines).encode()
    if sha256(statement).hex() != one["hash"]:
        raise Fault(f"{what}: its hash does not fit what it says")
    check_signature(keys, one["key_id"], one["signature"], statement, what)


def tree_root(begin, size, known, nodes):
    """The root over `size` leaves from `begin`: `known` are hashes of rows by position, `nodes` the roots of the
    largest subtrees that hold none of them, from left to right."""
    if not any(position in known for position in range(begin, begin + size)):
        return bytes.fromhex(next(nodes))
    if size == 1:
        return sha256(b"\x00", bytes.fromhex(known[begin]))
    left = 1 << (size - 1).bit_length() - 1
    return sha256(b"\x01", tree_root(begin, left, known, nodes), tree_root(begin + left, size - left, known, nodes))


def check_root(one, known, nodes):
    what = f"checkpoint {one['log']} {one['first']}-{one['last']}"
    nodes = iter(nodes)
    try:
        root = tree_root(one["first"], one["last"] - one["first"] + 1, known, nodes)
    except StopIteration:
        raise Fault(f"{what}: rows or nodes of its tree are missing") from None
    if root.hex() != one["root"] or next(nodes, None) is not None:
        raise Fault(f"{what}: the rows do not give the root that was signed")
    if known.get(one["last"], one["head"]) != one["head"]:
        raise Fault(f"{what}: the hash of its last row is not the one that was signed")


# --- what can be verified ---


def verify_export(keys, directory):
    if not directory.is_dir():
        raise FileNotFoundError(errno.ENOENT, "an export is a directory", str(directory))
    text = (directory / "manifest.json").read_bytes().decode()
    manifest = json.loads(text)
    if text != json.dumps(manifest, indent=1, ensure_ascii=False) + "\n":
        raise Fault("manifest.json is not written as it was: its white space or its spelling was changed")
    told = {name: value for name, value in manifest.items() if name != "signature"}
    message = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    check_signature(keys, manifest["key_id"], manifest["signature"], message, "manifest.json")
    events = directory / manifest["events"]["file"]
    if hashlib.sha256(events.read_bytes()).hexdigest() != manifest["events"]["sha256"]:
        raise Fault(f"{events.name} does not have the checksum that was signed")
    before, known, count = {}, {}, 0
    for row in read_rows([events]):
        log = (row["log"], row["partition"])
        check_row(row)
        check_link(row, before.get(log))
        before[log] = row
        known.setdefault(log, {})[row["position"]] = row["hash"]
        count += 1
    if count != manifest["events"]["count"]:
        raise Fault(f"{events.name} holds {count} events, the manifest says {manifest['events']['count']}")
    covered = set()
    for one in manifest["checkpoints"]:
        log = (one["log"], one["partition"])
        check_statement(keys, one)
        check_root(one, known.get(log, {}), one["proof"])
        covered |= {(log, position) for position in known.get(log, {}) if one["first"] <= position <= one["last"]}
    return (
        f"{count:,} events: every hash and id fits; {len(covered):,} are proven by signed checkpoints, "
        f"{count - len(covered):,} by the signature of the manifest alone"
    )


def read_checkpoints(path):
    """One line of JSON each, written in one way only."""
    text = path.read_bytes().decode()
    signed = [json.loads(line) for line in text.splitlines()]
    if not signed:
        raise Fault(f"{path} holds no checkpoint")
    written = "".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) + "\n" for one in signed)
    if text != written or any(tuple(one) != (*STATED, "hash", "signature") for one in signed):
        raise Fault(f"{path} is not written as it was: its spelling was changed, or its end is missing")
    return signed


def check_seal(archive):
    """A file of a day that is over has a seal beside it with its checksum."""
    seal = archive.with_name(archive.name.removesuffix(".jsonl.gz") + ".json")
    if seal.exists() and json.loads(seal.read_bytes())["sha256"] != hashlib.sha256(archive.read_bytes()).hexdigest():
        raise Fault(f"{archive} does not have the checksum of its seal")


def verify_log(keys, checkpoints, archives):
    """The chain of the checkpoints, and, where archives are given, every row from the first on."""
    signed, last, previous = read_checkpoints(checkpoints), 0, NOTHING
    for archive in archives:
        check_seal(archive)
    for one in signed:
        check_statement(keys, one)
        if one["first"] != last + 1 or one["previous"] != previous:
            raise Fault(f"checkpoint {one['log']} {one['first']}-{one['last']} does not follow on the one before it")
        last, previous = one["last"], one["hash"]
    rows, waiting, known, before = 0, iter(signed), {}, None
    due = next(waiting, None)
    for row in read_rows(archives):
        check_row(row)
        check_link(row, before)
        if row["position"] != rows + 1:
            after = f"{row['position']} comes after {rows}: is a day's file missing, or are they out of order?"
            raise Fault(f"{row['log']}: position {rows + 1} is missing in the archive, {after}")
        if signed and (row["log"], row["partition"]) != (signed[0]["log"], signed[0]["partition"]):
            raise Fault(f"the archive is of {row['log']} {row['partition']}, the checkpoints are not")
        before, rows, known[row["position"]] = row, row["position"], row["hash"]
        if due and rows == due["last"]:
            check_root(due, known, ())
            due, known = next(waiting, None), {}
    if archives and due:
        raise Fault(f"the archive ends at position {rows}, the checkpoints go on to {last}")
    told = f"; {rows:,} archived events: every hash and id fits, and every root" if archives else ""
    return f"{len(signed):,} checkpoints to position {last:,}: every signature holds{told}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--public-key", type=Path, required=True, help="as you were given it, not as the export has it")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("export", help="a directory of `audit export`").add_argument("directory", type=Path)
    log = kinds.add_parser("log", help="checkpoints of one log, and its archive in order of days if you have it")
    log.add_argument("checkpoints", type=Path)
    log.add_argument("archives", type=Path, nargs="*")
    options = parser.parse_args()
    try:
        keys = read_keys(options.public_key)
        if options.kind == "export":
            told = verify_export(keys, options.directory)
        else:
            told = verify_log(keys, options.checkpoints, options.archives)
    except FileNotFoundError as error:
        sys.exit(f"CANNOT BE VERIFIED: there is no file {error.filename}")
    except (Fault, OSError, EOFError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"DOES NOT HOLD: {error if isinstance(error, Fault) else repr(error)}")
    sys.stdout.write(f"holds: {told}\n")


if __name__ == "__main__":
    main()
