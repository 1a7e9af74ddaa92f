"""An impostor who has a process's password for Redis, or none, and tries what is no business of that process."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
import pytest
import redis

from govsite.accounts.table import ACCOUNTS
from streams.client import COMMANDS, DEAD_LETTERS, DELIBERATIONS, LEDGER_EXECUTION, LEDGER_GOVERNANCE, TICKS, Streams
from streams.custody import Custody
from streams.telemetry import Telemetry, lives, processes
from tests.integration.accounts.conftest import As

STREAMS = (TICKS, COMMANDS, DELIBERATIONS, LEDGER_GOVERNANCE, LEDGER_EXECUTION)
WRITE = {
    "feed": {TICKS, COMMANDS},
    "agents": {COMMANDS},
    "governor": {DELIBERATIONS, COMMANDS},  # where somebody has used up the ids
    "executor": set(),
    "relay": {COMMANDS, LEDGER_GOVERNANCE, LEDGER_EXECUTION},
    "projector": set(),
    "web": set(),
    "worker": {COMMANDS},
    "beat": set(),
    "traces": set(),
}
READ = {
    "feed": {TICKS},
    "agents": {TICKS, DELIBERATIONS, LEDGER_GOVERNANCE, LEDGER_EXECUTION},
    "governor": {TICKS, COMMANDS, LEDGER_EXECUTION},
    "executor": {TICKS, LEDGER_GOVERNANCE},
    "relay": {LEDGER_GOVERNANCE, LEDGER_EXECUTION},
    "projector": {TICKS, DELIBERATIONS, LEDGER_GOVERNANCE, LEDGER_EXECUTION},
    "web": {TICKS, DELIBERATIONS, LEDGER_GOVERNANCE, LEDGER_EXECUTION},
    "worker": set(),
    "beat": set(),
    "traces": set(),
}
FOR_NOBODY = (
    "FLUSHALL",
    "FLUSHDB",
    "CONFIG GET *",
    "CONFIG SET requirepass mine",
    "KEYS *",
    "ACL LIST",
    "ACL SETUSER mine on nopass ~* +@all",
    "MONITOR",
    "BGREWRITEAOF",
    "SHUTDOWN NOSAVE",
    "REPLICAOF 127.0.0.1 1",
    "MODULE LIST",
    "CLIENT LIST",
    "CLIENT KILL ID 1",
    "SAVE",
    "FUNCTION LIST",
    "SCRIPT FLUSH",
    "RENAME market.ticks governance.commands",
    "COPY governance.commands progress",
    "DUMP governance.commands",
)
MADE_AWAY_WITH = ("DEL", "UNLINK", "SET {0} x", "EXPIRE {0} 1", "XTRIM {0} MAXLEN 0", "XDEL {0} 1-0")


def allowed(connection: redis.Redis, *words: str) -> bool:
    """Whether the server's access list lets it through; what else it makes of it does not matter."""
    try:
        connection.execute_command(*words)  # type: ignore[no-untyped-call]
    except redis.exceptions.NoPermissionError:
        return False
    except redis.ResponseError:
        return True
    return True


def test_the_tests_know_every_account() -> None:
    assert WRITE.keys() == READ.keys() == ACCOUNTS.keys()


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_adds_to_its_own_streams_and_reads_its_own(name: str, redis_as: As) -> None:
    with redis.Redis.from_url(redis_as(name)) as connection:
        for suffix in ("", ".3"):
            added = {stream for stream in STREAMS if allowed(connection, "XADD", stream + suffix, "*", "m", "x")}
            read = {stream for stream in STREAMS if allowed(connection, "XREAD", "STREAMS", stream + suffix, "0")}
            ranged = {stream for stream in STREAMS if allowed(connection, "XRANGE", stream + suffix, "-", "+")}
            assert (added, read, ranged) == (WRITE[name], READ[name], READ[name])
        assert allowed(connection, "XADD", DEAD_LETTERS, "*", "m", "x")
        assert not allowed(connection, "XADD", COMMANDS + "x", "*", "m", "x")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_nobody_steers_the_server_or_looks_around_in_it(name: str, redis_as: As) -> None:
    with redis.Redis.from_url(redis_as(name)) as connection:
        assert [each for each in FOR_NOBODY if allowed(connection, *each.split())] == []


