"""Forms of seats: a weight, the seat of a newcomer, the signals that declare a rule seat."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
from django import forms

from governance.domain.changes import SEAT_NAME
from governance.domain.council import GUARDS
from govsite.govern.trying import problems_of
from govsite.ops.change_asking import ChangeForm
from govsite.ops.rule_forms import RowSet, excerpt, rows_of
from rules.sandbox import Problem
from streams.changes import GrantSeat
from streams.events import Role

ROLES = [(role, role) for role in get_args(Role)]


class WeightForm(ChangeForm):
    weight = forms.DecimalField(
        label="Weight, percent of the mass", min_value=Decimal(0), max_value=Decimal(100), max_digits=9,
        decimal_places=4, help_text="From 0 to 100, in all three copies; the others keep their ratios",
    )  # fmt: skip
    field_order = ("weight", "reason")


class KeyForm(ChangeForm):
    public = forms.RegexField(
        "^([0-9a-f]{64})?$", required=False, label="Public key of the party that holds the seat",
        help_text="64 hexadecimal digits, as `manage.py seatkey` prints them; empty for a new key of the house",
        error_messages={"invalid": "An Ed25519 public key has 64 hexadecimal digits (0-9, a-f)."},
    )  # fmt: skip
    field_order = ("public", "reason")


class GrantForm(ChangeForm):
    agent = forms.CharField(max_length=64, help_text="Letters, digits, dots, dashes and underscores; it is for ever")
    role = forms.ChoiceField(choices=ROLES)
    owner = forms.CharField(max_length=64, help_text="Who runs it: the cap on mass is per owner")
    required = forms.BooleanField(
        label="Must vote",
        required=False,
        help_text="Only a guard (risk, compliance): nothing passes without its ballot",
    )
    field_order = ("agent", "role", "owner", "required", "reason")

    def clean_agent(self) -> str:
        agent = str(self.cleaned_data["agent"])
        if not SEAT_NAME.fullmatch(agent):
            raise forms.ValidationError("A name begins with a letter or digit; dots, dashes, underscores may follow.")
        return agent

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get("required") and said.get("role") not in GUARDS:
            self.add_error("required", "Only a guard (risk, compliance) can be required: others hold mass instead.")
        return said


class SignalForm(forms.Form):
    name = forms.CharField(max_length=64)
    when = forms.CharField(max_length=2_000, strip=False, widget=forms.Textarea(attrs={"rows": 2}))
    score = forms.CharField(max_length=2_000, strip=False, widget=forms.Textarea(attrs={"rows": 2}))


SignalSet = forms.formset_factory(
    SignalForm, RowSet, extra=2, max_num=16, validate_max=True, absolute_max=32, can_delete=True
)


def grant_of(form: GrantForm, signals: Any) -> GrantSeat | None:
    """The seat that the valid forms ask for, its texts tried in the sandbox; None with the errors at their fields."""
    said = {name: form.cleaned_data[name] for name in ("agent", "role", "owner", "required")}
    declared = rows_of(signals)
    if (said["role"] == "rule") != bool(declared):
        form.add_error("role", "A rule seat is declared by at least one signal, other seats by none.")
        return None
    try:
        change = msgspec.convert({"kind": "GrantSeat", **said, "signals": declared}, GrantSeat)
    except msgspec.ValidationError as error:
        form.add_error(None, str(error))
        return None
    problems = problems_of(change)
    for problem in problems:
        _place(problem, form, signals)
    return None if problems else change


def _place(problem: Problem, form: GrantForm, signals: Any) -> None:
    name, _, key = problem.field.removeprefix("signals: ").rpartition(": ")
    for row in signals.forms:
        if row.cleaned_data.get("name") == name and key in row.fields and not row.cleaned_data.get("DELETE"):
            row.add_error(key, excerpt(problem, row.cleaned_data[key]))
            return
    form.add_error(None, f"{problem.field}: {problem.message}")
