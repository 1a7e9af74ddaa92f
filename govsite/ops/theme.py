"""How the admin looks; read by the settings, so nothing of Django is used here."""

from __future__ import annotations

from typing import Any

PRIMARY = {
    "50": "oklch(97.5% .015 180)",
    "100": "oklch(94% .035 180)",
    "200": "oklch(88% .06 180)",
    "300": "oklch(80% .085 180)",
    "400": "oklch(72% .1 180)",
    "500": "oklch(60% .095 180)",
    "600": "oklch(50% .085 180)",
    "700": "oklch(43% .072 180)",
    "800": "oklch(36% .058 180)",
    "900": "oklch(30% .046 180)",
    "950": "oklch(22% .034 180)",
}
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Governed market",
    "SITE_HEADER": "Governed market",
    "SITE_SUBHEADER": "Records, to be read",
    "SITE_SYMBOL": "gavel",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "LOGIN": {"form": "govsite.access.login.LoginForm"},
    "ENVIRONMENT": "govsite.ops.sidebar.environment",
    "COLORS": {"primary": PRIMARY},
    "SIDEBAR": {"show_search": True, "navigation": "govsite.ops.sidebar.navigation"},
}
