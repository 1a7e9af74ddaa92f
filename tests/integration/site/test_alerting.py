"""Alarms to a webhook: a real receiver that takes them, refuses, hangs, is away and comes back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from govsite import alerting, tasks
from govsite.alerting import Webhook, pause_s, problem_of, signature, tell_alarms
from govsite.models import AlarmDelivery
from streams import events as e
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip
from tests.unit.site.history import History

SECRET = "a secret that two share"


class Receiver:
    """`statuses`: what is answered, in turn, then 200; None is an answer that never comes."""

    def __init__(self, port: int = 0) -> None:
        self.took: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int | None] = []
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if status is None:
                    receiver.released.wait(30)
                    return
                receiver.took.append((dict(self.headers), body))
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.webhook = Webhook(f"http://127.0.0.1:{self.port}/alarms?token=x", SECRET)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def ids(self) -> list[str]:
        return [json.loads(body)["alarm_id"] for _, body in self.took]

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are tried again at once, and nobody is waited for longer than half a second."""
    monkeypatch.setattr(alerting, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(alerting, "LONGEST_POST_S", 0.5)


def alarms(*ids: str) -> Any:
    def tell(history: History) -> None:
        for alarm_id in ids:
            trip(history, alarm_id)

    return tell


def test_every_alarm_is_posted_once_and_signed(writer: Writer, receiver: Receiver) -> None:
    writer.show(lambda history: trip(history.found(), "a", formula="<b>1 > 0</b>"))
    assert tell_alarms(writer.url, receiver.webhook) == 1
    assert tell_alarms(writer.url, receiver.webhook) == 0
    ((headers, body),) = receiver.took
    assert headers["X-Govsite-Alarm"] == "a"
    assert headers["Content-Type"] == "application/json"
    assert abs(int(headers["X-Govsite-Timestamp"]) - time.time()) < 60
    assert headers["X-Govsite-Signature"] == f"sha256={signature(SECRET, headers['X-Govsite-Timestamp'], body)}"
    told = json.loads(body)
    assert told["raised_at"].endswith("+00:00")
    assert {name: told[name] for name in ("type", "book", "breaker", "subject", "effect", "severity", "formula")} == {
        "type": "alarm",
        "book": "demo",
        "breaker": "stale_feed",
        "subject": "BTCUSDT",
        "effect": "REDUCE_ONLY",
        "severity": "serious",
        "formula": "<b>1 > 0</b>",
    }
    assert told["inputs"] == {"age_s": "61.2"}


def test_alarms_come_in_the_order_of_the_log_and_go_on_where_it_stood(writer: Writer, receiver: Receiver) -> None:
    writer.show(lambda history: history.found())
    writer.show(alarms("a", "b"))
    assert tell_alarms(writer.url, receiver.webhook) == 2
    writer.show(alarms("c"))
    # Whoever starts anew knows nothing but the database.
    assert tell_alarms(writer.url, Webhook(receiver.webhook.url, SECRET)) == 1
    assert receiver.ids() == ["a", "b", "c"]


def test_it_begins_with_what_nobody_has_acknowledged(writer: Writer, receiver: Receiver) -> None:
    def before(history: History) -> None:
        trip(history.found(), "seen")
        history.tell(e.AlarmAcknowledged(alarm_id="seen", who="operator:ann", why="seen"))
        trip(history, "unseen")

    writer.show(before)
    # The projector has not read this one yet.
    trip(writer.history, "newest")
    writer.commit()
    assert tell_alarms(writer.url, receiver.webhook) == 2
    assert receiver.ids() == ["unseen", "newest"]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("status", [500, 404, 302, 301])
def test_what_is_refused_is_sent_again_and_holds_nothing_else_up(
    writer: Writer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(alerting, "FIRST_PAUSE_S", 60.0)
    writer.show(lambda history: history.found())
    writer.show(alarms("a", "b"))
    receiver.statuses = [status]
    assert tell_alarms(writer.url, receiver.webhook) == 1
    refused = AlarmDelivery.objects.get(delivered_at=None)
    assert (refused.alarm_id, refused.attempts, refused.trouble) == ("a", 1, f"the receiver answered {status}")
    assert tell_alarms(writer.url, receiver.webhook) == 0  # not before its time
    AlarmDelivery.objects.update(next_at=refused.next_at.replace(year=2000))
    assert tell_alarms(writer.url, receiver.webhook) == 1
    assert receiver.ids() == ["a", "b", "a"]
    assert receiver.took[0][1] == receiver.took[2][1]
    assert not AlarmDelivery.objects.exclude(trouble="").exists()


@pytest.mark.usefixtures("hasty")
def test_a_receiver_that_hangs_costs_one_wait_and_loses_nothing(
    writer: Writer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "FIRST_PAUSE_S", 60.0)
    writer.show(lambda history: history.found())
    writer.show(alarms("a", "b", "c"))
    receiver.statuses = [None]
    began = time.monotonic()
    assert tell_alarms(writer.url, receiver.webhook) == 0
    assert time.monotonic() - began < 5
    assert AlarmDelivery.objects.get(alarm_id="a").trouble == "the receiver did not answer within 0.5 s"
    assert tell_alarms(writer.url, receiver.webhook) == 0  # all of them wait
    assert AlarmDelivery.objects.filter(attempts=0).count() == 2
    AlarmDelivery.objects.update(next_at=AlarmDelivery.objects.first().next_at.replace(year=2000))  # type: ignore[union-attr]
    assert tell_alarms(writer.url, receiver.webhook) == 3
    assert receiver.ids() == ["a", "b", "c"]


@pytest.mark.usefixtures("hasty")
def test_a_receiver_that_is_away_gets_everything_when_it_is_back(writer: Writer) -> None:
    gone = Receiver()
    gone.close()
    writer.show(lambda history: history.found())
    writer.show(alarms("a"))
    for attempt in (1, 2, 3):
        assert tell_alarms(writer.url, gone.webhook) == 0
        kept = AlarmDelivery.objects.get()
        assert kept.attempts == attempt
        assert kept.trouble.startswith("the receiver cannot be reached: ")
    writer.show(alarms("b"))
    back = Receiver(gone.port)
    try:
        assert tell_alarms(writer.url, back.webhook) == 2
        assert back.ids() == ["a", "b"]
    finally:
        back.close()


def test_two_workers_do_not_send_the_same_at_once(writer: Writer, receiver: Receiver) -> None:
    writer.show(lambda history: trip(history.found()))
    with psycopg.connect(writer.url, autocommit=True) as other:
        other.execute("SELECT work_begin('alarms')")
        assert tell_alarms(writer.url, receiver.webhook) == 0
        assert receiver.took == []
    assert tell_alarms(writer.url, receiver.webhook) == 1


def test_a_crash_after_the_post_sends_it_again(writer: Writer, receiver: Receiver) -> None:
    """At least once: what was taken and not written down is told again, with the same id and body."""
    writer.show(lambda history: trip(history.found()))
    assert tell_alarms(writer.url, receiver.webhook) == 1
    AlarmDelivery.objects.update(delivered_at=None)
    assert tell_alarms(writer.url, receiver.webhook) == 1
    assert receiver.ids() == ["a", "a"]


def test_failures_are_tried_again_ever_later_and_never_given_up() -> None:
    assert [pause_s(attempts) for attempts in (1, 2, 3, 9, 10, 10**9)] == [1.0, 2.0, 4.0, 256.0, 300.0, 300.0]


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("", "", ""),
        ("https://ops.example/hook", "s", ""),
        ("https://ops.example/hook", "", "GOVSITE_ALARM_WEBHOOK_SECRET is not set"),
        ("ops.example/hook", "s", "is no http(s) address"),
        ("file:///etc/passwd", "s", "is no http(s) address"),
    ],
)
def test_settings_that_cannot_work_are_said(url: str, secret: str, words: str) -> None:
    found = problem_of(url, secret)
    assert words in found
    assert bool(words) == bool(found)


def test_the_task_and_the_page_of_alarms(
    writer: Writer, receiver: Receiver, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page() -> str:
        return str(client.get("/alarms/").content.decode())

    client = Client()
    client.force_login(operator)
    writer.show(lambda history: trip(history.found()))
    assert "GOVSITE_ALARM_WEBHOOK is not set" in page()
    assert tasks.tell_alarms() == 0
    monkeypatch.setattr(settings, "ALARM_WEBHOOK", receiver.webhook.url)
    assert "GOVSITE_ALARM_WEBHOOK_SECRET is not set" in page()
    assert tasks.tell_alarms() == 0
    monkeypatch.setattr(settings, "ALARM_WEBHOOK_SECRET", SECRET)
    receiver.statuses = [503]
    assert tasks.tell_alarms() == 0
    assert "Alarms do not arrive: the receiver answered 503" in page()
    assert "token=x" not in page()
    AlarmDelivery.objects.update(next_at=AlarmDelivery.objects.get().next_at.replace(year=2000))
    assert tasks.tell_alarms() == 1
    assert "Nothing waits to be sent" in page()
    assert "The webhook took it at" in page()
