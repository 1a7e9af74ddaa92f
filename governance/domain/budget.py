"""Which items fit into the budget: the most support for the money, exactly up to 16 items."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

EXACT_UP_TO = 16


class Item(Struct, frozen=True):
    """`cost` in quote cents rounded up, `value` in ppm; `hash` breaks ties."""

    hash: str
    cost: int
    value: int


class Choice(Struct, frozen=True):
    """The hashes of what fits; `greedy` where there were too many items to be exact."""

    chosen: frozenset[str]
    greedy: bool = False


class _Subset(Struct, frozen=True):
    value: int
    cost: int
    mask: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """More value, then less cost, then the smallest hashes (they are the highest bits)."""
        return self.value, -self.cost, self.mask


def choose(items: Sequence[Item], capacity: int) -> Choice:
    """What costs nothing is always taken. Ties: lower cost, then the smallest hashes."""
    free = frozenset(item.hash for item in items if item.cost <= 0)
    paid = sorted((item for item in items if item.cost > 0), key=lambda item: item.hash)
    if sum(item.cost for item in paid) <= capacity:
        return Choice(frozenset(item.hash for item in items))
    if len(paid) > EXACT_UP_TO:
        return Choice(free | _greedy(paid, capacity), greedy=True)
    return Choice(free | _exact(paid, capacity))


def _exact(items: list[Item], capacity: int) -> frozenset[str]:
    """Meet in the middle: every subset of one half with the best affordable subset of the other."""
    count = len(items)
    bits = [1 << (count - 1 - index) for index in range(count)]
    left = _subsets(items[: count // 2], bits[: count // 2])
    right = sorted(_subsets(items[count // 2 :], bits[count // 2 :]), key=lambda subset: subset.cost)
    costs = [subset.cost for subset in right]
    best_of = [right[0]]
    for subset in right[1:]:
        best_of.append(max(best_of[-1], subset, key=lambda each: each.rank))
    best = _Subset(0, 0, 0)
    for subset in left:
        room = capacity - subset.cost
        if room < 0:
            continue
        other = best_of[bisect_right(costs, room) - 1]
        whole = _Subset(subset.value + other.value, subset.cost + other.cost, subset.mask | other.mask)
        best = max(best, whole, key=lambda each: each.rank)
    return frozenset(item.hash for item, bit in zip(items, bits, strict=True) if best.mask & bit)


def _subsets(items: list[Item], bits: list[int]) -> list[_Subset]:
    subsets = [_Subset(0, 0, 0)]
    for item, bit in zip(items, bits, strict=True):
        subsets += [_Subset(each.value + item.value, each.cost + item.cost, each.mask | bit) for each in subsets]
    return subsets


def _greedy(items: list[Item], capacity: int) -> frozenset[str]:
    """By support for the money, in integers."""
    chosen: set[str] = set()
    for item in sorted(items, key=lambda item: (-item.value * 10**18 // item.cost, item.cost, item.hash)):
        if item.cost <= capacity:
            chosen.add(item.hash)
            capacity -= item.cost
    return frozenset(chosen)
