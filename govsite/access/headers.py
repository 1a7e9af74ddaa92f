"""What browsers are told: where pages may take scripts and styles from, and what they need no right to."""

from __future__ import annotations

from http import HTTPStatus

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

ADMIN = "/admin/"
API = "/api/"
IN_ADMIN = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE], "img-src": ["data:"]}
"""Its theme keeps Alpine's expressions in attributes, its colours in a style element, its icons in style sheets."""

UNNEEDED = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone")
PERMISSIONS = ", ".join(f"{name}=()" for name in (*UNNEEDED, "midi", "payment", "serial", "usb"))


class BrowserPolicy(CSPMiddleware):
    """The content security policy, looser for the admin only, and the permissions policy."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        """A body that is larger than any of ours is not read into memory; no record has a NUL in its name."""
        super().process_request(request)
        if "\0" in request.path_info and not request.path_info.startswith(API):  # which says what it is about
            text = "There is nothing here: no name has a NUL character in it."
            return HttpResponse(text, status=HTTPStatus.NOT_FOUND, content_type="text/plain")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            text = f"This request is larger than {limit:,} bytes, which is more than any form here needs."
            return HttpResponse(text, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, content_type="text/plain")
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(ADMIN):
            parts.update = {**IN_ADMIN, **(parts.update or {})}
        return parts
