"""What ids tell: gaps, repeats, latecomers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feeds.sequence import FARTHEST, MOST_GAPS, RESTART_AFTER, Gap, Sequence, Verdict


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


def test_one_absurd_id_is_not_believed() -> None:
    assert judged([5, 6, 10**15, 7, 8]) == ["follows", "follows", "doubted", "follows", "follows"]


def test_a_jump_that_the_next_id_confirms_is_a_gap() -> None:
    far = 10 + 2 * FARTHEST
    assert judged([5, far, far + 1, far + 2]) == ["follows", "doubted", Gap(6, far), "follows"]


def test_two_absurd_ids_do_not_confirm_each_other() -> None:
    assert judged([5, 10**15, 10**12, 10**14, 6]) == ["follows", *["doubted"] * 3, "follows"]


def test_an_absurd_id_is_not_confirmed_by_one_that_comes_later() -> None:
    assert judged([5, 10**15, 6, 10**15 + 1, 7]) == ["follows", "doubted", "follows", "doubted", "follows"]


def test_without_times_a_hundred_rising_latecomers_are_believed() -> None:
    verdicts = judged([5, 6, 5000, *range(7, 7 + RESTART_AFTER + 2)])
    assert verdicts[2] == Gap(7, 4999)
    assert verdicts[3:] == ["out_of_order"] * (RESTART_AFTER - 1) + ["restarts", "follows", "follows"]


def test_latecomers_between_others_are_not_a_restart() -> None:
    late = range(1, 2 * RESTART_AFTER)
    verdicts = judged([1000, *(id for at, behind in enumerate(late) for id in (behind, 1001 + at))])
    assert "restarts" not in verdicts


def timed(*steps: tuple[int, int]) -> list[Verdict]:
    sequence = Sequence(contiguous=True)
    return [sequence.step(id, id, at) for id, at in steps]


def test_lower_ids_with_later_times_are_a_restart() -> None:
    verdicts = timed((900, 10), (901, 11), (1, 12), (2, 12), (3, 13), (4, 14))
    assert verdicts[2:] == ["out_of_order", "out_of_order", "restarts", "follows"]


def test_ids_that_begin_anew_where_they_began_before_are_a_restart() -> None:
    first = [(id, id) for id in range(1, 9)]
    assert timed(*first, (1, 20), (2, 21), (3, 22), (4, 23))[8:] == [
        "out_of_order",
        "out_of_order",
        "restarts",
        "follows",
    ]


def test_what_is_sent_again_with_its_own_time_is_never_a_restart() -> None:
    block = [(id, id) for id in range(1, 500)]
    assert timed(*block, *block)[len(block) :] == ["duplicate"] * len(block)


def test_late_trades_with_their_own_times_are_never_a_restart() -> None:
    assert timed((5, 5), (900, 90), *((id, 50) for id in range(6, 400)))[2:] == ["out_of_order"] * 394


def test_what_was_missing_can_be_filled_once() -> None:
    sequence = Sequence(contiguous=True)
    for id in (5, 9):
        sequence.step(id, id)
    assert [sequence.fill(id) for id in (7, 7, 5, 9, 4, 10, 6, 8)] == [True, *[False] * 5, True, True]
    assert [sequence.step(id, id) for id in (6, 7, 8, 10)] == [*["duplicate"] * 3, "follows"]


def test_of_too_many_gaps_the_oldest_is_forgotten_but_not_taken_for_seen() -> None:
    sequence = Sequence(contiguous=True)
    for id in range(0, 3 * MOST_GAPS, 2):
        sequence.step(id, id)
    assert sequence.step(1, 1) == "out_of_order"
    assert not sequence.fill(1)
    assert len(sequence._missing) == MOST_GAPS


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


@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.lists(st.integers(0, 45), max_size=40))
def test_what_is_filled_was_missing_and_was_not_accepted(ids: list[int], wanted: list[int]) -> None:
    sequence = Sequence(contiguous=True)
    had = {id for id in ids if sequence.step(id, id) not in ("duplicate", "out_of_order")}
    missing = set(range(min(had), max(had))) - had
    for id in wanted:
        assert sequence.fill(id) == (id in missing)
        missing.discard(id)
