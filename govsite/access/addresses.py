"""Where a request comes from, seen through the proxy that may stand before the site."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Where the request comes from: what our proxy says of it, where there is one; anybody can write what is before."""
    if settings.PROXIES:
        said = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        try:
            return str(ipaddress.ip_address(said))
        except ValueError:
            pass  # the proxy's own address then: all its people are throttled together, which is the safe side
    return str(request.META.get("REMOTE_ADDR", "") or "127.0.0.1")
