"""What stands in the way of trading, at the top of every page of the admin; what makes a form one command."""

from __future__ import annotations

import uuid
from typing import Any

from django import template
from django.utils.html import format_html

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


@register.simple_tag
def once() -> str:
    """In every form that becomes a command: the `token` of `govsite.ops.sending.ReasonForm`."""
    return format_html('<input type="hidden" name="token" value="{}">', uuid.uuid4())