@pytest.mark.parametrize("name", ACCOUNTS)
def test_nobody_makes_away_with_what_others_are_to_read(name: str, redis_as: As) -> None:
    """But for the relay, which fills a stream of another ledger anew, the feed, which ends the life of ticks, and the
    governor, which mends streams that others have spoiled."""
    own = {
        "relay": {LEDGER_GOVERNANCE, LEDGER_EXECUTION},
        "feed": {TICKS},
        "governor": {COMMANDS, DEAD_LETTERS},
    }.get(name, set())
    with redis.Redis.from_url(redis_as(name)) as connection:
        for stream in {*STREAMS, DEAD_LETTERS} - own:
            words = [each.format(stream) if "{" in each else f"{each} {stream}" for each in MADE_AWAY_WITH]
            assert [each for each in words if allowed(connection, *each.split())] == []


@pytest.mark.parametrize("name", ACCOUNTS)
def test_each_tells_of_itself_only(name: str, redis_as: As) -> None:
    others = ACCOUNTS.keys() - {name} - ({"beat"} if name == "worker" else set())
    with redis.Redis.from_url(redis_as(name)) as connection:
        for which in ("", ".1", "-momentum-value", ":north"):  # a partition, some seats, a book
            assert allowed(connection, "SET", f"process:{name}{which}", "{}")
        assert not allowed(connection, "SET", f"process:{name}s", "{}")
        assert lives(connection, name)
        assert [other for other in sorted(others) if allowed(connection, "SET", f"process:{other}", "{}")] == []


def test_a_report_in_another_name_or_of_rubbish_is_not_believed(redis_as: As) -> None:
    with redis.Redis.from_url(redis_as("agents")) as connection, redis.Redis.from_url(redis_as("web")) as site:
        told = Telemetry(connection, "agents-risk")
        told.beat(force=True)
        for name, body in {"x": b"1", "y": b"\xff", "z": b'{"process": "agents-z"}', "w": b"{}"}.items():
            connection.set(f"process:agents-{name}", body, ex=5)
        connection.set(b"process:agents-\xff", b"{}", ex=5)
        forged = told.report(1) | {"process": "governor"}
        connection.set("process:agents-forged", msgspec.json.encode(forged), ex=5)
        assert processes(site).keys() == {"agents-risk"}
        told.leave()


def test_only_the_site_wishes_of_the_feed_and_only_the_worker_is_given_tasks(redis_as: As) -> None:
    for name in ACCOUNTS:
        with redis.Redis.from_url(redis_as(name)) as connection:
            assert allowed(connection, "XADD", "feed.wishes", "*", "m", "x") == (name == "web")
            assert allowed(connection, "LPUSH", "celery", "x") == (name in ("worker", "beat"))
            assert allowed(connection, "PUBLISH", "asgi__group__person.1", "x") == (name in ("web", "projector"))


@pytest.mark.parametrize("who", ["", "default:@", ":guessed@", "governor:guessed@", "agents:@", "nobody:x@"])
def test_nobody_is_let_in_without_a_password(who: str, redis_as: As) -> None:
    server = urlsplit(redis_as("web"))
    with redis.Redis.from_url(f"redis://{who}{server.hostname}:{server.port}/0") as connection:
        with pytest.raises((redis.AuthenticationError, redis.exceptions.NoPermissionError)):
            connection.execute_command("GET", "process:feed")
        with pytest.raises((redis.AuthenticationError, redis.exceptions.NoPermissionError)):
            connection.ping()


@pytest.mark.parametrize("stream", [COMMANDS, f"{COMMANDS}.1", DEAD_LETTERS])
@pytest.mark.parametrize("name", ACCOUNTS)
def test_only_the_governor_mends_streams(name: str, stream: str, redis_as: As) -> None:
    streams = Streams(redis_as(name))
    with redis.Redis.from_url(redis_as("agents")) as impostor:
        if not stream.endswith(".1"):
            impostor.xadd(stream, {"m": "x"}, id=f"{2**64 - 1}-{2**64 - 1}")
    if name == "governor":
        assert Custody(streams, stream).look("0-0", "0-0").given_anew == (not stream.endswith(".1"))
        return
    with pytest.raises(redis.exceptions.NoPermissionError):
        Custody(streams, stream).look("0-0", "0-0")


@pytest.mark.parametrize("name", ACCOUNTS)
def test_who_reads_ticks_tells_its_own_progress_only(name: str, redis_as: As) -> None:
    with redis.Redis.from_url(redis_as(name)) as connection:
        reads = TICKS in ACCOUNTS[name].reads
        assert allowed(connection, "SET", f"progress:{name}", "0-0") == reads
        assert allowed(connection, "SET", f"progress:{name}-1", "0-0") == reads
        assert not allowed(connection, "SET", "progress:another", "0-0")
        assert not allowed(connection, "HSET", "progress", "another", "0-0")
