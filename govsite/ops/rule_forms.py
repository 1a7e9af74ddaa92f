"""The form of a rule as operators edit it: its fields, its clauses and its examples, with errors at their place."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms

from govsite.govern.trying import Unsound, check_examples, problems_of
from govsite.ops.change_asking import ChangeForm
from rules.sandbox import Problem
from streams.changes import ActivateRule

EFFECTS = [(effect, effect) for effect in ("deny", "clip", "hold", "warn")]
VERDICTS = [(verdict, verdict) for verdict in ("passes", "breaches", "exempt")]


class RuleForm(ChangeForm):
    title = forms.CharField(max_length=200)
    effect = forms.ChoiceField(choices=EFFECTS)
    clip_to = forms.CharField(max_length=2_000, required=False, help_text="CEL, a DOUBLE; only with the effect clip")
    exempt_risk_reducing = forms.BooleanField(label="Exempt what only reduces risk", required=False)
    shadow = forms.BooleanField(required=False, help_text="Evaluated and traced, without effect")


class NewRuleForm(RuleForm):
    """`rule` is its name for ever; a book has one rule of a name, retired ones included."""

    rule = forms.CharField(label="Name", max_length=64, help_text="For ever: its versions and the traces carry it")
    field_order = ("rule", "title")


class ClauseForm(forms.Form):
    name = forms.CharField(max_length=64)
    cel = forms.CharField(
        label="Text (CEL, a BOOL)", max_length=2_000, strip=False, widget=forms.Textarea(attrs={"rows": 3, "cols": 80})
    )


class ExampleForm(forms.Form):
    name = forms.CharField(max_length=64)
    facts = forms.JSONField(required=False, initial=dict, widget=forms.Textarea(attrs={"rows": 2, "cols": 80}))
    verdict = forms.ChoiceField(choices=VERDICTS, initial="breaches")

    def clean_facts(self) -> Any:
        facts = self.cleaned_data["facts"] or {}
        if not isinstance(facts, dict):
            raise forms.ValidationError('Facts are a JSON object, for example {"order.notional": 1000.0}.')
        try:
            raw = msgspec.json.encode(facts)
        except (UnicodeEncodeError, RecursionError) as error:
            raise forms.ValidationError("Facts have a text that is no Unicode, or are nested too deeply.") from error
        if len(raw) > 10_000 or rb"\u0000" in raw:
            raise forms.ValidationError("Facts are at most 10,000 bytes, without NUL characters.")
        return facts


class RowSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """Rows that may be left out of the next version; nothing is deleted by that."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = "Leave it out"


ClauseSet = forms.formset_factory(
    ClauseForm,
    RowSet,
    extra=2,
    max_num=16,
    min_num=1,
    validate_max=True,
    validate_min=True,
    absolute_max=32,
    can_delete=True,
)
ExampleSet = forms.formset_factory(
    ExampleForm, RowSet, extra=2, max_num=64, validate_max=True, absolute_max=128, can_delete=True
)


def change_of(rule: str, form: forms.Form, clauses: Any, examples: Any) -> ActivateRule | None:
    """The change that the valid forms ask for, tried in the sandbox; None with the errors at their fields."""
    said = {key: form.cleaned_data[key] for key in ("title", "effect", "clip_to", "exempt_risk_reducing", "shadow")}
    said |= {"kind": "ActivateRule", "rule": rule, "clauses": rows_of(clauses), "examples": rows_of(examples)}
    try:
        change = msgspec.convert(said, ActivateRule, strict=True)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        form.add_error(place.rstrip("`") if place.rstrip("`") in form.fields else None, text)
        return None
    problems = problems_of(change)
    for problem in problems:
        _place(problem, form, clauses)
    if problems:
        return None
    try:
        check_examples(change)
    except Unsound as error:
        form.add_error(None, str(error))
        return None
    return change


def excerpt(problem: Problem, text: str) -> str:
    """What is wrong, with the line it stands in and a caret below its column."""
    lines = text.splitlines()
    if not 1 <= problem.line <= len(lines):
        return problem.message
    caret = " " * max(0, problem.column - 1) + "^"
    return f"{problem.message} (line {problem.line}, column {problem.column})\n{lines[problem.line - 1]}\n{caret}"


def rows_of(formset: Any) -> list[dict[str, Any]]:
    kept = [form.cleaned_data for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    return [{key: value for key, value in row.items() if key != "DELETE"} for row in kept]


def _place(problem: Problem, form: forms.Form, clauses: Any) -> None:
    kind, _, name = problem.field.partition(": ")
    for row in clauses.forms if kind == "clauses" else ():
        if row.cleaned_data.get("name") == name and not row.cleaned_data.get("DELETE"):
            row.add_error("cel", excerpt(problem, row.cleaned_data["cel"]))
            return
    if kind == "clip_to":
        form.add_error("clip_to", excerpt(problem, form.cleaned_data["clip_to"]))
    else:
        form.add_error(None, f"{problem.field}: {problem.message}")
