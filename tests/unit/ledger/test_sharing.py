"""How partitions are shared: every one ends up held, once, nobody holds two more than another, and then all rest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.sharing import Move, next_move

MOST_STEPS = 400


class World:
    """Processes that look one after the other; a claim takes what is free, as the lease does."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.held: dict[str, set[int]] = {}
        self.moves = 0

    def free(self) -> set[int]:
        return set(range(self.count)).difference(*self.held.values())

    def look(self, name: str) -> bool:
        """Whether it had something to do."""
        move = next_move(name, self.held, self.free())
        if move is None:
            return False
        if move.kind == "claim":
            assert move.partition in self.free()
            self.held[name].add(move.partition)
        else:
            self.held[name].remove(move.partition)
        self.moves += 1
        return True

    def settle(self, order: list[str]) -> None:
        for _ in range(MOST_STEPS):
            if sum(self.look(name) for name in order) == 0:
                return
        raise AssertionError(f"they never rest: {self.held}")

    def assert_fair(self) -> None:
        sizes = [len(partitions) for partitions in self.held.values()]
        assert self.free() == set()
        assert sum(sizes) == self.count
        assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 12), st.permutations(["a", "b", "c", "d", "e"]), st.integers(1, 5), st.data())
def test_whoever_joins_and_dies_all_are_held_once_and_evenly(
    count: int, names: list[str], alive: int, data: st.DataObject
) -> None:
    world = World(count)
    for name in names[:alive]:
        world.held[name] = set()
        world.settle(data.draw(st.permutations(sorted(world.held))))
        world.assert_fair()
    for name in data.draw(st.permutations(names[:alive]))[:-1]:
        del world.held[name]
        world.settle(data.draw(st.permutations(sorted(world.held))))
        world.assert_fair()


@given(st.integers(1, 12), st.integers(1, 5))
def test_who_joins_moves_no_more_than_its_share(count: int, alive: int) -> None:
    world = World(count)
    world.held = {f"old{number}": set() for number in range(alive)}
    world.settle(sorted(world.held))
    before = world.moves
    world.held["new"] = set()
    world.settle(sorted(world.held))
    share = len(world.held["new"])
    assert world.moves - before == 2 * share  # each was given up once, and claimed once


def test_one_alone_claims_everything_one_after_the_other() -> None:
    assert next_move("a", {"a": []}, [0, 1]) == Move("claim", 0)
    assert next_move("a", {"a": [0]}, [1]) == Move("claim", 1)
    assert next_move("a", {"a": [0, 1]}, []) is None


def test_one_gives_up_where_another_holds_two_fewer() -> None:
    assert next_move("a", {"a": [0, 1], "b": []}, []) == Move("give up", 1)
    assert next_move("b", {"a": [0, 1], "b": []}, []) is None
    assert next_move("a", {"a": [0], "b": []}, []) is None


def test_of_those_that_hold_most_one_gives_up() -> None:
    held = {"a": [0, 1], "b": [2, 3], "c": []}
    assert [next_move(name, held, []) for name in "abc"] == [None, Move("give up", 3), None]
