"""Dead letters: found by filter, read, and sent again where that makes sense, and only there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client

from govsite.ops import letter_page, letters
from ledger.models import OutboxCommand
from streams import messages as m
from streams.client import COMMANDS, DEAD_LETTERS, TICKS, Entry, Streams
from streams.commands import OperatorCommand
from streams.envelope import LARGEST_ENTRY, Envelope, Refused, encode
from streams.messages import Code
from tests.integration.site.calling import answered
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import D, sent
from tests.integration.site.people import browser, confirmed, person

NASTY = "<script>alert('x')</script>"


@pytest.fixture
def client(operator: User) -> Client:
    return browser(operator)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)


@pytest.fixture
def streams(redis_url: str) -> Iterator[Streams]:
    streams = Streams(redis_url)
    yield streams
    streams.redis.close()


Bury = Callable[..., str]


@pytest.fixture
def bury(streams: Streams) -> Bury:
    """Gives the id under which the letter is kept."""

    def one(raw: bytes = b"x", code: Code = Code.UNKNOWN_BOOK, stream: str = COMMANDS, origin: str = "governor") -> str:
        streams.bury(Entry(stream, "7-0", raw), Refused(code, f"about {NASTY}"), origin=origin)
        return streams.last_id(DEAD_LETTERS)

    return one


def text(response: Any) -> str:
    return str(response.content.decode())


def command(body: Any = None, *, book: str = "demo", actor: str = "operator:ann") -> bytes:
    body = body or m.LiftSuspension(instrument="BTCUSDT", reason="the news is out")
    return encode(Envelope(id="command-1", body=body, actor=actor, sent_at=time.time_ns(), book=book))


def found(page: Any) -> list[str]:
    return [each.letter.id for each in page.context["folded"]]


# --- the list ---------------------------------------------------------------------------------------


def test_letters_are_found_by_stream_origin_code_and_time(writer: Writer, client: Client, bury: Bury) -> None:
    first = bury(code=Code.CROSSED, stream=TICKS, origin="agents")
    second = bury(code=Code.TOO_OLD)
    assert found(client.get("/dead-letters/")) == [second, first]
    for query in ({"code": "CROSSED"}, {"stream": TICKS}, {"origin": "agents"}):
        page = client.get("/dead-letters/", query)
        assert found(page) == [first], query
        assert NASTY not in text(page)
    assert found(client.get("/dead-letters/", {"code": "CROSSED", "origin": "governor"})) == []
    assert found(client.get("/dead-letters/", {"since": "2020-01-01"})) == [second, first]
    nothing = client.get("/dead-letters/", {"until": "2020-01-01T10:00"})
    assert found(nothing) == []
    assert "No kept letter fits the filter." in text(nothing)


def test_pages_meet_without_a_gap_and_keep_their_filter(
    writer: Writer, client: Client, bury: Bury, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [bury(code=Code.CROSSED if number % 2 else Code.TOO_OLD) for number in range(14)][1::2][::-1]
    monkeypatch.setattr(letters, "PAGE", 3)
    monkeypatch.setattr(letters, "CHUNK", 2)
    monkeypatch.setattr(letters, "SCANNED", 4)  # fewer than fill a page: it goes on all the same
    seen: list[str] = []
    address = "?code=CROSSED"
    while address:
        page = client.get(f"/dead-letters/{address}")
        seen += found(page)
        address = page.context["next"]
        assert not address or "code=CROSSED" in address
    assert seen == expected


def test_what_an_agent_is_refused_again_and_again_does_not_bury_the_rest(
    writer: Writer, client: Client, bury: Bury, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "PAGE", 3)
    by_ann = [bury(command(), Code.TOO_OLD) for _ in range(2)]
    again = [bury(command(actor="fast-momentum"), Code.UNKNOWN_BOOK) for _ in range(30)]
    other = bury(command(actor="fast-momentum"), Code.TOO_OLD)
    page = client.get("/dead-letters/")
    assert found(page) == [other, again[-1], by_ann[1]], "what a person sent stands for itself"
    many = page.context["folded"][1]
    oldest = client.get(f"/dead-letters/{again[0]}/").context["letter"]
    assert (many.actor, many.count, many.first_at) == ("fast-momentum", 30, oldest.at)
    assert [each for each, _ in many.others] == again[-2:-22:-1]
    assert "fast-momentum was refused 30 times for this, first at" in text(page)
    assert found(client.get(f"/dead-letters/{page.context['next']}")) == [by_ann[0]]
    assert found(client.get("/dead-letters/?each=1")) == [other, *again[:-3:-1]]


@pytest.mark.parametrize(
    "query",
    [
        {"code": NASTY},
        {"stream": "x" * 10_000},
        {"origin": "a\0b"},
        {"since": "yesterday"},
        {"until": "2026-99-99"},
        {"before": "1-1; DROP"},
        {"before": "9" * 10_000},
    ],
)
def test_a_bad_filter_says_which_value_is_wrong(writer: Writer, client: Client, query: dict[str, str]) -> None:
    answer = client.get("/dead-letters/", query)
    assert answer.status_code == 400
    assert f"{next(iter(query))}: " in text(answer)
    assert NASTY not in text(answer)


# --- one letter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "form", "shown"),
    [
        (b'{"a": [1, {"b": "<script>"}]}', "JSON", "&quot;b&quot;: &quot;&lt;script&gt;&quot;"),
        (msgspec.msgpack.encode({"a": NASTY, "c": b"\xff"}), "msgpack", "&lt;script&gt;alert"),
        (NASTY.encode(), "text", "&lt;script&gt;alert"),
        (b"\xff\xfe\x00", "bytes", "ff fe 00"),
        (b"[" * 20_000, "text", "[[[["),
        (b"", "text", "0 bytes"),
    ],
)
def test_content_is_decoded_and_escaped(
    writer: Writer, client: Client, bury: Bury, raw: bytes, form: str, shown: str
) -> None:
    page = client.get(f"/dead-letters/{bury(raw, Code.UNDECODABLE)}/")
    assert page.status_code == 200
    assert page.context["content"].form == form
    assert shown in text(page)
    assert NASTY not in text(page)
    assert "It is no message of this release." in text(page)


def test_what_is_no_letter_is_shown_as_it_is(writer: Writer, client: Client, streams: Streams) -> None:
    streams.redis.xadd(DEAD_LETTERS, {"m": NASTY})
    page = client.get(f"/dead-letters/{streams.last_id(DEAD_LETTERS)}/")
    assert page.context["letter"].code == "UNDECODABLE"
    assert NASTY not in text(page)


@pytest.mark.parametrize("entry_id", ["1-1", "x", "1-1%00", "9" * 400 + "-1", "-", "+"])
def test_an_unknown_letter_is_not_found(writer: Writer, client: Client, entry_id: str) -> None:
    assert client.get(f"/dead-letters/{entry_id}/").status_code == 404


def test_without_redis_a_letter_cannot_be_read(writer: Writer, client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for answer in (client.get("/dead-letters/1-1/"), client.post("/dead-letters/1-1/again/", {"reason": "why"})):
        assert answer.status_code == 503
        assert "Redis does not answer" in text(answer)


# --- sending it again -------------------------------------------------------------------------------


def test_an_operators_command_goes_again_under_its_own_id_in_my_name(
    writer: Writer, client: Client, bury: Bury
) -> None:
    writer.show(lambda history: history.found())
    entry_id = bury(command())
    assert "LiftSuspension for book demo, first sent by operator:ann." in text(client.get(f"/dead-letters/{entry_id}/"))
    for _ in range(2):  # a second click is no second command
        answer = client.post(f"/dead-letters/{entry_id}/again/", {"reason": "the book is there now"})
    assert answer.status_code == 409
    body, actor, book = sent()
    assert OutboxCommand.objects.get().command_id == "command-1"
    assert (actor, book) == ("operator:ada", "demo")
    assert isinstance(body, m.LiftSuspension)
    assert body.reason == (
        "the book is there now (a dead letter sent again; its reason was: the news is out)"
    )  # fmt: skip
    page = text(client.get(f"/dead-letters/{entry_id}/", {"command": "command-1"}))
    assert "The governor has not answered yet" in page
    assert "The outbox holds it" in page


def test_what_was_answered_is_not_sent_again(writer: Writer, client: Client, bury: Bury) -> None:
    writer.show(lambda history: history.found())
    answered(writer, "command-1", "refused:MODE")
    entry_id = bury(command(), Code.DUPLICATE)
    page = text(client.get(f"/dead-letters/{entry_id}/"))
    assert "The governor has answered it (refused: the book&#x27;s mode does not allow it)" in page
    assert client.post(f"/dead-letters/{entry_id}/again/", {"reason": "why"}).status_code == 409
    assert not OutboxCommand.objects.exists()


PROPOSAL = m.SubmitProposal(
    proposal_id="p", action="trade", instrument="BTCUSDT", target=D(1), probability=0.6, price=D(1),
    evidence_received_at=1,
)  # fmt: skip
CUT = b'{"id": "' + b"x" * LARGEST_ENTRY


@pytest.mark.parametrize(
    ("raw", "stream", "why"),
    [
        (CUT, COMMANDS, "Only its first 32 KiB were kept, so it is not whole."),
        (command(), TICKS, "It came by market.ticks: only commands are sent again."),
        (b"\xff", COMMANDS, "It cannot be read as a command (UNDECODABLE)"),
        (command(PROPOSAL), COMMANDS, "only the agent speaks for its seat"),
        (command(m.ChangeFeedSource(origin="live", to="replay")), COMMANDS, "It is the feed&#x27;s"),
        (command(m.RecordOutcomes(bucket=1, outcomes=())), COMMANDS, "RecordOutcomes is no operator&#x27;s command"),
        (command(book="other"), COMMANDS, "There is no book other"),
        (command(book=""), COMMANDS, "It names no book"),
    ],
)
def test_what_cannot_go_again_says_why(
    writer: Writer, client: Client, bury: Bury, raw: bytes, stream: str, why: str
) -> None:
    writer.show(lambda history: history.found())
    entry_id = bury(raw, stream=stream)
    assert why in text(client.get(f"/dead-letters/{entry_id}/"))
    answer = client.post(f"/dead-letters/{entry_id}/again/", {"reason": "please"})
    assert answer.status_code == 409
    assert why in text(answer)
    assert not OutboxCommand.objects.exists()


@pytest.mark.parametrize("reason", ["", "x" * 501, "a\0b"])
def test_it_takes_a_reason(writer: Writer, client: Client, bury: Bury, reason: str) -> None:
    writer.show(lambda history: history.found())
    assert client.post(f"/dead-letters/{bury(command())}/again/", {"reason": reason}).status_code == 400
    assert not OutboxCommand.objects.exists()


def test_it_takes_the_right_to_send_again_and_the_right_of_the_command(writer: Writer, bury: Bury) -> None:
    writer.show(lambda history: history.found())
    change = m.ApproveChange(change_id="c", reason="fine")
    entry_id = bury(command(change))
    for role in ("viewer", "auditor", "operator"):
        who = confirmed(person(role, role))
        assert who.post(f"/dead-letters/{entry_id}/again/", {"reason": "why"}).status_code == 403, role
    assert not OutboxCommand.objects.exists()
    officer = confirmed(person("olga", "risk officer"))
    assert officer.post(f"/dead-letters/{entry_id}/again/", {"reason": "why"}).status_code == 302
    assert sent()[1] == "operator:olga"


def test_every_operators_command_has_its_right() -> None:
    assert set(letter_page.RIGHTS) == set(get_args(OperatorCommand))
