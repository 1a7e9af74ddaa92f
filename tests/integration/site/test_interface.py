"""What the dashboard's types are generated from says what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from govsite.api.interface import files, messages
from streams.events import TOPICS

KEPT = settings.BASE_DIR / "frontend" / "interface"


def test_the_kept_files_are_up_to_date() -> None:
    call_command("interface", str(KEPT), "--check")


def test_a_file_that_differs_is_named(tmp_path: Path) -> None:
    call_command("interface", str(tmp_path))
    (tmp_path / "words.json").write_text("{}")
    with pytest.raises(CommandError, match=r"words\.json in .* manage\.py interface"):
        call_command("interface", str(tmp_path), "--check")


def test_every_event_and_frame_is_described() -> None:
    described = messages()["$defs"]
    assert described["Payloads"]["required"] == sorted(event.__name__ for event in TOPICS)
    assert {"Frame", "Snapshot", "Events", "Ticks", "Status", "RoundsTold", "Gap"} <= described.keys()


def test_the_api_is_described_whole() -> None:
    paths = json.loads(files()["openapi.json"])["paths"]
    assert {"/api/v1/me", "/api/v1/decisions/{decision_id}/explain", "/api/v1/bars"} <= paths.keys()
