"""What stands in the admin's sidebar, and the mode of the book at the top of each of its pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from govsite.ops import halting, standing
from govsite.ops.frame import chosen_book, places

LABELS = {"good": "success", "warn": "warning", "bad": "danger"}
GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Governance",
        (
            ("Decisions", "gavel", "governance_decision"),
            ("Deliberations", "forum", "governance_deliberation"),
            ("Proposals", "lightbulb", "governance_proposal"),
            ("Holds", "front_hand", "governance_hold"),
            ("Books", "book_2", "governance_book"),
            ("Instruments", "candlestick_chart", "governance_instrumentstate"),
            ("Council", "groups", "governance_seat"),
            ("Weights", "balance", "governance_seatweight"),
            ("Scores", "scoreboard", "governance_councilscore"),
            ("Outcomes", "flag_circle", "governance_outcome"),
            ("Rules", "rule", "governance_rule"),
            ("Rule versions", "history", "governance_ruleversion"),
            ("Change requests", "rule_settings", "governance_changerequest"),
            ("Breakers", "electrical_services", "governance_breakerstate"),
            ("Alarms", "notifications", "governance_alarm"),
            ("Feed gaps", "broken_image", "governance_feedgap"),
        ),
    ),
    ("Market", (("Bars", "candlestick_chart", "market_bar"), ("Listings", "list_alt", "market_venuelisting"))),
    (
        "Execution",
        (
            ("Orders", "receipt_long", "execution_order"),
            ("Fills", "task_alt", "execution_fill"),
            ("Positions", "donut_small", "execution_position"),
            ("Accounts", "account_balance_wallet", "execution_account"),
        ),
    ),
    (
        "Ledger",
        (
            ("Entries", "database", "ledger_ledgerevent"),
            ("Heads", "flag", "ledger_head"),
            ("Gate", "block", "ledger_gatemode"),
            ("Consumed commands", "inbox", "ledger_inboxcommand"),
            ("Operators' commands", "outbox", "ledger_outboxcommand"),
        ),
    ),
    (
        "People",
        (
            ("Users", "person", "auth_user"),
            ("Groups", "group", "auth_group"),
            ("Failed logins", "lock", "axes_accessattempt"),
            ("Logins", "login", "axes_accesslog"),
        ),
    ),
)


def environment(request: HttpRequest) -> list[str]:
    """The mode of the book, beside the HALT button of every page of the admin."""
    mode = halting.page_state(request, chosen_book(request, standing.books()))["mode"]
    return [str(mode["title"]), LABELS[mode["look"]]]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    pages = [page for group in places(request) for page in group["pages"]]
    halt = {"title": "Halt", "icon": "dangerous", "address": reverse("halt")}
    now = [
        {"title": page["title"], "icon": page["icon"], "link": page["address"], "active": False}
        for page in (*pages, halt)
    ]
    groups = [
        {
            "title": title,
            "separator": True,
            "items": [
                {"title": name, "icon": icon, "link": reverse(f"admin:{model}_changelist")}
                for name, icon, model in items
                if request.user.has_perm(_seeing(model))
            ],
        }
        for title, items in GROUPS
    ]
    return [{"title": "Now", "items": now}, *(group for group in groups if group["items"])]


def _seeing(model: str) -> str:
    """The right to see the records of a model, named as in its address."""
    app, _, name = model.partition("_")
    return f"{app}.view_{name}"
