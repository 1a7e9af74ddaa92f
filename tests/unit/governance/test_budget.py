"""The budget: the most support for the money, the same as trying every subset."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.budget import EXACT_UP_TO, Item, choose

HASHES = st.lists(st.text("0123456789abcdef", min_size=4, max_size=4), min_size=0, max_size=8, unique=True)


@st.composite
def items(draw: st.DrawFn, small: int = 6) -> list[Item]:
    return [Item(h, draw(st.integers(0, small)), draw(st.integers(1, small))) for h in draw(HASHES)]


def brute_force(all_items: list[Item], capacity: int) -> frozenset[str]:
    affordable = [
        chosen
        for size in range(len(all_items) + 1)
        for chosen in combinations(sorted(all_items, key=lambda item: item.hash), size)
        if sum(item.cost for item in chosen) <= capacity
    ]
    best = min(
        affordable,
        key=lambda c: (-sum(i.value for i in c), sum(i.cost for i in c), [i.hash for i in c]),
    )
    return frozenset(item.hash for item in best)


@settings(max_examples=400, deadline=None)
@given(items(), st.integers(0, 20))
def test_it_is_the_best_subset_ties_included(all_items: list[Item], capacity: int) -> None:
    assert choose(all_items, capacity).chosen == brute_force(all_items, capacity)


@settings(max_examples=300, deadline=None)
@given(items(), st.integers(0, 20), st.randoms(use_true_random=False))
def test_the_order_of_items_changes_nothing(all_items: list[Item], capacity: int, random: object) -> None:
    shuffled = list(all_items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(all_items, capacity) == choose(shuffled, capacity)


@settings(max_examples=300, deadline=None)
@given(items(), st.integers(0, 20), st.data())
def test_raising_the_support_of_what_was_granted_keeps_it(
    all_items: list[Item], capacity: int, data: st.DataObject
) -> None:
    chosen = choose(all_items, capacity).chosen
    for index, item in enumerate(all_items):
        if item.hash in chosen:
            more = Item(item.hash, item.cost, item.value + data.draw(st.integers(1, 5)))
            assert item.hash in choose([*all_items[:index], more, *all_items[index + 1 :]], capacity).chosen


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=EXACT_UP_TO + 1, max_size=30),
    st.integers(0, 300),
)
def test_above_sixteen_it_is_greedy_and_says_so(pairs: list[tuple[int, int]], capacity: int) -> None:
    many = [Item(f"{index:04}", cost, value) for index, (cost, value) in enumerate(pairs)]
    choice = choose(many, capacity)
    assert sum(item.cost for item in many if item.hash in choice.chosen) <= capacity
    assert choice.greedy == (sum(item.cost for item in many) > capacity)


def test_sixteen_items_are_exact() -> None:
    many = [Item(f"{index:04}", 7 + index % 5, 10 + index % 7) for index in range(EXACT_UP_TO)]
    choice = choose(many, 60)
    assert not choice.greedy
    assert sum(item.cost for item in many if item.hash in choice.chosen) <= 60


def test_without_capacity_only_what_costs_nothing_is_taken() -> None:
    assert choose([Item("a", 0, 1), Item("b", 1, 9)], 0).chosen == {"a"}


def test_greedy_takes_the_most_support_for_the_money_first() -> None:
    small = [Item(f"{index:04}", 10, 9) for index in range(EXACT_UP_TO)]
    choice = choose([Item("big", 100, 50), *small], 105)
    assert choice.greedy
    assert choice.chosen == {item.hash for item in small[:10]}
