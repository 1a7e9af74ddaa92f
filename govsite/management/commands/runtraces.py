"""Sends every decision as a trace to an OpenTelemetry collector."""

from __future__ import annotations

import argparse
import logging
import os
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from govsite.tracing import ENDPOINTS
from govsite.tracing.following import follow
from ledger.session import PATIENCE
from streams.stopping import Stop

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

`make run` starts it where the endpoint is set.
"""
log = logging.getLogger(__name__)


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Sends decisions as traces to an OpenTelemetry collector"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLES

    def handle(self, *args: Any, **options: Any) -> None:
        check_endpoint()
        # Here, because no other process needs the SDK.
        from govsite.tracing.exporting import SERVICE, Collector

        stop = Stop().install()
        collector = Collector(os.environ.get("OTEL_SERVICE_NAME") or SERVICE)
        places: dict[int, int] = {}
        try:
            while not stop:
                try:
                    with psycopg.connect(settings.DATABASE_URL, autocommit=True, **PATIENCE) as connection:
                        follow(connection, collector, stop, places)
                except psycopg.OperationalError as error:
                    log.warning("starting over: %s", str(error).strip() or type(error).__name__)
                    stop.wait(LOST_S)
        finally:
            collector.close()


def check_endpoint() -> None:
    """Raises CommandError where there is no collector to send to."""
    named = {name: os.environ[name] for name in ENDPOINTS if os.environ.get(name)}
    if not named:
        raise CommandError(
            "There is no collector to send to: set OTEL_EXPORTER_OTLP_ENDPOINT, e.g. http://localhost:4318",
            returncode=2,
        )
    for name, value in named.items():
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
            raise CommandError(f"{name} is {value!r}: write http:// or https://, and a host", returncode=2)
