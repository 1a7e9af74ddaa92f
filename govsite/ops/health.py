"""Health for supervisors: is the process alive, and can it serve."""

from __future__ import annotations

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from govsite.ops.market import REDIS_PATIENCE_S
from streams.client import connect


def livez(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"alive": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when PostgreSQL has the tables and Redis answers; else 503 with what is missing."""
    checks = {"postgresql": _postgresql(), "redis": _redis()}
    ready = all(state == "ok" for state in checks.values())
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT to_regclass('event_log') IS NOT NULL AND to_regclass('governance_decision') IS NOT NULL"
            )
            return "ok" if cursor.fetchone() == (True,) else "not migrated"
    except (DatabaseError, psycopg.Error):
        return "does not answer"


def _redis() -> str:
    try:
        with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
            connected.ping()
    except (redis.RedisError, ValueError):
        return "does not answer"
    return "ok"
