"""`manage.py runagents`: the seats of a council, one process for all of them or for some."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agents.demo import DEMO_COUNCIL, SeatPlan, bench_council
from agents.worker import Worker, process_name
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import lives

EPILOG = """\
Agents watch market.ticks and propose trades to governance.commands; they answer every proposal that the governor
announces on governance.deliberations with one ballot, and know cash and positions from the execution log. What they
send is a proposal or an opinion, never an order.

councils:
  demo    fast-momentum, slow-momentum, mean-reversion, order-flow, anomaly, rule; risk and compliance watch over them
  bench   six metronomes that approve everything, for load tests: one proposes with every N-th tick (--metronome N)

The book must have been founded with the same council (manage.py stack prepare, manage.py seed). Without Redis or
PostgreSQL the process says what it waits for, and goes on from the ledger when they are back.

examples:
  manage.py runagents                                   all seats of the demo council until SIGTERM
  manage.py runagents --only risk,compliance            the guards in a process of their own
  manage.py runagents --council bench --metronome 60    a proposal with every 60th tick
  manage.py runagents --record var/rec/agents.jsonl     also keep everything the seats were given and answered
  manage.py runagents --check                           exit 0 if the agents are alive, else 1
"""


class Command(BaseCommand):
    requires_system_checks = []
    help = "Runs the agents of a council: they propose, amend and vote."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.add_argument("--book", default="demo", help="the book whose council it is (default: demo)")
        parser.add_argument("--council", choices=("demo", "bench"), default="demo", help="which seats (default: demo)")
        parser.add_argument("--only", default="", metavar="A,B", help="run only these seats, by name")
        parser.add_argument("--metronome", type=int, metavar="N", help="bench: propose with every N-th tick")
        parser.add_argument("--record", type=Path, metavar="FILE", help="append every message, time and answer to FILE")
        parser.add_argument("--check", action="store_true", help="only tell whether the agents are alive")
        parser.add_argument("--data-dir", help="where the embedded stack lives (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        only = tuple(name for name in options["only"].split(",") if name)
        plans = chosen_plans(options["council"], options["metronome"])
        if unknown := sorted(set(only) - {plan.name for plan in plans}):
            names = ", ".join(plan.name for plan in plans)
            raise CommandError(f"No seat is called {', '.join(unknown)}; there are {names}.")
        if not (settings.DATABASE_URL and settings.REDIS_URL):
            raise CommandError(f"No stack runs in {settings.DATA_DIR}: start one, or set DATABASE_URL and REDIS_URL.")
        if options["check"]:
            sys.exit(0 if lives(connect(settings.REDIS_URL), process_name(only, options["book"])) else 1)
        worker = Worker(
            database_url=settings.DATABASE_URL,
            redis_url=settings.REDIS_URL,
            stop=Stop().install(),
            plans=plans,
            book=options["book"],
            only=only,
            record=options["record"],
            partitions=settings.PARTITIONS,
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(worker.run())


def chosen_plans(council: str, metronome: int | None) -> tuple[SeatPlan, ...]:
    """Raises CommandError for a beat that nobody can keep."""
    if council != "bench":
        if metronome is not None:
            raise CommandError("--metronome needs --council bench: the demo council has no metronome.")
        return DEMO_COUNCIL
    if metronome is not None and metronome < 1:
        raise CommandError("--metronome takes a number of ticks, at least 1.")
    return bench_council(metronome or 200)
