"""People in the admin, in its theme: who may log in, in which roles, and who tried in vain.

A name stands in the ledger for ever: nobody is renamed or deleted, they are deactivated."""

from __future__ import annotations

import logging
from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import mark_safe
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from govsite.access import roles, second_factor
from ledger.admin import ReadOnlyAdmin

OWN = ("is_active", "is_staff", "groups")
log = logging.getLogger("govsite.security")

for model in (User, Group, StaticDevice, TOTPDevice):  # keys of phones are nobody's to read
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class PersonForm(UserChangeForm):  # type: ignore[misc]
    """The theme's, with its link to the form of the password underlined: a colour alone does not show it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password"]
        help_text = str(password.help_text).replace('class="', 'class="underline ')
        password.help_text = mark_safe(help_text)  # Django's own text  # nosec B308 B703


@admin.register(User)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """Rights come by roles only. Administrators cannot give themselves any, nor touch a superuser."""

    form = PersonForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "in_roles", "is_active", "has_second_factor", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Roles", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    actions = ("forget_second_factor",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", "totpdevice_set")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fixed: tuple[str, ...] = ("last_login", "date_joined")
        if obj is not None:
            fixed += ("username",)
        if not request.user.is_superuser:
            fixed += ("is_superuser", *(OWN if obj == request.user else ()))
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and not (obj is not None and obj.is_superuser and not request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True  # to see the records: what of them, the roles say
        super().save_model(request, obj, form, change)
        done = f"changed {', '.join(form.changed_data) or 'nothing of'}" if change else "added"
        log.warning("%s %s %s", request.user.get_username(), done, obj.get_username())

    @admin.display(description="roles")
    def in_roles(self, person: User) -> str:
        names = sorted(group.name for group in person.groups.all())
        return ", ".join(["superuser", *names] if person.is_superuser else names) or "none"

    @admin.display(description="second factor", boolean=True)
    def has_second_factor(self, person: Any) -> bool:
        return any(device.confirmed for device in person.totpdevice_set.all())

    @admin.action(description="Remove the second factor (phone and codes are lost)", permissions=["change"])
    def forget_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for person in people:
            if person == request.user or not self.has_change_permission(request, person):
                words = f"The second factor of {person.get_username()} is not yours to remove."
                self.message_user(request, words, messages.ERROR)
                continue
            second_factor.forget(person, str(request.user.get_username()))
            self.log_change(request, person, "Removed the second factor.")
            self.message_user(request, f"{person.get_username()} sets up a new phone at the next login.")


@admin.register(Group)
class PeopleGroupAdmin(GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Roles are what the code says of them; a desk may add groups of its own."""

    filter_horizontal = ()

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.name in roles.ROLES)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.name in roles.ROLES)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None: deleting many at once would not ask of each whether it is a role."""
        return {}


@admin.register(AccessAttempt)
class FailedLoginAdmin(ReadOnlyAdmin):
    """Wrong passwords of a name from an address; deleting the record lets them try again at once."""

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    search_fields = ("username", "ip_address")
    fields = list_display

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("axes.delete_accessattempt"))


@admin.register(AccessLog)
class LoginAdmin(ReadOnlyAdmin):
    """Who logged in from where, and out."""

    list_display = ("username", "ip_address", "attempt_time", "logout_time", "user_agent")
    search_fields = ("username", "ip_address")
    fields = list_display
