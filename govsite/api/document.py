"""The API's description of itself: the OpenAPI 3.1 document."""

from __future__ import annotations

import json
from typing import Any

from ninja import NinjaAPI

from govsite.api import bodies
from govsite.api.problems import CONTENT_TYPE

UNCHANGED = {"description": "Not Modified: the ETag in If-None-Match is still that of the answer"}


def document(api: NinjaAPI) -> dict[str, Any]:
    """The whole document, as it is served."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    schemas = made["components"]["schemas"]
    schemas.update(bodies.schemas())
    schemas["ProblemBody"]["examples"] = [
        {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no book 'dmeo'"}
    ]
    for operations in made["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
    return made


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Every error is problem+json; a question may be answered with 304; a number is as the code takes it."""
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        if int(status) >= 400 and "application/json" in content:
            answer["content"] = {CONTENT_TYPE: content.pop("application/json")}
        if status == "429":
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds to wait"}}
        if status == "202":
            answer["headers"] = {"Location": {"schema": {"type": "string"}, "description": "where its state is told"}}
    if method == "get":
        operation["responses"]["304"] = UNCHANGED
