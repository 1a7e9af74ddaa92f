"""Tokens of the API in the admin: people issue and revoke their own, administrators revoke anybody's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from govsite.access import second_factor
from govsite.api import tokens
from govsite.api.records import ApiToken

LOOKS_AFTER_PEOPLE = "auth.change_user"


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person says of a new token of theirs."""

    name = forms.CharField(max_length=80, widget=UnfoldAdminTextInputWidget, help_text="What it is for.")
    days = forms.IntegerField(
        min_value=1,
        max_value=tokens.LONGEST_DAYS,
        initial=90,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="How long it is good for.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(name, name) for name in tokens.SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may; never more than you.",
    )
    agent = forms.CharField(
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="The seat that the scope propose speaks for; else empty.",
    )

    owner: Any = None

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "agent")

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                tokens.check(self.owner, said["name"], said["scopes"], said["days"], said["agent"])
            except tokens.Refused as error:
                raise ValidationError(str(error)) from error
        return said


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):  # type: ignore[misc]
    form = TokenForm
    add_fieldsets = ((None, {"fields": ("name", "scopes", "agent", "days")}),)
    fieldsets = (
        (None, {"fields": ("prefix", "owner", "name", "scopes", "agent", "confirmed")}),
        ("Times", {"fields": ("issued_at", "expires_at", "last_used_at", "revoked_at")}),
    )
    list_display = ("prefix", "owner", "name", "may", "standing", "expires_at", "last_used_at")
    list_select_related = ("owner",)
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        found: QuerySet[ApiToken] = super().get_queryset(request)
        return found if request.user.has_perm(LOOKS_AFTER_PEOPLE) else found.filter(owner_id=request.user.pk)

    def get_fieldsets(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def has_view_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return bool(request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        kind = super().get_form(request, obj, change, **options)
        return kind if obj else type("OwnTokenForm", (kind,), {"owner": request.user})

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        said = form.cleaned_data
        owner: Any = request.user
        token, secret = tokens.issue(
            owner,
            said["name"],
            said["scopes"],
            days=said["days"],
            agent=said["agent"],
            confirmed=not second_factor.is_missing(request),
        )
        obj.__dict__.update(token.__dict__)
        self.message_user(request, f"Copy it now, it is not shown again: {secret}", messages.WARNING)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        response: HttpResponse = self.response_post_save_add(request, obj)
        return response

    @admin.display(description="may")
    def may(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @admin.display(description="state")
    def standing(self, token: ApiToken) -> str:
        return token.state(timezone.now())

    @admin.action(description="Revoke (for good)", permissions=["view"])
    def revoke(self, request: HttpRequest, found: QuerySet[ApiToken]) -> None:
        for token in found:
            tokens.revoke(token, str(request.user.get_username()))
        self.message_user(request, "Revoked: from now on they are refused.")
