"""Pages of the second factor: showing it, putting its key into a phone, new backup codes."""

from __future__ import annotations

import segno
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from govsite.access import roles, second_factor
from govsite.ops.frame import page_context
from govsite.ops.posting import by_form

SCALE = 5
PAGE = "second-factor"


class CodeForm(forms.Form):
    """Six digits of a phone, or a backup code; spaces and case do not matter."""

    code = forms.CharField(max_length=32, error_messages={"required": "Type a code."})

    def clean_code(self) -> str:
        code = "".join(str(self.cleaned_data["code"]).split()).lower()
        if not (code.isascii() and code.isalnum()):
            raise forms.ValidationError("A code has 6 digits; a backup code has 8 letters and digits.")
        return code


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def show(request: HttpRequest) -> HttpResponseBase:
    """Asks for a code, unless the session is confirmed already; who has no phone yet enrols one."""
    back = second_factor.way_back(request)
    if not second_factor.has_one(request.user):
        return redirect(f"{reverse('enrol')}?{request.GET.urlencode()}")
    form = CodeForm(request.POST or None)
    trouble = ""
    if request.method == "POST":
        trouble = second_factor.show(request, form.cleaned_data["code"]) if form.is_valid() else _first(form)
        if not trouble:
            return redirect(back)
    confirmed = request.user.is_verified()  # type: ignore[union-attr]
    context = {"back": back, "trouble": trouble, "confirmed": confirmed, "undone": "undone" in request.GET}
    return _page(request, "second_factor", context, bool(trouble))


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def enrol(request: HttpRequest) -> HttpResponseBase:
    """A key for a phone. Who has one already shows it first: a password alone must not replace it."""
    back = second_factor.way_back(request)
    if second_factor.has_one(request.user) and not request.user.is_verified():  # type: ignore[union-attr]
        return redirect(second_factor.address(reverse("enrol")))
    trouble = ""
    if request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            if codes := second_factor.enrol(request, form.cleaned_data["code"]):
                return _page(request, "backup_codes", {"codes": codes, "back": back})
            trouble = second_factor.WRONG_CODE
        else:
            trouble = _first(form)
    device = second_factor.candidate(request.user)
    drawn = segno.make(device.config_url, error="m").svg_inline(scale=SCALE, border=3, dark="#000", light="#fff")
    context = {
        "back": back,
        "trouble": trouble,
        "drawn": mark_safe(drawn),  # an SVG that was made here  # nosec B308 B703
        "key": second_factor.written(device),
        "must": roles.acts(request.user),
        "replaces": second_factor.has_one(request.user),
        "undone": "undone" in request.GET,
    }
    return _page(request, "enrol", context, bool(trouble))


@by_form("second-factor")
@never_cache
def backup_codes(request: HttpRequest) -> HttpResponseBase:
    """New backup codes; those before are over."""
    if not request.user.is_verified():  # type: ignore[union-attr]
        return redirect(second_factor.address(reverse(PAGE)))
    codes = second_factor.new_backup_codes(request.user)
    return _page(request, "backup_codes", {"codes": codes, "back": second_factor.way_back(request)})


def _first(form: forms.Form) -> str:
    return next(str(error) for messages in form.errors.values() for error in messages)


def _page(request: HttpRequest, name: str, context: dict[str, object], wrong: bool = False) -> HttpResponse:
    return render(
        request, f"site/{name}.html", {**page_context(request, PAGE), **context}, status=400 if wrong else 200
    )
