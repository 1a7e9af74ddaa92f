"""Merkle trees: the published ones, and proofs that hold for what was chosen and for nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import proof, proven_root, root, split

# RFC 6962 trees over the leaves of the test data of Certificate Transparency (rfc6962/rfc6962_test.go).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
TREES = st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1))))


def hashes(size: int) -> list[bytes]:
    return [sha256(b"%d" % number).digest() for number in range(size)]


@pytest.mark.parametrize("size", sorted(ROOTS))
def test_roots_are_those_of_the_published_trees(size: int) -> None:
    assert root([bytes.fromhex(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@given(TREES)
def test_a_proof_gives_the_root_of_the_whole_tree(tree: tuple[int, set[int]]) -> None:
    size, chosen = tree
    rows = hashes(size)
    nodes = proof(rows, chosen)
    assert proven_root(size, {n: rows[n] for n in chosen}, nodes) == root(rows)
    assert len(nodes) <= max(1, len(chosen) * (size - 1).bit_length())


@given(TREES.filter(lambda tree: bool(tree[1])), st.data())
def test_another_row_does_not_give_the_root(tree: tuple[int, set[int]], data: st.DataObject) -> None:
    size, chosen = tree
    rows = hashes(size)
    known = {n: rows[n] for n in chosen}
    known[data.draw(st.sampled_from(sorted(chosen)))] = sha256(b"forged").digest()
    assert proven_root(size, known, proof(rows, chosen)) != root(rows)


def test_a_proof_of_another_length_is_refused() -> None:
    rows = hashes(9)
    nodes = proof(rows, {3})
    with pytest.raises(ValueError, match="too short"):
        proven_root(9, {3: rows[3]}, nodes[:-1])
    with pytest.raises(ValueError, match="too long"):
        proven_root(9, {3: rows[3]}, [*nodes, rows[0]])


@pytest.mark.parametrize(("size", "left"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8)])
def test_the_left_side_is_the_largest_power_of_two_below(size: int, left: int) -> None:
    assert split(size) == left
