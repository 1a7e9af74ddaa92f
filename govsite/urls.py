"""Every address of the site."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from govsite.api.views import api
from govsite.ops import commanding, governing, health, market_page, pages

urlpatterns = [
    path("", pages.live, name="live"),
    path("live/snapshot/", pages.live_snapshot, name="live-snapshot"),
    path("decisions/<path:decision_id>/", pages.decision, name="decision"),
    path("market/", market_page.page, name="market"),
    path("market/panels/", market_page.panels, name="market-panels"),
    path("market/state/", market_page.state, name="market-state"),
    path("agents/", governing.agents, name="agents"),
    path("agents/<str:name>/", governing.agent, name="agent"),
    path("changes/", governing.changes, name="changes"),
    path("changes/<path:change_id>/approve/", governing.decide_change, {"verdict": "approve"}, name="approve-change"),
    path("changes/<path:change_id>/refuse/", governing.decide_change, {"verdict": "refuse"}, name="refuse-change"),
    path("holds/", governing.holds, name="holds"),
    path("holds/<path:decision_id>/release/", governing.decide_hold, {"verdict": "release"}, name="release-hold"),
    path("holds/<path:decision_id>/refuse/", governing.decide_hold, {"verdict": "refuse"}, name="refuse-hold"),
    path("dead-letters/", pages.dead_letters, name="dead-letters"),
    path("halt/", commanding.halt, name="halt"),
    path("resume/", commanding.resume, name="resume"),
    path("commands/<str:command_id>/", commanding.command, name="command"),
    path("favicon.ico", RedirectView.as_view(url=static("site/icon.svg"))),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]
