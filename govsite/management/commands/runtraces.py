"""Sends every decision as a trace to an OpenTelemetry collector."""

from __future__ import annotations

import argparse
import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis import RedisError

from govsite.tracing import ENDPOINTS
from govsite.tracing.following import follow
from ledger.session import PATIENCE
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import Telemetry

if TYPE_CHECKING:
    from govsite.tracing.exporting import Collector

LOST_S = 1.0
EXAMPLES = """
What it does:
  follows the ledger from now on. Three seconds after a decision its story becomes one trace: from the tick over the
  deliberation and the commit to the fills there are by then, with times that are all the ledger's. The trace id is the
  first 32 hexadecimal digits of the SHA-256 of the decision's id. Nothing that governs or trades waits for it.

Where to (the standard variables of OpenTelemetry; OTLP over HTTP):
  OTEL_EXPORTER_OTLP_ENDPOINT   http://localhost:4318; without it this command does not start
  OTEL_EXPORTER_OTLP_HEADERS    api-key=…
  OTEL_SERVICE_NAME             govsite, unless told

While the collector is down the newest 20,000 spans wait, and each is tried again for ten minutes; what is dropped is
counted and logged. `make run` starts it where the endpoint is set.

Examples:
  manage.py runtraces --check     # 0: the collector takes traces, 1: it does not, 2: none is set
  manage.py runtraces
"""
log = logging.getLogger(__name__)


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Sends decisions as traces to an OpenTelemetry collector"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES
        parser.add_argument("--check", action="store_true", help="say whether the collector takes traces, and end")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        endpoint = check_endpoint()
        # Here, because no other process needs the SDK.
        from govsite.tracing.exporting import SERVICE, Collector, refusal

        if check:
            if why := refusal():
                raise CommandError(f"The collector at {endpoint} does not take traces: {why}", returncode=1)
            self.stdout.write(f"The collector at {endpoint} takes traces.")
            return
        stop = Stop().install()
        collector = Collector(os.environ.get("OTEL_SERVICE_NAME") or SERVICE)
        telemetry = Telemetry(connect(settings.REDIS_URL), "traces")
        try:
            self._run(collector, telemetry, stop)
        finally:
            collector.close()
            telemetry.leave()

    def _run(self, collector: Collector, telemetry: Telemetry, stop: Stop) -> None:
        places: dict[int, int] = {}

        def beat() -> None:
            telemetry.counters["spans_sent"] = collector.sent
            telemetry.counters["spans_dropped"] = collector.dropped
            telemetry.gauges["spans_waiting"] = collector.waiting
            telemetry.beat()

        while not stop:
            try:
                with psycopg.connect(settings.DATABASE_URL, autocommit=True, **PATIENCE) as connection:
                    follow(connection, collector, stop, places, beat)
            except (psycopg.OperationalError, RedisError) as error:
                log.warning("starting over: %s", str(error).strip() or type(error).__name__)
                stop.wait(LOST_S)


def check_endpoint() -> str:
    """Where traces go. Raises CommandError where there is no collector to send to."""
    named = {name: os.environ[name] for name in ENDPOINTS if os.environ.get(name)}
    if not named:
        raise CommandError(
            "There is no collector to send to: set OTEL_EXPORTER_OTLP_ENDPOINT, e.g. http://localhost:4318",
            returncode=2,
        )
    for name, value in named.items():
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
            raise CommandError(f"{name} is {value!r}: write http:// or https://, and a host", returncode=2)
    return next(iter(named.values()))
