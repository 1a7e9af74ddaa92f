"""Tokens of the API: what they may, how they are issued and revoked, and how fast they may ask."""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from govsite.access import roles, second_factor
from govsite.api.problems import Problem
from govsite.api.records import ApiToken

READ, AUDIT, PROPOSE = "read", "audit", "propose"
SCOPES: dict[str, tuple[str, ...]] = {
    READ: (),
    AUDIT: (roles.EXPLORE,),
    PROPOSE: ("govsite.propose_for_seat",),
    "command:halt": (roles.HALT,),
    "command:resume": ("governance.resume_trading",),
    "command:suspension": ("governance.suspend_instrument",),
    "command:source": ("governance.switch_source",),
    "command:change": ("governance.request_change", "governance.approve_change"),
    "command:hold": ("governance.decide_hold",),
    "command:alarm": ("governance.acknowledge_alarm",),
    "command:order": ("execution.cancel_order",),
    "command:flatten": ("execution.flatten_book",),
    "command:cash": ("execution.move_cash",),
    "command:reconcile": ("execution.reconcile_book",),
}
"""Every scope with the permissions of which its owner needs one. At every request the owner's permissions are asked
again: a token never may more than its owner."""

PREFIX = "gov_"
LONGEST_DAYS = 366
NOTED_EVERY = timedelta(minutes=1)
RATE_PER_S, BURST = 20.0, 100.0

log = logging.getLogger("govsite.security")


class Refused(ValueError):
    """A token that cannot be issued; the text says why."""


def issue(
    owner: User, name: str, scopes: Iterable[str], *, days: float = 90, agent: str = "", confirmed: bool
) -> tuple[ApiToken, str]:
    """The record, and the token, which nobody can be shown again. Raises `Refused`."""
    wanted = sorted(set(scopes))
    check(owner, name, wanted, days, agent)
    public = f"{PREFIX}{secrets.token_hex(4)}"
    secret = f"{public}_{secrets.token_urlsafe(32)}"
    now = timezone.now()
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        prefix=public,
        digest=digest(secret),
        scopes=wanted,
        agent=agent,
        confirmed=confirmed,
        issued_at=now,
        expires_at=now + timedelta(days=days),
    )
    log.warning("the API token %s of %s was issued: %s", public, owner.get_username(), ", ".join(wanted))
    return token, secret


def check(owner: User, name: str, scopes: list[str], days: float, agent: str) -> None:
    """Raises `Refused` for what cannot be issued."""
    if not owner.is_active:
        raise Refused(f"{owner.get_username()} is not active.")
    if not name.strip() or len(name) > 80 or "\0" in name:
        raise Refused("A name says what the token is for, in 1 to 80 characters.")
    if not scopes:
        raise Refused(f"A token has at least one scope; there are: {', '.join(SCOPES)}.")
    for scope in scopes:
        if scope not in SCOPES:
            raise Refused(f"There is no scope {scope}; there are: {', '.join(SCOPES)}.")
        needed = SCOPES[scope]
        if needed and not any(owner.has_perm(one) for one in needed):
            raise Refused(f"{owner.get_username()} may not do this: {scope} needs {' or '.join(needed)}.")
    if not 0 < days <= LONGEST_DAYS:
        raise Refused(f"A token is good for at most {LONGEST_DAYS} days.")
    if (PROPOSE in scopes) != bool(agent):
        raise Refused("The scope propose needs the agent that it speaks for, and only propose has one.")
    if len(agent) > 64 or "\0" in agent or ":" in agent:
        raise Refused("An agent's name has at most 64 characters, and no colon: those are other kinds of actors.")


def revoke(token: ApiToken, by: str) -> None:
    """From now on it is refused; a token that is revoked already stays as it is."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        log.warning("the API token %s of %s was revoked by %s", token.prefix, token.owner.get_username(), by)


def digest(secret: str) -> str:
    """Not salted and fast: nobody can guess 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Pace:
    """How fast each token may ask in this process: so many requests a second, so many at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self.clock = rate, burst, clock
        self._left: dict[int, tuple[float, float]] = {}
        self._lock = Lock()

    def wait(self, token: int) -> float:
        """Takes one request; seconds until there is one where none is left (then nothing is taken)."""
        now = self.clock()
        with self._lock:
            left, at = self._left.get(token, (self.burst, now))
            left = min(self.burst, left + (now - at) * self.rate)
            if left < 1:
                return (1 - left) / self.rate
            self._left[token] = left - 1, now
        return 0.0


pace = Pace(RATE_PER_S, BURST)


class BearerToken(HttpBearer):
    """`Authorization: Bearer gov_…`, as `manage.py apitoken issue` or the admin gave it."""

    def __call__(self, request: HttpRequest) -> Any:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != self.openapi_scheme:
            raise stranger("the header Authorization takes `Bearer` and a token")
        return self.authenticate(request, secret.strip())

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """Raises a problem for a token that is none, or not any more, or that asks too fast. Halting has no pace:
        stopping comes first."""
        found = ApiToken.objects.select_related("owner").filter(digest=digest(token)).first()
        if found is None or not found.owner.is_active:
            raise stranger("there is no such token")
        now = timezone.now()
        if (state := found.state(now)) != "valid":
            raise stranger(f"the token {found.prefix}… is {state}")
        wait_s = 0.0 if request.path.endswith("/halt") else pace.wait(found.pk)
        if wait_s:
            headers = {"Retry-After": str(math.ceil(wait_s))}
            detail = f"too many requests: {RATE_PER_S:g} a second, {BURST:g} at once; wait {wait_s:.2f} s"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers)
        if found.last_used_at is None or now - found.last_used_at > NOTED_EVERY:
            ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        owner: Any = found.owner
        owner.is_verified = lambda: is_confirmed(found)  # what the second factor asks a session's person
        request.user = owner
        request.api_token = found  # type: ignore[attr-defined]
        return found


def is_confirmed(token: ApiToken) -> bool:
    """Whether it stands for somebody who has proved who they are, and still can."""
    return token.confirmed and (not settings.SECOND_FACTOR or second_factor.has_one(token.owner))


def of(request: HttpRequest) -> ApiToken | None:
    """The token that the request came with; None for a session."""
    return getattr(request, "api_token", None)


def scoped(request: HttpRequest, scope: str) -> None:
    """Raises a problem where the request came with a token that lacks the scope."""
    token = of(request)
    if token is not None and scope not in token.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, f"the token {token.prefix}… lacks the scope {scope}")


def stranger(detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": 'Bearer realm="api"'})
