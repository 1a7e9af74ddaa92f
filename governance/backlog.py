"""Which entries of the command stream have no answer yet, and so how far the mark may move."""

from __future__ import annotations

LARGEST_SEQUENCE = 2**64 - 1


class Backlog:
    """Entries in the order they were read; the mark stands just before the oldest one without an answer."""

    def __init__(self, mark: str) -> None:
        self._read_up_to = mark
        self._waiting: dict[str, int] = {}

    def read(self, entry_id: str, answers: int = 1) -> None:
        """`answers`: how many are awaited, one of each book that the command is for."""
        self._waiting[entry_id] = answers
        self._read_up_to = entry_id

    def answered(self, entry_id: str) -> None:
        left = self._waiting.get(entry_id, 1) - 1
        if left:
            self._waiting[entry_id] = left
        else:
            self._waiting.pop(entry_id, None)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def mark(self) -> str:
        """Reading after this id gives every entry again that has no answer, and none that was read before those."""
        oldest = next(iter(self._waiting), None)
        return self._read_up_to if oldest is None else just_before(oldest)


def just_before(entry_id: str) -> str:
    """The largest entry id that is smaller than this one."""
    milliseconds, _, sequence = entry_id.partition("-")
    if int(sequence):
        return f"{milliseconds}-{int(sequence) - 1}"
    return f"{int(milliseconds) - 1}-{LARGEST_SEQUENCE}"
