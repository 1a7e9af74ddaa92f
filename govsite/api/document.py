"""The API's description of itself: the OpenAPI 3.1 document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from govsite.api import bodies
from govsite.api.problems import CONTENT_TYPE

UNCHANGED = {"description": "Not Modified: the ETag in If-None-Match is still that of the answer"}


class Described(OpenAPISchema):
    """Answers of one kind, above all the ten errors of every operation, are described once."""

    def __init__(self, api: NinjaAPI, path_prefix: str) -> None:
        self._described: dict[Any, tuple[dict[str, Any], bool]] = {}
        super().__init__(api, path_prefix)

    def _create_schema_from_model(self, model: Any, *args: Any, **options: Any) -> tuple[dict[str, Any], bool]:
        fields = model.model_fields
        if set(fields) != {"response"}:
            return super()._create_schema_from_model(model, *args, **options)
        key = (repr(fields["response"]), args, tuple(options.items()))
        if key not in self._described:
            self._described[key] = super()._create_schema_from_model(model, *args, **options)
        return self._described[key]


@cache
def document(api: NinjaAPI) -> dict[str, Any]:
    """The whole document, as it is served: made once, not to be changed."""
    described = Described(api, api.get_root_path({}))
    made: dict[str, Any] = json.loads(json.dumps(described, default=str))
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
