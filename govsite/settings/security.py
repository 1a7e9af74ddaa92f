"""How people get in and what their browsers are told; read by the settings, so nothing of Django is used here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

ONE_MIB = 1024 * 1024
A_YEAR_S = 31_536_000

POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],  # the live socket too: it is of this host
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
"""Of every page but the admin's, which is a little looser (govsite.access.headers)."""

WRONG_PASSWORDS = 5
SHUT_OUT_FOR = timedelta(minutes=15)
THROTTLING: dict[str, Any] = {
    # Of a person from an address: a stranger elsewhere cannot lock an operator out.
    "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
    "AXES_RESET_ON_SUCCESS": True,
    "AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT": False,
    "AXES_CLIENT_IP_CALLABLE": "govsite.access.addresses.address",
    "AXES_LOCKOUT_CALLABLE": "govsite.access.login.locked_out",
    "AXES_ENABLE_ADMIN": False,  # ours is in govsite.admin
    "AXES_VERBOSE": False,
}


def over_a_network(proxies: int, hsts_s: int) -> dict[str, Any]:
    """Settings of production: TLS only, and cookies that never leave it."""
    return {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": [r"^livez$", r"^readyz$", r"^metrics$"],  # asked on the machine itself
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if proxies else None,
        "SECURE_HSTS_SECONDS": hsts_s,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
    }
