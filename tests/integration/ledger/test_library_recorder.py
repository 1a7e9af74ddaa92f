"""The recorder under the test cases that the eventsourcing library ships."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eventsourcing.tests import persistence

from ledger.recorder import LedgerRecorder


class _OnOurRecorder:
    url: str
    made: list[LedgerRecorder]

    @pytest.fixture(autouse=True)
    def _database(self, ledger_url: str) -> Iterator[None]:
        self.url = ledger_url
        self.made = []
        yield
        for recorder in self.made:
            recorder.close()

    def create_recorder(self) -> LedgerRecorder:
        self.made.append(LedgerRecorder(self.url, "governance"))
        return self.made[-1]


class TestApplicationRecorder(_OnOurRecorder, persistence.ApplicationRecorderTestCase[LedgerRecorder]):
    def test_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(_OnOurRecorder, persistence.NonInterleavingNotificationIDsBaseCase):
    pass
