"""The market's page, and what every page asks each second: what there is to know of the data."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from govsite.ops import halting, market, market_words, notices, standing
from govsite.ops.frame import chosen_book, page_context
from govsite.ops.words import SOURCES
from market.domain.bars import MINUTE_S, WIDTHS_S

WIDTHS = {"1": "1 s", "60": "1 min"}
SOURCE_LOOKS = {"live": "good", "replay": "warn", "synthetic": "veto"}


@require_GET
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "site/market.html", {**page_context(request, "market"), **_context(request)})


@require_GET
@never_cache
@login_required
def panels(request: HttpRequest) -> HttpResponse:
    """What changes on the page, to be put in the place of what is there."""
    return render(request, "site/market_panels.html", _context(request))


@require_GET
@never_cache
@login_required
def state(request: HttpRequest) -> JsonResponse:
    """What everybody has to know now, for the top of every page: of the market, and of the book that it shows."""
    told = market.told(*market.heartbeat())
    desk = halting.browser_state(request, chosen_book(request, standing.books()))
    return JsonResponse({"at": time.time_ns() // 1_000_000, "notices": msgspec.to_builtins(told), **desk})


def _context(request: HttpRequest) -> dict[str, Any]:
    width_s = int(request.GET["width"]) if request.GET.get("width") in WIDTHS else MINUTE_S
    book = standing.first_book()
    feed, trouble = market.heartbeat()
    return {
        "width": width_s,
        "widths": [(each, WIDTHS[str(each)]) for each in WIDTHS_S],
        "instruments": market.instruments(book, width_s),
        "trouble": trouble,
        "feed": None if feed is None else feed_words(feed),
    }


def feed_words(report: Mapping[str, Any]) -> dict[str, Any]:
    """What a feed says of itself, as the pages show it."""
    gauges = report["gauges"]
    source = str(gauges.get("source", ""))
    return {
        "state": report["state"],
        "source": source,
        "look": SOURCE_LOOKS.get(source, ""),
        "words": SOURCES.get(source, "It has not said yet where prices come from."),
        "mode": gauges.get("mode", ""),
        "stands_in": notices.stands_in(gauges),
        "memory": report["rss_mb"],
        **market.times(gauges),
        "figures": list(market_words.figures(gauges)),
        "counters": list(market_words.counters(report["counters"])),
        "progress": gauges.get("progress"),
    }
