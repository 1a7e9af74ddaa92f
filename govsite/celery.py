"""Celery: work that has time, on the Redis of the stack; `celery -A govsite worker -B` runs it and its schedule."""

from __future__ import annotations

import logging
import os
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import beat_init, before_task_publish, heartbeat_sent, worker_init, worker_ready

from govsite import starting
from streams.client import connect
from streams.telemetry import Telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "govsite.settings")

app = Celery("govsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("govsite.tasks",)
app.conf.beat_schedule = {
    "score-outcomes": {"task": "govsite.tasks.score_outcomes", "schedule": 1.0, "options": {"expires": 1}},
    "tell-alarms": {"task": "govsite.tasks.tell_alarms", "schedule": 1.0, "options": {"expires": 1}},
    "forget-marks": {"task": "govsite.tasks.forget_marks", "schedule": 60.0, "options": {"expires": 60}},
    "forget-bars": {"task": "govsite.tasks.forget_bars", "schedule": 60.0, "options": {"expires": 60}},
    "verify-chains": {"task": "govsite.tasks.verify_chains", "schedule": 300.0, "options": {"expires": 300}},
    "sign-checkpoints": {"task": "govsite.tasks.sign_checkpoints", "schedule": 30.0, "options": {"expires": 30}},
    "copy-old-events": {"task": "govsite.tasks.copy_old_events", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget-visits": {"task": "govsite.tasks.forget_visits", "schedule": 3600.0, "options": {"expires": 3600}},
    "trim-inbox": {"task": "govsite.tasks.trim_inbox", "schedule": 600.0, "options": {"expires": 600}},
}

for _name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # a line for every task, every second, would hide the others


@heartbeat_sent.connect
def _beat(**_: Any) -> None:
    """The worker's own heart, every two seconds, tells the stack that it lives."""
    _telemetry().beat(force=True)


@worker_init.connect
def _look_first(**_: Any) -> None:
    starting.stop_unless_ready("worker")


@beat_init.connect
def _beat_apart(**_: Any) -> None:
    """A schedule that is a process of its own lives while it sends tasks; inside the worker it is the worker's."""
    telemetry = Telemetry(connect(app.conf.broker_url), "beat")
    before_task_publish.connect(lambda **_: telemetry.beat(), weak=False)


@worker_ready.connect
def _verify_first(**_: Any) -> None:
    """Nobody should have to wait for the first turn of the schedule to learn whether the ledger is whole."""
    app.send_task("govsite.tasks.verify_chains")


@cache
def _telemetry() -> Telemetry:
    return Telemetry(connect(app.conf.broker_url), "worker")
