"""When a session is over: too long without its person, too old, a new password, a deactivation, a logout."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.http import HttpRequest, HttpResponse

from govsite.access.addresses import address

BEGAN, SEEN = "began_at", "seen_at"
NOTED_EVERY_S = 60
LOGIN_ONLY = frozenset({"last_login"})

log = logging.getLogger("govsite.security")


def is_over(session: Any, now: float) -> bool:
    """Whether nobody was at it for too long, or it is too old. A session that does not say when it began is over."""
    began = session.get(BEGAN, 0.0)
    seen = max(began, session.get(SEEN, 0.0))
    return bool(now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_S)


class SessionLimits:
    """Ends what is over. A page that asks by itself for what is new does not count as its person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = time.time()
            if is_over(request.session, now):
                log.info("the session of %s has run out", request.user.get_username())
                logout(request)
            elif _is_person(request) and now - request.session.get(SEEN, 0.0) > NOTED_EVERY_S:
                request.session[SEEN] = now
        return self.get_response(request)


def _is_person(request: HttpRequest) -> bool:
    return request.method not in ("GET", "HEAD") or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


# --- open sockets ------------------------------------------------------------------------------------


def group_of(user_id: object) -> str:
    """The channel group of everything that one person has open."""
    return f"person.{user_id}"


def fingerprint(session_key: str | None) -> str:
    """Names a session on the wire without giving it away."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def tell_sockets(user_id: object, session_key: str | None = None) -> None:
    """Tells the person's open sockets to look again whether they may stay; those of `session_key` are to go at once.
    Without Redis they look by themselves within seconds."""
    group = group_of(user_id)
    session = fingerprint(session_key) if session_key else ""
    try:
        async_to_sync(get_channel_layer().group_send)(
            group, {"type": "person.changed", "group": group, "session": session}
        )
    except (redis.RedisError, OSError) as error:
        log.warning("the open sockets of person %s could not be told at once: %s", user_id, error)


def _begin(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    request.session[BEGAN] = time.time()
    log.info("%s logged in from %s", user.get_username(), address(request))


def _failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Names only people who exist: what else stands there may be a password in the wrong field."""
    name = str(credentials.get("username", ""))
    known = User.objects.filter(username=name).exists()
    where = address(request) if request else "a command"
    log.warning("a login failed from %s, %s", where, f"as {name}" if known else "as nobody here")


def _end(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        log.info("%s logged out", user.get_username())
        tell_sockets(user.pk, request.session.session_key)


def _changed(sender: Any, instance: User, created: bool = False, **options: Any) -> None:
    if not created and options.get("update_fields") != LOGIN_ONLY:
        user_id = instance.pk  # a deleted one has none any more by the time of the commit
        transaction.on_commit(lambda: tell_sockets(user_id))


def _rights_changed(sender: Any, instance: Any, action: str, **_: Any) -> None:
    """Groups or permissions of a person; what changes from the other side, sockets find out by themselves."""
    if isinstance(instance, User) and action in ("post_add", "post_remove", "post_clear"):
        user_id = instance.pk
        transaction.on_commit(lambda: tell_sockets(user_id))


def connect() -> None:
    user_logged_in.connect(_begin, dispatch_uid="govsite.session")
    user_login_failed.connect(_failed, dispatch_uid="govsite.session")
    user_logged_out.connect(_end, dispatch_uid="govsite.session")
    post_save.connect(_changed, sender=User, dispatch_uid="govsite.session")
    post_delete.connect(_changed, sender=User, dispatch_uid="govsite.session")
    for through in (User.groups.through, User.user_permissions.through):
        m2m_changed.connect(_rights_changed, sender=through, dispatch_uid="govsite.session")
