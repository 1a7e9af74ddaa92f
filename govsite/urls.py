"""Every address of the site."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from govsite.access.login import login
from govsite.api import docs_page, root
from govsite.dashboard import views as dashboard
from govsite.ops import (
    alarms,
    books,
    change_page,
    commanding,
    confirming,
    decisions,
    desk,
    explorer,
    feed_page,
    governing,
    health,
    letter_page,
    letters,
    limits,
    market_page,
    metrics,
    orders,
    pages,
    past,
    rule_page,
    rule_versions,
    seat_page,
    term_page,
    verifying,
    why,
)

urlpatterns = [
    path("", pages.live, name="live"),
    path("live/snapshot/", pages.live_snapshot, name="live-snapshot"),
    path("decisions/", decisions.listed, name="decisions"),
    path("decisions/<path:decision_id>/", decisions.decision, name="decision"),
    path("fills/<str:event_id>/why/", decisions.why_fill, name="why-fill"),
    path("ledger/", explorer.listed, name="ledger"),
    path("ledger/export/", explorer.export, name="ledger-export"),
    path("ledger/at/", past.page, name="past"),
    path("ledger/verify/", verifying.page, name="verify"),
    path("ledger/<str:log>/<int:partition>/<int:position>/", explorer.event, name="ledger-event"),
    path("market/", market_page.page, name="market"),
    path("market/panels/", market_page.panels, name="market-panels"),
    path("market/state/", market_page.state, name="market-state"),
    path("orders/", orders.page, name="orders"),
    path("orders/flatten/", desk.flatten, name="flatten"),
    path("orders/reconcile/", desk.reconcile, name="reconcile"),
    path("orders/cash/", desk.move_cash, name="move-cash"),
    path("orders/adjust/", desk.adjust, name="adjust"),
    path("orders/<path:order_id>/why/", decisions.why_order, name="why-order"),
    path("orders/<path:order_id>/cancel/", desk.cancel, name="cancel-order"),
    path("alarms/", alarms.page, name="alarms"),
    path("alarms/open/", alarms.open_panel, name="open-alarms"),
    path("alarms/clear/", alarms.clear, name="clear-breaker"),
    path("alarms/<path:alarm_id>/acknowledge/", alarms.acknowledge, name="acknowledge-alarm"),
    path("books/", books.page, name="books"),
    path("limits/", limits.page, name="limits"),
    path("why/", why.page, name="why"),
    path("feed/", feed_page.page, name="feed"),
    path("feed/switch/", feed_page.switch, name="switch-source"),
    path("agents/", governing.agents, name="agents"),
    path("agents/<path:name>/", governing.agent, name="agent"),
    path("changes/", governing.changes, name="changes"),
    path("changes/<path:change_id>/approve/", governing.decide_change, {"verdict": "approve"}, name="approve-change"),
    path("changes/<path:change_id>/refuse/", governing.decide_change, {"verdict": "refuse"}, name="refuse-change"),
    path("holds/", governing.holds, name="holds"),
    path("holds/<path:decision_id>/release/", governing.decide_hold, {"verdict": "release"}, name="release-hold"),
    path("holds/<path:decision_id>/refuse/", governing.decide_hold, {"verdict": "refuse"}, name="refuse-hold"),
    path("dead-letters/", letters.listed, name="dead-letters"),
    path("dead-letters/<str:entry_id>/", letter_page.letter, name="dead-letter"),
    path("dead-letters/<str:entry_id>/again/", letter_page.resubmit, name="resubmit-letter"),
    path("halt/", commanding.halt, name="halt"),
    path("lift/", commanding.lift, name="lift"),
    path("resume/", commanding.resume, name="resume"),
    path("commands/<str:command_id>/", commanding.command, name="command"),
    path("second-factor/", confirming.show, name="second-factor"),
    path("second-factor/enrol/", confirming.enrol, name="enrol"),
    path("second-factor/codes/", confirming.backup_codes, name="backup-codes"),
    path("favicon.ico", RedirectView.as_view(url=static("site/icon.svg"))),
    path("dashboard/", dashboard.served, name="dashboard"),
    path("dashboard/<path:address>", dashboard.served),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/docs", docs_page.page, name="api-docs"),
    path("api/v1/", root.urls),
    path("admin/login/", login),  # before the admin's own, which is for staff only
    *(
        path(f"admin/governance/{address}", admin.site.admin_view(view), name=name)
        for address, view, name in (
            ("rule/new/", rule_page.add, "rule-add"),
            ("rule/<uuid:rule_id>/edit/", rule_page.edit, "rule-edit"),
            ("rule/<uuid:rule_id>/retire/", rule_page.retire, "rule-retire"),
            ("rule/<uuid:rule_id>/versions/", rule_versions.page, "rule-versions"),
            ("seat/new/", seat_page.grant, "seat-grant"),
            ("seat/<uuid:seat_id>/act/<slug:what>/", seat_page.act, "seat-act"),
            ("book/<path:book>/terms/", term_page.listed, "terms"),
            ("book/<path:book>/terms/<slug:name>/", term_page.edit, "term-edit"),
            ("changerequest/<uuid:aggregate_id>/decide/", change_page.page, "change-page"),
        )
    ),
    path("admin/", admin.site.urls),
]
