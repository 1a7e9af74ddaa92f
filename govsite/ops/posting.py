"""Addresses that only forms send to: who opens one as a page is shown where its form is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from govsite.ops.frame import page_context

View = Callable[..., HttpResponseBase]


def by_form(page: str) -> Callable[[View], View]:
    """For who is logged in, by POST; everything else is 405. `page`: the name of the address that has the form."""

    def wrapped(view: View) -> View:
        @login_required
        @wraps(view)
        def posted(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **named)
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["POST"])
            context = {**page_context(request, page), "back": reverse(page)}
            shown = render(request, "site/only_posted.html", context, status=HTTPStatus.METHOD_NOT_ALLOWED)
            shown["Allow"] = "POST"
            return shown

        return posted

    return wrapped
