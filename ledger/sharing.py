"""How processes share the partitions of a log among themselves: pure, each decides for itself from what all can see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct


class Move(Struct, frozen=True):
    """One partition to claim, or to give up."""

    kind: Literal["claim", "give up"]
    partition: int


def next_move(me: str, held: Mapping[str, Collection[int]], free: Collection[int]) -> Move | None:
    """What `me` should do now. `held` has what every process that lives holds, nothing included, me among them; `free`
    are the partitions whose lease has run out.

    Who holds fewest claims what is free. Where nothing is free, and one holds at least two more than another, the one
    that holds most gives one up (of several the last by name), which the one that holds fewest then claims. So all
    end within one of each other, and nobody moves any more."""
    mine, fewest = held[me], min(map(len, held.values()))
    if free:
        return Move("claim", min(free)) if len(mine) == fewest else None
    most = max((len(partitions), name) for name, partitions in held.items())
    if most == (len(mine), me) and len(mine) - fewest >= 2:
        return Move("give up", max(mine))
    return None
