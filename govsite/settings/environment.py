"""Reads settings from the environment; what is wrong or missing stops the process with one line that says so."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from govsite.accounts.table import VARIABLES
from streams.signing import VARIABLES as SIGNING

SHORTEST_KEY = 50
FEWEST_CHARACTERS = 5  # different ones; what `check --deploy` asks for
HOST = re.compile(r"\.?[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\]")
LOCAL_HOSTS = "localhost,127.0.0.1,[::1]"
SECRETS = (
    "DATABASE_URL",
    "REDIS_URL",
    "GOVSITE_SECRET_KEY",
    *SIGNING,
    "GOVSITE_METRICS_TOKEN",
    "GOVSITE_ALARM_WEBHOOK_SECRET",
    "GOVSITE_VENUE_KEY",
    "GOVSITE_VENUE_SECRET",
    "APCA_API_KEY_ID",
    "APCA_API_SECRET_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    *VARIABLES,
)
"""Each may be given as a file instead, which `{name}_FILE` names."""


def stop(name: str, must: str) -> NoReturn:
    """No traceback: whoever starts the process reads which variable is wrong and what it should be."""
    raise SystemExit(f"{name} {must}")


def take_files() -> None:
    """Puts what the files hold into the environment, where whoever needs a secret looks, processes started here too."""
    for name in SECRETS:
        path = os.environ.pop(f"{name}_FILE", "")
        if not path:
            continue
        if os.environ.get(name):
            stop(f"{name}_FILE", f"is set and {name} too: leave one of them out.")
        try:
            value = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            stop(
                f"{name}_FILE", f"names {path}, which cannot be read: {getattr(error, 'strerror', None) or 'no text'}."
            )
        if not value:
            stop(f"{name}_FILE", f"names {path}, which is empty.")
        os.environ[name] = value


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str) -> bool:
    value = text(name, "0")
    if value not in ("0", "1"):
        stop(name, f"is {value!r}: it must be 1 or 0.")
    return value == "1"


def number(name: str, default: int, *, least: int = 1) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal()) or int(value) < least:
        stop(name, f"is {value!r}: it must be a whole number, at least {least}.")
    return int(value)


def one_of(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        stop(name, f"is {value!r}: it must be {' or '.join(allowed)}.")
    return value


def production() -> bool:
    """GOVSITE_PRODUCTION=1: people reach the site over a network, so nothing may be left to chance."""
    if not flag("GOVSITE_PRODUCTION"):
        return False
    if flag("GOVSITE_DEBUG"):
        stop("GOVSITE_DEBUG", "must not be 1 in production: its error pages show the settings.")
    return True


def hosts(in_production: bool) -> list[str]:
    if in_production and not text("GOVSITE_HOSTS"):
        stop("GOVSITE_HOSTS", "is missing: the names under which people reach the site, such as ops.example.com.")
    found = [each.strip() for each in text("GOVSITE_HOSTS", LOCAL_HOSTS).split(",") if each.strip()]
    for host in found:
        if host == "*" and not in_production:
            continue
        if not HOST.fullmatch(host):
            stop("GOVSITE_HOSTS", f"names {host!r}: it must list host names without scheme and port, and no *.")
    return found


def origins(in_production: bool) -> list[str]:
    found = [each.strip() for each in text("GOVSITE_ORIGINS").split(",") if each.strip()]
    schemes = ("https",) if in_production else ("https", "http")
    for origin in found:
        parts = urlsplit(origin)
        if parts.scheme not in schemes or not parts.netloc or parts.path:
            stop("GOVSITE_ORIGINS", f"names {origin!r}: it must list origins such as https://ops.example.com.")
    return found


def secret_key(in_production: bool) -> str:
    """Empty where one is made and kept in the data directory."""
    key = text("GOVSITE_SECRET_KEY")
    if in_production and (len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS or key.startswith("django-")):
        said = "is missing" if not key else "is too weak"
        stop(
            "GOVSITE_SECRET_KEY",
            f"{said}: it must be at least {SHORTEST_KEY} random characters (openssl rand -hex 50).",
        )
    return key


def proxies(in_production: bool) -> int:
    """How many proxies of ours a request comes through: what they add to its headers is believed."""
    if in_production and not text("GOVSITE_PROXIES"):
        stop("GOVSITE_PROXIES", "is missing: 1 if one proxy of yours ends TLS before the site, 0 if none stands there.")
    return int(one_of("GOVSITE_PROXIES", ("0", "1"), "0"))


def second_factor(in_production: bool, known: str) -> bool:
    """As the environment says, else as the running embedded stack wrote down; production asks for it in any case."""
    is_on = one_of("GOVSITE_SECOND_FACTOR", ("on", "off"), "on" if in_production else known) == "on"
    if in_production and not is_on:
        stop("GOVSITE_SECOND_FACTOR", "must be on in production: who acts proves it twice.")
    return is_on


def server(name: str, schemes: tuple[str, ...], known: str, in_production: bool) -> str:
    """The URL of a server: of the environment, else what the running embedded stack wrote down."""
    url = text(name, known)
    if not url and in_production:
        stop(name, f"is missing: it must be a {schemes[0]}:// URL.")
    if url and not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        stop(name, f"must be a {schemes[0]}:// URL.")
    return url
