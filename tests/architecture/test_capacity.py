"""The page of capacities says nothing that does not follow from the figures that it states as measured."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "capacity.md").read_text()
INPUT = re.compile(r"^\| `(\w+)` \| ([\d.,]+) \|", re.MULTILINE)
RESULT = re.compile(r"^\| ([\d,]+) books \|(.+)\|$", re.MULTILINE)


def number(text: str) -> float:
    return float(text.replace(",", ""))


GIVEN = {name: number(value) for name, value in INPUT.findall(PAGE)}
RESULTS = {int(number(books)): [number(cell) for cell in cells.split("|")] for books, cells in RESULT.findall(PAGE)}


def computed(books: int) -> list[float]:
    """Core seconds a second, partitions, MiB of all governors, events/s, GB a day, projectors."""
    g = GIVEN
    cores = books * (g["q"] / g["D"] + g["T"] * g["t"] / 1e6)
    partitions = max(1, ceil(cores / g["u"]))
    events = books * g["q"] * g["e"]
    memory = partitions * g["m"] + books * g["k"] / 1024
    return [cores, partitions, memory, events, events * g["b"] * 86_400 / 1e9, ceil(events / g["J"])]


def test_all_sizes_are_there() -> None:
    assert sorted(RESULTS) == [10, 1_000, 100_000]
    assert set(GIVEN) == set("qTuDetkmbJ")


@pytest.mark.parametrize("books", RESULTS)
def test_the_page_follows_from_its_inputs(books: int) -> None:
    assert RESULTS[books] == [pytest.approx(value, rel=0.01, abs=0.0006) for value in computed(books)]
