"""Merkle trees over the hashes of rows, as RFC 6962 builds them, and proofs that chosen rows are in one.

A leaf is sha256(0x00 ‖ the row's hash), an inner node sha256(0x01 ‖ left ‖ right); the left side of n leaves holds the
largest power of two below n.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over rows' hashes in order; that of no rows is sha256 of nothing."""
    if not hashes:
        return sha256(b"").digest()
    level = [sha256(b"\x00" + one).digest() for one in hashes]
    while len(level) > 1:
        paired = [sha256(b"\x01" + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) & ~1 :]
    return level[0]


def proof(hashes: Sequence[bytes], chosen: Collection[int]) -> list[bytes]:
    """What is needed besides the chosen leaves (0-based) to compute the root: the roots of the largest subtrees that
    hold none of them, from left to right."""
    return list(_proof(hashes, sorted(chosen)))


def _proof(hashes: Sequence[bytes], chosen: Sequence[int]) -> Iterator[bytes]:
    if not chosen:
        yield root(hashes)
    elif len(hashes) > 1:
        middle = split(len(hashes))
        yield from _proof(hashes[:middle], [n for n in chosen if n < middle])
        yield from _proof(hashes[middle:], [n - middle for n in chosen if n >= middle])


def proven_root(size: int, chosen: Mapping[int, bytes], proof: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves of which these rows' hashes are known. ValueError where the proof has too few
    or too many nodes."""
    nodes = iter(proof)
    try:
        found = _proven(0, size, chosen, nodes)
    except StopIteration:
        raise ValueError("the proof is too short") from None
    if next(nodes, None) is not None:
        raise ValueError("the proof is too long")
    return found


def _proven(begin: int, size: int, chosen: Mapping[int, bytes], nodes: Iterator[bytes]) -> bytes:
    if not any(n in chosen for n in range(begin, begin + size)):
        return next(nodes)
    if size == 1:
        return sha256(b"\x00" + chosen[begin]).digest()
    middle = split(size)
    left = _proven(begin, middle, chosen, nodes)
    return sha256(b"\x01" + left + _proven(begin + middle, size - middle, chosen, nodes)).digest()


def split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
