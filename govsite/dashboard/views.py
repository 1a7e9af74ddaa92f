"""The dashboard under /dashboard/: its pages for who is logged in, its scripts and styles for every browser."""

from __future__ import annotations

import mimetypes
from http import HTTPStatus
from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date, quote_etag
from django.views.decorators.http import require_safe

from govsite.dashboard import export
from govsite.dashboard.scripts import FOREVER

ANEW = "no-cache"


@require_safe
def served(request: HttpRequest, address: str = "") -> HttpResponseBase:
    """A file of the export. Only pages need a login: scripts and styles tell nothing of the market."""
    root: Path = settings.DASHBOARD_DIR
    try:
        file = export.file_of(root, address)
    except export.NotBuilt as error:
        return HttpResponse(f"{error}\n", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    if file is None and export.file_of(root, f"{address}/") is not None:
        return redirect(f"{request.path}/{query(request)}", permanent=True)
    if file is None or file.suffix == ".html":
        return page(request, file)
    response = sent(request, file)
    response["Cache-Control"] = FOREVER if address.startswith(export.NAMED_BY_CONTENT) else ANEW
    return response


@login_required
def page(request: HttpRequest, file: Path | None) -> HttpResponseBase:
    shown = file or settings.DASHBOARD_DIR / export.MISSING
    response = sent(request, shown)
    response["Cache-Control"] = ANEW
    response["Content-Type"] = "text/html; charset=utf-8"
    if file is None:
        response.status_code = HTTPStatus.NOT_FOUND
    allowed = csp_update({"script-src": export.hashes(shown)})
    return allowed(lambda _: response)(request)


def sent(request: HttpRequest, file: Path) -> HttpResponseBase:
    """The file, or its gzipped twin, or that the browser's copy is still good."""
    twin = export.zipped(file, request.headers.get("Accept-Encoding", ""))
    known = file.stat()
    etag = quote_etag(f"{known.st_mtime_ns:x}-{known.st_size:x}{'-gz' if twin else ''}")
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    chosen = twin or file
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=kind)
    else:
        # Read at once: none is large, and a file sent in pieces would be read in a thread for each piece.
        response = HttpResponse(chosen.read_bytes(), content_type=kind)
    response["ETag"] = etag
    response["Last-Modified"] = http_date(known.st_mtime)
    response["Content-Length"] = str(chosen.stat().st_size)
    if twin:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=etag, response=response) or response  # type: ignore[arg-type]


def query(request: HttpRequest) -> str:
    told = request.META.get("QUERY_STRING", "")
    return f"?{told}" if told else ""
