"""`python -m govsite.stack.alive NAME`: exit 0 while the process of that name says that it lives, else 1."""

from __future__ import annotations

import sys

import redis

from govsite import settings
from streams.client import connect
from streams.telemetry import lives


def trouble(name: str) -> str | None:
    """Why the process is not taken for alive; None where it is."""
    try:
        with connect(settings.REDIS_URL) as connection:
            heard = lives(connection, name, settings.PARTITIONS)
    except redis.RedisError as error:
        return f"Redis does not answer: {error}"
    return None if heard else f"nothing was heard of {name} for 5 s"


if __name__ == "__main__":
    sys.exit(trouble(sys.argv[1]))
