"""What stands in the way of trading, at the top of every page of the admin."""

from __future__ import annotations

from typing import Any

from django import template

from govsite.ops import frame, halting, standing
from govsite.ops.halting import Banner

register = template.Library()


@register.inclusion_tag("site/admin_banners.html", takes_context=True)
def desk_banners(context: template.Context) -> dict[str, Any]:
    """The mode of the book that the console shows, then what else is halted or suspended."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return {"banners": []}
    state = halting.page_state(request, frame.chosen_book(request, standing.books()))
    mode = state["mode"]
    own = [Banner("mode", mode["look"], mode["icon"], mode["text"])] if mode["text"] else []
    return {"banners": [*own, *state["banners"]]}
