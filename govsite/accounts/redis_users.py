"""The accounts as users of Redis, in the lines of its ACL files (Redis 7 or newer, Valkey)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from govsite.accounts.table import ACCOUNTS, OWNER, Account
from streams.client import DEAD_LETTERS, TICKS
from streams.telemetry import PROGRESS, SINCE

NOBODY = "user default off resetpass -@all"
BASE = "-@all +ping +hello +select +time +multi +exec +discard +client|setinfo +client|setname +client|id"
READ = "+xread +xrange +xrevrange +xlen +xinfo|stream"


def lines(secret_of: Mapping[str, str]) -> list[str]:
    """`secret_of` has a word for every account and the owner: `>password`, or `#` and its SHA-256."""
    users = [f"user {name} on {secret_of[name]} {' '.join(rules(name, account))}" for name, account in ACCOUNTS.items()]
    return [NOBODY, f"user {OWNER} on {secret_of[OWNER]} ~* &* +@all", *users]


def hashed(password: str) -> str:
    return "#" + sha256(password.encode()).hexdigest()


def rules(name: str, account: Account) -> list[str]:
    """What every process may, its streams, and the selectors that are its own."""
    found = [
        BASE,
        f"(+set +del +exists ~process:{name} ~process:{name}[-.:]*)",
        f"(+get %R~{SINCE})",
        _on("+xadd", "%W~", (*account.adds, DEAD_LETTERS)),
    ]
    if TICKS in account.reads:
        found.append(f"(+set +del %W~{PROGRESS}{name} %W~{PROGRESS}{name}[-.:]*)")
    if account.reads:
        found.append(_on(READ, "%R~", account.reads))
    return found + list(account.rules)


def _on(commands: str, key: str, streams: tuple[str, ...]) -> str:
    """A stream has the suffix of its partition where there are several."""
    return f"({commands} {' '.join(f'{key}{stream} {key}{stream}.*' for stream in streams)})"
