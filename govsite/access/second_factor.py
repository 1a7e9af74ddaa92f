"""The second factor of people who act: asked after the login, at the latest before the first command of a session.

Halting asks for none: stopping comes first."""

from __future__ import annotations

import logging
from base64 import b32encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import django_otp
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from govsite.access import roles

BACKUP_CODES = 10
WRONG_CODE = (
    "This code is not right. A code is good for 30 s and once only: wait for the next one. Is your phone's clock right?"
)
ADMIN, API = "/admin/", "/api/"
WITHOUT = ("/admin/login/", "/admin/logout/")

log = logging.getLogger("govsite.security")


class SecondFactorNeeded(PermissionDenied):
    """The person may do it, once it is sure that it is them."""


def is_missing(request: HttpRequest) -> bool:
    """Whether this session has shown a password only, where that is not enough to act."""
    if not settings.SECOND_FACTOR:
        return False
    verified = getattr(request.user, "is_verified", None)  # there since the middleware; not right after the login
    return verified is None or not verified()


def is_asked(request: HttpRequest) -> bool:
    """Whether the person still has to show it to do what their role lets them do."""
    return bool(request.user.is_authenticated and is_missing(request) and roles.acts(request.user))


def require(request: HttpRequest) -> None:
    if is_missing(request):
        raise SecondFactorNeeded("Show your second factor first: acting needs it.")


def state(request: HttpRequest) -> dict[str, Any]:
    """For templates: `second_factor` is "off", "asked" or ""."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"second_factor": ""}
    if not settings.SECOND_FACTOR:
        return {"second_factor": "off"}
    return {"second_factor": "asked" if is_asked(request) else ""}


class AskedBeforeActing:
    """Sends who acts without it to where it is shown; nothing is done before. In the admin every change is acting."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        changes = request.method not in ("GET", "HEAD", "OPTIONS")
        if changes and request.path_info.startswith(ADMIN) and request.path_info not in WITHOUT and is_asked(request):
            return _ask(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return _ask(request) if isinstance(exception, SecondFactorNeeded) else None


def _ask(request: HttpRequest) -> HttpResponseBase:
    log.info("%s was asked for the second factor at %s", request.user.get_username(), request.path_info)
    if request.headers.get("Accept", "").startswith("application/json") or request.path_info.startswith(API):
        words = "Nothing was done: show your second factor first (“Confirm it is you”, at the top of the page)."
        return JsonResponse({"text": words}, status=403)
    if request.method in ("GET", "HEAD"):
        return redirect(address(request.get_full_path()))
    came_from = urlsplit(request.headers.get("Referer", ""))
    back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return redirect(address(back, undone=True))


def address(back: str, *, undone: bool = False) -> str:
    """Where it is shown, to go `back` to; `undone`: what was just sent was not done."""
    told = {"next": back or "/"} | ({"undone": "1"} if undone else {})
    return f"{reverse('second-factor')}?{urlencode(told)}"


def way_back(request: HttpRequest) -> str:
    """Where `next` leads, if that is on this site; else the live page."""
    back = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return back if safe else reverse("live")


# --- devices ----------------------------------------------------------------------------------------


def has_one(user: Any) -> bool:
    return bool(TOTPDevice.objects.devices_for_user(user, confirmed=True).exists())


def show(request: HttpRequest, code: str) -> str:
    """Checks a code of the phone (6 digits) or a backup code. Empty when it was right and the session is confirmed,
    else what to tell the person."""
    kind = TOTPDevice if code.isdecimal() else StaticDevice
    device = kind.objects.devices_for_user(request.user, confirmed=True).first()
    if device is None:
        return "There are no backup codes of yours." if kind is StaticDevice else "No phone of yours is known."
    allowed, why = device.verify_is_allowed()
    if not allowed:
        return _wait_words(why or {})
    if not django_otp.verify_token(request.user, device.persistent_id, code):
        log.warning("%s showed a wrong code", request.user.get_username())
        return WRONG_CODE if kind is TOTPDevice else "This is not one of your backup codes that are left."
    django_otp.login(request, device)
    log.info("%s showed the second factor (%s)", request.user.get_username(), device.name)
    return ""


def _wait_words(why: dict[str, Any]) -> str:
    until = why.get("locked_until")
    seconds = max(1, round((until - timezone.now()).total_seconds())) if until else 1
    return f"Too many wrong codes: wait {seconds} s, then try again."


def candidate(user: Any) -> TOTPDevice:
    """The key that the person is about to put into a phone; not good for anything before a code proves that it is."""
    device = TOTPDevice.objects.devices_for_user(user, confirmed=False).first()
    return device or TOTPDevice.objects.create(user=user, name="phone", confirmed=False)


def written(device: TOTPDevice) -> str:
    """The key as people type it into a phone: base 32, in groups of four."""
    key = b32encode(device.bin_key).decode()
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


def enrol(request: HttpRequest, code: str) -> list[str]:
    """The backup codes, once the code proves that the phone has the key; the phone before and its codes are over.
    Empty if the code is not right."""
    user = request.user
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(pk=candidate(user).pk).get()
        if not device.verify_token(code):
            return []
        TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        codes = new_backup_codes(user)
    django_otp.login(request, device)
    log.warning("%s enrolled a phone as the second factor", user.get_username())
    return codes


def new_backup_codes(user: Any) -> list[str]:
    """Codes that are good once each; those before are over. A session that one of those confirmed stays so."""
    with transaction.atomic():
        device, _made = StaticDevice.objects.get_or_create(user=user, defaults={"name": "backup codes"})
        device.token_set.all().delete()
        codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
        StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


def forget(user: Any, by: str) -> None:
    """For who lost phone and codes: the next login enrols anew."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    log.warning("%s removed the second factor of %s", by, user.get_username())
