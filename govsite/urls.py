"""Every address of the site."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from govsite.ops import commanding, health, pages

urlpatterns = [
    path("", pages.live, name="live"),
    path("live/snapshot/", pages.live_snapshot, name="live-snapshot"),
    path("decisions/<path:decision_id>/", pages.decision, name="decision"),
    path("dead-letters/", pages.dead_letters, name="dead-letters"),
    path("halt/", commanding.halt, name="halt"),
    path("resume/", commanding.resume, name="resume"),
    path("commands/<str:command_id>/", commanding.command, name="command"),
    path("favicon.ico", RedirectView.as_view(url=static("site/icon.svg"))),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
]
