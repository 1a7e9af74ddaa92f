"""Logging in: everybody who is active, too many wrong passwords, and the second factor right after."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from unfold.forms import AuthenticationForm as ThemedForm

from govsite.access import roles, second_factor

KEPT = {"HTTP_USER_AGENT": 255, "HTTP_ACCEPT": 1024}
"""What is kept of a login besides, and how much of it there is room for."""


class LoginForm(ThemedForm):  # type: ignore[misc]
    """Not for staff only: the console is for everybody who may log in."""

    def clean_username(self) -> str:
        """Nobody has a longer name, and there is no room to keep one."""
        name = str(self.cleaned_data["username"])
        if len(name) > (User._meta.get_field("username").max_length or 0):
            raise self.get_invalid_login_error()
        return name

    def confirm_login_allowed(self, user: User) -> None:
        AuthenticationForm.confirm_login_allowed(self, user)


@never_cache
def login(request: HttpRequest) -> HttpResponseBase:
    """The theme's login page; who acts goes on to the second factor, nobody to records that are not theirs to see."""
    for header, longest in KEPT.items():
        request.META[header] = request.META.get(header, "")[:longest].replace("\0", "")
    response = admin.site.login(request)
    if request.method != "POST" or response.status_code != HTTPStatus.FOUND:
        return response
    user: Any = request.user
    back = response.headers["Location"]
    if not user.is_staff and back.startswith(reverse("admin:index")):
        back = reverse("live")
    if settings.SECOND_FACTOR and roles.acts(user):
        return redirect(second_factor.address(back))
    return redirect(back)


def locked_out(request: HttpRequest, response: HttpResponseBase, credentials: Any) -> HttpResponse:
    """Too many wrong passwords of this person from this address."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    context = {"minutes": minutes, "failures": settings.AXES_FAILURE_LIMIT}
    if request.headers.get("Accept", "").startswith("application/json"):
        text = f"Too many wrong passwords: wait {minutes} minutes, or ask an administrator."
        return JsonResponse({"text": text}, status=HTTPStatus.TOO_MANY_REQUESTS)
    return render(request, "site/locked_out.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
