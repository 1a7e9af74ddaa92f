"""The interface as files: what the dashboard's types and words are generated from."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from govsite.api.document import document
from govsite.api.root import api
from govsite.live.messages import Frame
from govsite.ops.words import for_browser
from streams.events import TOPICS
from streams.telemetry import BOUNDS_MS


def files() -> dict[str, str]:
    """Name of each file and its text."""
    return {
        "openapi.json": _text(document(api)),
        "messages.json": _text(messages()),
        "words.json": _text({**for_browser(), "bounds_ms": BOUNDS_MS}),
    }


def messages() -> dict[str, Any]:
    """JSON Schema of the live socket's frames and of the payload of every event."""
    events = sorted(TOPICS, key=lambda event: event.__name__)
    (frame, *_), parts = msgspec.json.schema_components([Frame, *events], ref_template="#/$defs/{name}")
    payloads = {
        "title": "Payloads",
        "type": "object",
        "properties": {each.__name__: {"$ref": f"#/$defs/{each.__name__}"} for each in events},
        "required": [each.__name__ for each in events],
        "additionalProperties": False,
    }
    return {"$defs": {"Frame": {**frame, "title": "Frame"}, "Payloads": payloads, **parts}}


def _text(made: Any) -> str:
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
