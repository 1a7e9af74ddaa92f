"""Read models made again beside those in use: the same rows, no moment without them, and differences by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from execution.projections import PROJECTION as EXECUTION
from governance.projections import PROJECTION as GOVERNANCE
from ledger.errors import Fenced, LedgerError
from ledger.projector import Projector
from ledger.rebuild import compare, projections, rebuild
from ledger.shadow import Busy
from streams.client import connect
from streams.stopping import Stop
from streams.telemetry import Telemetry
from tests.integration.conftest import ROOT
from tests.integration.site.conftest import Writer
from tests.servers import wait_until

TABLES = sorted(model._meta.db_table for one in (GOVERNANCE, EXECUTION) for model in one.models)


@pytest.fixture
def writer(ledger_url: str) -> Iterator[Writer]:
    """A ledger with two rounds, projected."""
    writer = Writer(ledger_url)
    writer.show(lambda history: history.found().round())
    writer.show(lambda history: history.round(outcome="vetoed"))
    yield writer
    writer.close()


def ask(url: str, query: str, *parameters: Any) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, parameters).fetchall()


def run(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement)


def rows(url: str) -> dict[str, list[Any]]:
    return {table: ask(url, f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


def schemas(url: str) -> list[str]:
    return [name for (name,) in ask(url, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(rebuild|compare)_'")]


def shape(url: str) -> list[Any]:
    """Indexes, constraints, columns and privileges of the read models, with their names."""
    where = "= ANY(%s) ORDER BY 1, 2"
    return [
        ask(url, f"SELECT tablename, indexdef FROM pg_indexes WHERE tablename {where}", TABLES),
        ask(
            url,
            "SELECT relname, conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class ON conrelid = "
            f"pg_class.oid WHERE relname {where}",
            TABLES,
        ),
        ask(
            url,
            # counted: a column that a migration dropped leaves a gap in the numbers, which a new table does not have
            "SELECT table_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position), column_name, "
            "data_type, is_nullable, numeric_scale "
            f"FROM information_schema.columns WHERE table_schema = 'public' AND table_name {where}",
            TABLES,
        ),
        ask(
            url,
            "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants "
            f"WHERE table_name {where}, 3",
            TABLES,
        ),
    ]


def test_a_rebuild_mends_what_was_damaged_and_keeps_names_and_privileges(
    writer: Writer, database_as: Callable[[str], str]
) -> None:
    url = writer.url
    before, shaped = rows(url), shape(url)
    run(url, "UPDATE governance_ballot SET weight_ppm = 1")
    run(url, "DELETE FROM execution_fill")
    positions = ask(url, "SELECT * FROM projection ORDER BY 1")
    for projection in projections():
        rebuild(url, projection)
    assert rows(url) == before
    assert shape(url) == shaped
    assert ask(url, "SELECT * FROM projection ORDER BY 1") == positions
    assert schemas(url) == []
    assert ask(database_as("web"), "SELECT count(*) FROM governance_ballot") == ask(
        url, "SELECT count(*) FROM governance_ballot"
    )


def test_read_models_that_are_level_do_not_differ(writer: Writer) -> None:
    told: list[int] = []
    assert compare(writer.url, told.append) == []
    assert set(told) == {position for (position,) in ask(writer.url, "SELECT position FROM projection")}
    assert schemas(writer.url) == []


def test_a_difference_is_named_by_table_key_and_column(writer: Writer) -> None:
    url = writer.url
    ((decision,),) = ask(url, "DELETE FROM governance_decision WHERE outcome = 'granted' RETURNING decision_id")
    run(url, "UPDATE execution_account SET cash = cash + 0.000000000000000001")
    run(url, "UPDATE governance_book SET terms = terms || '{\"hold_ttl_s\": 7}'")
    ((order,),) = ask(
        url,
        'INSERT INTO execution_order SELECT (jsonb_populate_record(o, \'{"order_id": "made up"}\')).* '
        "FROM execution_order AS o RETURNING order_id",
    )
    ((cash,),) = ask(url, "SELECT cash - 0.000000000000000001 FROM execution_account")
    faults = compare(url)
    assert f"governance_decision {decision}: missing" in faults
    assert f"execution_order {order}: nothing in the ledger gives this row" in faults
    assert any(
        fault.startswith("execution_account demo: cash is ") and fault.endswith(f"gives {cash}") for fault in faults
    )
    assert any(fault.startswith("governance_book demo: terms is ") for fault in faults)
    assert len(faults) == 4


def test_of_many_differences_the_first_are_named_and_all_counted(writer: Writer) -> None:
    run(writer.url, "UPDATE governance_ballot SET weight_ppm = weight_ppm + 1")
    faults = compare(writer.url)
    assert faults[-1] == "governance_ballot: 32 rows differ, the first 20 are named"
    assert len(faults) == 21


def test_read_models_behind_the_log_are_compared_where_they_are(writer: Writer) -> None:
    writer.history.round()
    writer.commit()
    assert compare(writer.url) == []
    run(writer.url, "UPDATE projection SET position = position + 1000 WHERE name = 'execution'")
    (fault, *_) = compare(writer.url)
    assert "projection execution: position is" in fault
    assert "the log ends at" in fault


def test_readers_never_see_an_empty_table_and_two_rebuilds_do_not_meet(writer: Writer) -> None:
    counts: set[int] = set()
    begun, enough = threading.Event(), threading.Event()

    def read() -> None:
        with psycopg.connect(writer.url, autocommit=True) as connection:
            while not enough.is_set():
                found = connection.execute("SELECT count(*) FROM governance_ballot").fetchone()
                counts.add(found[0] if found else -1)
                begun.set()

    def second(position: int) -> None:
        with pytest.raises(Busy):
            rebuild(writer.url, GOVERNANCE)

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(30)
    for _ in range(5):
        rebuild(writer.url, GOVERNANCE, second)
    enough.set()
    reader.join()
    assert counts == {32}


def test_a_reader_in_its_transaction_holds_the_swap_up_but_not_for_good(writer: Writer) -> None:
    done = threading.Thread(target=rebuild, args=(writer.url, EXECUTION))
    with psycopg.connect(writer.url) as reader:
        before = reader.execute("SELECT count(*) FROM execution_order").fetchone()
        done.start()
        waits = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'rebuild' AND wait_event_type = 'Lock'"
        wait_until(lambda: ask(writer.url, waits), "the swap waits for the reader")
        assert reader.execute("SELECT count(*) FROM execution_order").fetchone() == before
    done.join()
    assert compare(writer.url) == []


def test_a_projector_at_work_goes_on_behind_the_swap(writer: Writer, redis_url: str) -> None:
    stop, redis = Stop(), connect(redis_url)
    projector = Projector(writer.url, projections())
    thread = threading.Thread(target=projector.run, args=(redis_url, Telemetry(redis, "projector"), stop))
    thread.start()
    for number in range(6):
        writer.history.round()
        writer.commit()
        if number % 2:
            rebuild(writer.url, GOVERNANCE)
            rebuild(writer.url, EXECUTION)
    level = "SELECT 1 FROM head JOIN projection USING (log, partition) WHERE head.position <> projection.position"
    wait_until(lambda: not ask(writer.url, level), "the projector is level with the log")
    assert compare(writer.url) == []
    stop.set()
    thread.join()
    redis.close()


def test_rebuilding_beside_a_projector_at_work_loses_no_row(writer: Writer, redis_url: str) -> None:
    """All three are processes of their own or write all the time, as in a running stack."""
    environment = {**os.environ, "DATABASE_URL": writer.url, "REDIS_URL": redis_url}
    command = [sys.executable, "manage.py"]
    projector = subprocess.Popen([*command, "runprojector"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    rounds, told = 2, "SELECT position FROM projection WHERE name = 'governance'"
    ((before,),) = ask(writer.url, told)
    try:
        writer.history.round()
        rounds += 1
        writer.commit()
        wait_until(lambda: ask(writer.url, told)[0][0] > before, "the projector is at work")
        with subprocess.Popen(
            [*command, "rebuild"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
        ) as rebuilding:
            while rebuilding.poll() is None:
                writer.history.round()
                rounds += 1
                writer.commit()
                with suppress(subprocess.TimeoutExpired):
                    rebuilding.wait(0.1)
        assert rebuilding.returncode == 0
        level = "SELECT 1 FROM head JOIN projection USING (log, partition) WHERE head.position <> projection.position"
        wait_until(lambda: not ask(writer.url, level), "the projector is level with the log")
        assert projector.poll() is None
    finally:
        projector.terminate()
        assert projector.wait(30) == 0
    assert ask(writer.url, "SELECT count(*) FROM governance_deliberation") == [(rounds,)]
    assert ask(writer.url, "SELECT count(*) FROM execution_fill") == [(rounds - 1,)]  # the second round was vetoed
    assert compare(writer.url) == []
    assert schemas(writer.url) == []


def test_a_projector_that_reads_the_old_tables_is_refused(writer: Writer) -> None:
    projector = Projector(writer.url, [EXECUTION])
    projector.connect()
    rebuild(writer.url, EXECUTION)
    writer.history.round()
    writer.commit()
    with pytest.raises(Fenced, match="rebuild"):
        projector.catch_up()
    projector.connect()
    assert projector.catch_up() == 2
    projector.close()
    assert compare(writer.url) == []


def test_killed_before_the_swap_it_leaves_the_tables_whole_and_the_next_run_clears_up(writer: Writer) -> None:
    before = rows(writer.url)
    with psycopg.connect(writer.url) as holder:
        holder.execute("SELECT position FROM projection FOR UPDATE")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "rebuild", "governance"],
            env={**os.environ, "DATABASE_URL": writer.url},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        waits = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'rebuild' AND wait_event_type = 'Lock'"
        wait_until(lambda: ask(writer.url, waits), "the swap is about to begin")
        process.send_signal(signal.SIGKILL)
        process.wait()
    gone = "SELECT 1 FROM pg_stat_activity WHERE application_name IN ('rebuild', 'projector writes')"
    wait_until(lambda: not ask(writer.url, gone), "the server has noticed")
    assert rows(writer.url) == before
    assert schemas(writer.url) == ["rebuild_governance"]
    rebuild(writer.url, GOVERNANCE)
    assert rows(writer.url) == before
    assert schemas(writer.url) == []


def test_what_was_built_on_a_read_model_is_not_dropped_with_it(writer: Writer) -> None:
    before = rows(writer.url)
    run(writer.url, "CREATE VIEW ours AS SELECT * FROM execution_fill")
    with pytest.raises(LedgerError, match="ours"):
        rebuild(writer.url, EXECUTION)
    run(writer.url, "DROP VIEW ours")
    assert rows(writer.url) == before
    assert schemas(writer.url) == []


def test_the_command_rebuilds_and_says_so(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", writer.url)
    run(writer.url, "UPDATE governance_ballot SET weight_ppm = 1")
    call_command("rebuild")
    said = " ".join(capsys.readouterr().out.split())
    assert "governance: the read models are new, at position" in said
    assert "execution: the read models are new, at position" in said
    assert compare(writer.url) == []
    with psycopg.connect(writer.url) as holder:
        holder.execute("SELECT work_begin('copies rebuild_execution')")
        with pytest.raises(CommandError, match="as they were"):
            call_command("rebuild", "execution")
