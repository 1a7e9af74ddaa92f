"""The feed: where prices come from, how it fares, and putting another source in the place of live."""

from __future__ import annotations

from typing import Any, get_args

import redis
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from feeds.control import PATIENCE_S, Unanswered, a_wish, ask
from governance.models import Book
from govsite.ops import market, market_page
from govsite.ops.frame import page_context
from govsite.ops.posting import by_form
from govsite.ops.sending import LONGEST_ACTOR, ReasonForm, actor, may
from streams.client import connect
from streams.messages import Source

SWITCHES = {
    "live": "Live prices again: the market as it is now. What stood in for them ends.",
    "replay": "A recording in the place of live prices, until somebody switches back.",
    "synthetic": "A made-up market in the place of live prices, until somebody switches back.",
}


class SwitchForm(ReasonForm):
    source = forms.ChoiceField(
        choices=[(name, name) for name in get_args(Source)],
        error_messages={
            "required": f"Say which source: {', '.join(get_args(Source))}.",
            "invalid_choice": f"There is no such source; there are: {', '.join(get_args(Source))}.",
        },
    )


@require_GET
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "site/feed.html", _context(request))


@by_form("feed")
def switch(request: HttpRequest) -> HttpResponse:
    """Asks the feed that runs; it tells the governor, which puts books to REDUCE_ONLY where live data is lost to
    them. What the feed answered is said on the page that follows."""
    may(request, "governance.switch_source", "switch the source of prices")
    form = SwitchForm(request.POST)
    if not form.is_valid():
        errors = [str(error) for messages_ in form.errors.values() for error in messages_]
        return render(request, "site/feed.html", {**_context(request), "errors": errors}, status=400)
    said = form.cleaned_data
    # The feed puts the name before the reason and keeps 500 characters of both.
    wish = a_wish("source", actor=actor(request)[:LONGEST_ACTOR], source=said["source"], reason=said["reason"])
    try:
        with connect(settings.REDIS_URL, timeout_s=PATIENCE_S + 1) as connected:
            answer = ask(connected, wish)
    except Unanswered:
        messages.error(request, f"No feed has answered within {PATIENCE_S:.0f} s: nothing was switched.")
    except (redis.RedisError, ValueError):
        messages.error(request, "Redis does not answer, so the feed cannot be reached: nothing was switched.")
    else:
        (messages.success if answer.done else messages.error)(
            request, f"{'Done' if answer.done else 'Refused'}: {answer.text}."
        )
    return redirect("feed")


def _context(request: HttpRequest) -> dict[str, Any]:
    feed, trouble = market.heartbeat()
    told = None if feed is None else market_page.feed_words(feed)
    current = "" if told is None else told["source"]
    return {
        **page_context(request, "feed"),
        "feed": told,
        "trouble": trouble,
        "switches": [(name, SWITCHES[name]) for name in get_args(Source) if name != current],
        "consequences": [consequence(book) for book in Book.objects.order_by("book")],
        "may": request.user.has_perm("governance.switch_source"),
        "current": current,
    }


def consequence(book: Book) -> dict[str, str]:
    """What another source does to a book. The governor goes by whether it has ever seen live data; the read model
    knows the source that it saw last."""
    seen = f"The last prices that it has seen are {book.source}." if book.source else "It has seen no prices yet."
    if book.terms.get("live_only"):
        leaving = "REDUCE_ONLY at once, and its rules refuse whatever takes on risk: it trades on live data only."
    elif book.source == "live":
        leaving = "REDUCE_ONLY at once: what was bought on the market cannot be judged by other prices."
    else:
        leaving = "Nothing, unless it has traded on live data before; then REDUCE_ONLY."
    back = "After 30 s of live data it trades normally again by itself, unless another breaker is tripped."
    return {"book": book.book, "seen": seen, "leaving": leaving, "back": back}
