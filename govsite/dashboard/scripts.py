"""The dashboard's scripts and styles go out before Django is asked: a first page needs eighteen of them, and the way
through the site's middleware, which has no say in them, costs nine times as much as all the rest."""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from govsite.dashboard import export

PREFIX = f"/dashboard/{export.NAMED_BY_CONTENT}"
FOREVER = "public, max-age=31536000, immutable"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Scripts:
    """ASGI: answers GET for what is named by its content; everything else, and what is not there, is for `pages`."""

    def __init__(self, pages: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = _wanted(scope)
        if file is None:
            await self.pages(scope, receive, send)
            return
        twin = export.zipped(file, _header(scope, b"accept-encoding"))
        body = (twin or file).read_bytes()  # from memory, mostly; none is large
        headers = {
            "Content-Type": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            "Content-Length": str(len(body)),
            "Cache-Control": FOREVER,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if twin:
            headers["Content-Encoding"] = "gzip"
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": told})
        await send({"type": "http.response.body", "body": body})


def _wanted(scope: Scope) -> Path | None:
    if scope["method"] != "GET" or not scope["path"].startswith(PREFIX):
        return None
    root: Path = settings.DASHBOARD_DIR
    try:
        file = export.file_of(root, scope["path"].removeprefix("/dashboard/"))
    except export.NotBuilt:
        return None
    named = (root / export.NAMED_BY_CONTENT).resolve()
    return file if file is not None and file.is_relative_to(named) else None


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for known, value in scope["headers"] if known == name), "")
