"""Passwords of the accounts: given one by one, or derived from a key that only the one-command stack holds."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from govsite.accounts.table import ACCOUNTS, variable

KEY = "access.key"


class Missing(Exception):
    """Not all passwords were given; the message names the variables."""


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """By account; {} where none is given, because then no accounts are wanted. Raises `Missing`."""
    found = {name: environment.get(variable(name), "") for name in ACCOUNTS}
    if not any(found.values()):
        return {}
    if missing := [variable(name) for name, password in found.items() if not password]:
        raise Missing(f"{', '.join(missing)} must be set too: the password of each process's account.")
    return found


def derived(key: str, name: str) -> str:
    """Letters and digits; who knows it learns nothing of the key or of another account's."""
    return hashlib.blake2b(name.encode(), key=key.encode(), digest_size=24).hexdigest()


def access_key(data_dir: Path) -> str:
    """The key that all passwords of a data directory are derived from; made once, for its owner's eyes only."""
    path = data_dir / KEY
    if not path.exists():
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        new.replace(path)
    return path.read_text()
