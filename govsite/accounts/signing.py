"""The secrets with which publishers sign: given one by one, or derived from the key of the one-command stack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from govsite.accounts.passwords import KEY, access_key, derived
from streams.signing import PUBLISHERS, VARIABLES, variable

SIGNS: Mapping[str, tuple[str, ...]] = {
    "agents": ("agents",),
    "feed": ("feed",),
    "web": ("desk",),
    "worker": ("scorer",),
    "governor": PUBLISHERS,
}
"""Which secrets each process has; the governor has them to check what was signed."""
OF_A_STACK = "GOVSITE_STACK"


def by_process(data_dir: Path, environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What each process of a stack is given; "" for what is not its own. Secrets of the environment come first."""
    ours = {variable(one): environment.get(variable(one)) or _derived(data_dir, one) for one in PUBLISHERS}
    return {
        process: {name: ours[name] if name in map(variable, has) else "" for name in VARIABLES}
        for process, has in SIGNS.items()
    }


def take(data_dir: Path) -> None:
    """Commands by hand beside a stack sign as its desk does: they may read its data directory."""
    if OF_A_STACK not in os.environ and not any(name in os.environ for name in VARIABLES) and (data_dir / KEY).exists():
        os.environ.update({variable(one): _derived(data_dir, one) for one in PUBLISHERS})


def _derived(data_dir: Path, publisher: str) -> str:
    return derived(access_key(data_dir), f"signing {publisher}")
