"""`audit checkpoint`: signs what has no checkpoint yet, and shows the checkpoints that there are."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import IO, Any

import msgspec
import psycopg
from django.conf import settings
from django.core.management import CommandError

from ledger.checkpoints import as_json, last_of, read, sign_due
from ledger.errors import LedgerError
from ledger.signing import KEY_FILE, PRIVATE, PUBLIC, SigningKey, signing_key
from ledger.verifying import head_and_end, heads, log_name

EXAMPLES = """
  python manage.py audit checkpoint                             sign what is due now, as the worker does by itself
  python manage.py audit checkpoint --list                      one JSON line a checkpoint
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", action="store_true", help="show the checkpoints, sign nothing")
    every = settings.CHECKPOINT_EVERY
    parser.add_argument("--every", type=_count, default=every, metavar="N", help=f"rows of one (default: {every})")


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run(connection: psycopg.Connection[Any], options: dict[str, Any], out: IO[str]) -> bool:
    """False where a log could not be signed, because it does not hold."""
    if options["list"]:
        for log, partition, _, _ in heads(connection):
            for one in read(connection, log, partition):
                out.write(msgspec.json.encode(as_json(one)).decode() + "\n")
        return True
    key = configured_key()
    try:
        signed = sign_due(connection, key, options["every"], archive_directory())
    except LedgerError as error:
        out.write(f"not signed: {error}\n")
        return False
    for log, partition, _, _ in heads(connection):
        last, position = last_of(connection, log, partition), head_and_end(connection, log, partition)[1]
        out.write(f"{log_name(log, partition)}: signed to position {last.last if last else 0:,} of {position:,}\n")
    out.write(f"{signed:,} new checkpoints; the public key is in {public_key_file()}\n")
    return True


def configured_key() -> SigningKey:
    try:
        return signing_key(os.environ, settings.DATA_DIR)
    except (LedgerError, OSError) as error:
        raise CommandError(f"no key to sign with: {error}") from error


def has_key() -> bool:
    """Whether there is a key already, or one is named."""
    return bool(os.environ.get(KEY_FILE)) or (Path(settings.DATA_DIR) / PRIVATE).exists()


def archive_directory() -> Path:
    return Path(settings.ARCHIVE_DIR)


def public_key_file() -> Path:
    return Path(settings.DATA_DIR) / PUBLIC
