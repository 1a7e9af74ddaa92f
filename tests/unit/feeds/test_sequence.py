"""What ids tell: gaps, repeats, latecomers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feeds.sequence import RESTART_AFTER, Gap, Sequence, Verdict


def judged(ids: list[int], *, contiguous: bool = True) -> list[Verdict]:
    sequence = Sequence(contiguous=contiguous)
    return [sequence.step(id, id) for id in ids]


def test_ids_in_order_follow() -> None:
    assert judged([5, 6, 7]) == ["follows"] * 3


def test_the_first_id_of_all_may_be_zero() -> None:
    assert judged([0, 1, 1]) == ["follows", "follows", "duplicate"]


def test_left_out_ids_are_a_gap() -> None:
    assert judged([5, 9, 10]) == ["follows", Gap(6, 8), "follows"]


def test_a_repeat_is_a_duplicate() -> None:
    assert judged([5, 6, 6, 5, 7]) == ["follows", "follows", "duplicate", "duplicate", "follows"]


def test_what_was_missing_and_comes_late_is_out_of_order() -> None:
    assert judged([5, 9, 7, 10]) == ["follows", Gap(6, 8), "out_of_order", "follows"]


def test_what_comes_from_before_the_beginning_is_out_of_order() -> None:
    assert judged([5, 6, 4]) == ["follows", "follows", "out_of_order"]


def test_ids_that_need_only_rise_have_no_gaps() -> None:
    assert judged([5, 90, 90, 7], contiguous=False) == ["follows", "follows", "duplicate", "out_of_order"]


def test_ranges_that_overlap_the_last_one_follow() -> None:
    sequence = Sequence(contiguous=True)
    assert [sequence.step(1, 5), sequence.step(4, 8), sequence.step(9, 9), sequence.step(12, 15)] == [
        "follows",
        "follows",
        "follows",
        Gap(10, 11),
    ]


def test_one_absurd_id_does_not_silence_the_stream_for_ever() -> None:
    verdicts = judged([5, 6, 10**15, *range(7, 7 + RESTART_AFTER + 2)])
    assert verdicts[2] == Gap(7, 10**15 - 1)
    assert verdicts[3:] == ["out_of_order"] * (RESTART_AFTER - 1) + ["follows"] * 3


@given(st.lists(st.integers(0, 40), max_size=80))
def test_no_id_is_accepted_twice_and_gaps_are_what_was_not_accepted(ids: list[int]) -> None:
    accepted, missing = [], set[int]()
    for id, verdict in zip(ids, judged(ids), strict=True):
        if isinstance(verdict, Gap):
            missing |= set(range(verdict.first, verdict.last + 1))
        if verdict == "follows" or isinstance(verdict, Gap):
            accepted.append(id)
        elif verdict == "duplicate":
            assert id in accepted
    assert accepted == sorted(set(accepted))
    if accepted:
        assert missing == set(range(accepted[0], accepted[-1])) - set(accepted)
