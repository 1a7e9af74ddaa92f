"""Decisions: the list by filter, the page of each with its causes and its worth, and the way there from a fill."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from execution.models import Fill, Order
from governance.models import Book, Decision, Deliberation, Hold, Proposal, Rule, Seat
from govsite.access import roles
from govsite.auditing import story as audited
from govsite.auditing.names import slip
from govsite.live.summaries import summaries
from govsite.ops.frame import page_context
from govsite.ops.graph import graph, number_of
from govsite.ops.orders import listed_in
from govsite.ops.reading import reading
from govsite.ops.story import story, undecided
from govsite.ops.words import OUTCOMES, REASONS, because, reason_words, state_words
from ledger import audit
from ledger.errors import LedgerError

PAGE, NEW_COUNTED, UNDECIDED_SHOWN = 50, 99, 10
TRACKS = ("TRADE", "REDUCE")
REST = {"cancelled": "the rest cancelled", "expired": "the rest expired", "rejected": "the rest rejected"}
LOOKS = {"granted": "good", "reduced": "warn", "vetoed": "veto", "expired": "", "refused": ""}
TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
NO_TIME = "this is no time; give it as 2026-01-31T15:00, in UTC"


class Wanted(forms.Form):
    """Which decisions are looked for. Errors name the value and say what there is."""

    outcome = forms.CharField(max_length=32, required=False)
    instrument = forms.CharField(max_length=64, required=False)
    agent = forms.CharField(max_length=200, required=False)
    track = forms.CharField(max_length=32, required=False)
    why = forms.CharField(max_length=200, required=False)
    id = forms.CharField(max_length=300, required=False)
    since = forms.DateTimeField(required=False, input_formats=TIMES, error_messages={"invalid": NO_TIME})
    until = forms.DateTimeField(required=False, input_formats=TIMES, error_messages={"invalid": NO_TIME})
    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)

    def __init__(self, data: QueryDict, *, book: Book | None) -> None:
        super().__init__(data)
        name = book.book if book else ""
        seats = Seat.objects.filter(book=name).order_by("agent").values_list("agent", flat=True)
        rules = Rule.objects.filter(book=name).order_by("rule").values_list("rule", flat=True)
        self.known = {
            "outcome": list(OUTCOMES),
            "instrument": listed_in(book),
            "agent": list(seats),
            "track": list(TRACKS),
            "why": [*rules, *seats, *sorted(REASONS)],
        }

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        for name, known in self.known.items():
            if (value := cleaned.get(name)) and (
                fault := slip("seat or rule" if name == "why" else name, value, known)
            ):
                self.add_error(name, fault)
        return cleaned

    def problems(self) -> list[str]:
        return [f"{name}: {message}" for name, messages in self.errors.items() for message in map(str, messages)]


# --- the list -----------------------------------------------------------------------------------------


@require_GET
@never_cache
@login_required
@permission_required("governance.view_decision", raise_exception=True)
def listed(request: HttpRequest) -> HttpResponse:
    """By filter, the newest first; `?part=new&after=POSITION` says as JSON how many have come since."""
    context = page_context(request, "decisions")
    book = Book.objects.filter(book=context["book"]).first()
    wanted = Wanted(request.GET, book=book)
    problems = wanted.problems()
    rows = None if problems else matching(context["book"], wanted.cleaned_data)
    if request.GET.get("part") == "new":
        return _new(rows, problems, wanted)
    found, more = _page(rows, wanted)
    query = request.GET.copy()
    for name in ("before", "after", "part"):
        query.pop(name, None)
    newest = found[0].ledger_position if found else 0
    return render(
        request,
        "site/decisions.html",
        {
            **context,
            "wanted": wanted,
            "problems": problems,
            "rows": described(found),
            "undecided": _undecided(context["book"]) if not query else [],
            "older": f"?{_with(query, before=found[-1].ledger_position)}" if more else "",
            "newest": f"?{query.urlencode()}",
            "first": not wanted.data.get("before"),
            "newer": f"?{_with(query, part='new', after=newest)}" if rows is not None else "",
            "filtered": [(name, value) for name, value in wanted.data.items() if name in wanted.fields and value],
        },
        status=400 if problems else 200,
    )


def _with(query: QueryDict, **values: object) -> str:
    changed = query.copy()
    for name, value in values.items():
        changed[name] = str(value)
    return changed.urlencode()


def _page(rows: QuerySet[Decision] | None, wanted: Wanted) -> tuple[list[Decision], bool]:
    if rows is None:
        return [], False
    if (before := wanted.cleaned_data["before"]) is not None:
        rows = rows.filter(ledger_position__lt=before)
    found = list(rows.order_by("-ledger_position")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def _new(rows: QuerySet[Decision] | None, problems: list[str], wanted: Wanted) -> JsonResponse:
    if rows is None:
        return JsonResponse({"problems": problems}, status=400)
    after = wanted.cleaned_data["after"] or 0
    found = rows.filter(ledger_position__gt=after).order_by("ledger_position").values_list("ledger_position", flat=True)
    count = len(found[: NEW_COUNTED + 1])
    return JsonResponse({"new": min(count, NEW_COUNTED), "more": count > NEW_COUNTED})


def matching(book: str, said: dict[str, Any]) -> QuerySet[Decision]:
    """Decisions of a book for which all of what was said holds."""
    rows = Decision.objects.filter(book=book)
    for name, column in (
        ("outcome", "outcome"),
        ("instrument", "instrument"),
        ("track", "track"),
        ("since", "decided_at__gte"),
        ("until", "decided_at__lt"),
    ):
        if said[name]:
            rows = rows.filter(**{column: said[name]})
    if said["agent"]:
        mine = Proposal.objects.filter(deliberation_id=OuterRef("deliberation_id"), agent=said["agent"])
        rows = rows.filter(Exists(mine))
    if why := said["why"]:
        rows = rows.filter(Q(reasons__contains=[{"reason": why}]) | Q(reasons__contains=[{"by": why}]))
    return rows.filter(pk__in=named(said["id"])) if said["id"] else rows


def named(text: str) -> list[str]:
    """The decisions that an id speaks of: their own, their deliberation's, proposal's, order's or tick's."""
    found = Decision.objects.filter(Q(pk=text) | Q(correlation_id=text)).values_list("pk", flat=True)
    told = Deliberation.objects.filter(deliberation_id=text).values_list("pk", flat=True)
    meant = [*told, *Proposal.objects.filter(pk=text).values_list("deliberation_id", flat=True)]
    by_round = Decision.objects.filter(deliberation_id__in=meant).values_list("pk", flat=True)
    orders = Order.objects.filter(pk=text).values_list("decision_id", flat=True)
    return [*found[:PAGE], *by_round[:PAGE], *orders]


def described(decisions: list[Decision]) -> list[dict[str, Any]]:
    """What was wanted, what came of it and why, in words."""
    return [
        {
            "row": decision,
            "look": LOOKS.get(decision.outcome, ""),
            "wanted": [_wish(one) for one in told["proposals"]],
            "came": [came_of(one) for one in told["orders"]],
            "why": _why(decision, told["proposals"]),
        }
        for decision, told in zip(decisions, summaries(decisions), strict=True)
    ]


def _wish(proposal: dict[str, Any]) -> str:
    return f"{proposal['agent']}: {proposal['action']} {proposal['instrument']} to {number_of(proposal['target'])}"


def came_of(order: dict[str, Any]) -> str:
    """What was ordered and what became of it; where only a part was filled, of that part too."""
    asked = f"{order['side']} {number_of(order['quantity'])} {order['instrument']}"
    if not order["average"]:
        return f"{asked}: {state_words(order['state'])}"
    if order["state"] == "filled":
        return f"{asked}: filled at {number_of(order['average'])}"
    filled = f"{number_of(order['filled'])} filled at {number_of(order['average'])}"
    return f"{asked}: {filled}, {REST.get(order['state'], 'the rest is under way')}"


def _why(decision: Decision, proposals: list[dict[str, Any]]) -> str:
    """The reason of the first proposal that did not get all it asked for; each reason once."""
    agents = {one["proposal_id"]: one["agent"] for one in proposals}
    granted = decision.outcome in ("granted", "reduced")
    told = dict.fromkeys(
        because(reason["reason"], reason.get("by", ""), agents)
        for reason in decision.reasons
        if reason["reason"] and (not granted or reason["state"] != "GRANTED")
    )
    return "; ".join(list(told)[:2]) or (reason_words("GRANTED") if granted else "")


def _undecided(book: str) -> list[Deliberation]:
    """Rounds that have no decision (yet)."""
    return list(Deliberation.objects.filter(book=book, outcome="").order_by("-recorded_at")[:UNDECIDED_SHOWN])


# --- one decision -------------------------------------------------------------------------------------


@require_GET
@login_required
@permission_required("governance.view_decision", raise_exception=True)
def decision(request: HttpRequest, decision_id: str) -> HttpResponse:
    """The permanent page of a decision; `?part=story` gives the tables alone, `?part=summary` its line as JSON. The id
    of a deliberation or of an order leads to its decision; a round without one has its page here."""
    found = None if "\0" in decision_id else Decision.objects.filter(pk=decision_id).first()
    if found is None:
        return _elsewhere(request, decision_id)
    part = request.GET.get("part")
    if part == "summary":
        return JsonResponse(summaries([found])[0])
    if part == "story":
        return render(request, "site/story.html", story(found))
    context = {**story(found), "look": LOOKS.get(found.outcome, ""), "key": found.pk}
    return _told(request, context, found.pk)


def _elsewhere(request: HttpRequest, text: str) -> HttpResponse:
    if "\0" in text:  # PostgreSQL takes no such text
        raise Http404("There is no such decision.")
    if meant := named(text):
        return redirect("decision", meant[0])
    hold = Hold.objects.filter(pk=text).first()
    rounds = Q(pk=hold.deliberation_id) if hold else Q(deliberation_id=text)
    round_ = Deliberation.objects.filter(rounds).first()
    if round_ is None:
        raise Http404("There is no such decision, deliberation or order.")
    return _told(request, {**undecided(round_), "look": "warn", "key": text}, round_.deliberation_id)


def _told(request: HttpRequest, context: dict[str, Any], wanted: str) -> HttpResponse:
    explained = explain(wanted)
    page = {
        **page_context(request, "decisions"),
        **context,
        **explained,
        "anchors": True,
        "explorer": request.user.has_perm(roles.EXPLORE),
        "graph": graph({**context, **explained}),
    }
    return render(request, "site/decision.html", page)


def explain(wanted: str) -> dict[str, Any]:
    """The ledger's own story: every event in order, and what the market made of it. A ledger that cannot be read is
    said, and the read models are shown all the same."""
    try:
        with reading() as connection:
            found = audit.explain(connection, wanted)
    except LedgerError as error:
        return {"events": [], "worth": [], "trouble": str(error)}
    if found is None:
        return {"events": [], "worth": [], "trouble": "The ledger has no such decision: run `manage.py audit verify`."}
    told = audited.document(found)
    return {
        "events": told["events"],
        "worth": [{"order_id": one["ticket"].order_id, **one} for one in told["orders"]],
        "answers": [
            {
                **one,
                "paid": one["outcome"].y,
                "gain_bp": None if one["outcome"].gain is None else one["outcome"].gain * 1e4,
            }
            for one in told["proposals"]
            if one["outcome"] is not None
        ],
        "scores": told["worth"]["scores"],
        "bucket": told["worth"],
        "trouble": "",
    }


# --- from a fill or an order --------------------------------------------------------------------------


@require_GET
@login_required
@permission_required("execution.view_order", raise_exception=True)
def why_fill(request: HttpRequest, event_id: str) -> HttpResponse:
    """To the decision of a fill, by the id of its event."""
    try:
        found = Fill.objects.filter(pk=UUID(event_id)).first()
    except ValueError:
        raise Http404("The id of a fill is that of its event in the ledger, a UUID.") from None
    return _to_decision(found.decision_id if found else "", "fill")


@require_GET
@login_required
@permission_required("execution.view_order", raise_exception=True)
def why_order(request: HttpRequest, order_id: str) -> HttpResponse:
    found = None if "\0" in order_id else Order.objects.filter(pk=order_id).first()
    return _to_decision(found.decision_id if found else "", "order")


def _to_decision(decision_id: str, what: str) -> HttpResponse:
    if not decision_id:
        raise Http404(f"There is no such {what}, or no decision is known of it.")
    return redirect("decision", decision_id)
