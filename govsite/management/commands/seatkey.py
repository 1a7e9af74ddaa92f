"""`manage.py seatkey`: the Ed25519 key of a seat that another party holds; made where that party runs its agent."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand, CommandError

from governance.domain.changes import SEAT_NAME
from streams.signing import SEATS, NoKey, private_key, public_half

EPILOG = f"""\
The private half stays in DIR/AGENT.pem, for its owner's eyes only: who has it speaks as that seat. The public half is
printed; two operators give it to the seat (its page in the admin, or `manage.py govern seat key AGENT --public HEX`).
`manage.py runagents` signs with it where {SEATS}=DIR.

examples:
  manage.py seatkey desk-7 --dir keys     make the key, or print the public half of the one that is there
"""


class Command(BaseCommand):
    requires_system_checks = []
    help = "Makes the key of a seat that another party holds, and prints its public half."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("agent", help="the seat's name")
        parser.add_argument("--dir", type=Path, required=True, help="where private keys are kept")

    def handle(self, *args: Any, **options: Any) -> None:
        if not SEAT_NAME.fullmatch(options["agent"]):
            raise CommandError("agent: a name is of letters, digits, dots, dashes and underscores.")
        path: Path = options["dir"] / f"{options['agent']}.pem"
        try:
            if not path.exists():
                _make(path)
            self.stdout.write(public_half(private_key(path)))
        except (OSError, NoKey) as error:
            raise CommandError(str(error)) from error


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
