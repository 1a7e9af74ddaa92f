"""An impostor who has a process's password for PostgreSQL, or none, and tries what is no business of that process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from govsite.accounts.postgres import grant, role_of
from govsite.accounts.table import ACCOUNTS
from ledger.application import LedgerApplication
from ledger.errors import GateHeld, translated
from ledger.gate import halt, read
from ledger.records import GateChange, InboxEntry
from ledger.work import alone
from tests.integration.accounts.conftest import As
from tests.integration.ledger.events import book_opened

LogName = Literal["governance", "execution"]
THROUGH_THE_GATE = """
    SELECT lease_acquire('execution', 0, 'me', 60);
    SELECT append_events('execution', 0, (SELECT epoch FROM head WHERE log = 'execution'), 0,
        decode(repeat('00', 32), 'hex'), NULL, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', '{}', '{}', '{}', 'demo', 'NORMAL', NULL)"""
INBOX = "INSERT INTO inbox VALUES ('old', '3599999-0', 'x', 'demo', now()), ('new', '3600001-0', 'x', 'demo', now())"
WRITERS = {"governance": "governor", "execution": "executor"}
PAST = "event_log head inbox gate checkpoint snapshot outbox governance_book governance_ballot execution_fill"
SECRETS = (
    "auth_user auth_user_groups django_session django_admin_log govsite_apitoken"
    " otp_totp_totpdevice otp_static_statictoken axes_accesslog"
)
FOR_NOBODY = (
    "INSERT INTO event_log SELECT * FROM event_log",
    "UPDATE event_log SET book = 'other'",
    "DELETE FROM event_log",
    "TRUNCATE event_log",
    "ALTER TABLE event_log DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON event_log",
    "UPDATE head SET epoch = 9",
    "INSERT INTO inbox VALUES ('c', '1-0', 'done', 'demo', now())",
    "UPDATE gate SET mode = 'NORMAL'",
    "SELECT gate_change('demo', 'HALTED', 'REDUCE_ONLY', 'operator:ann', 'hm', 'c')",
    "UPDATE checkpoint SET root = head",
    "TRUNCATE governance_ballot",
    "DROP PUBLICATION ledger",
    "CREATE TABLE public.mine (one integer)",
    "CREATE TEMPORARY TABLE mine (one integer)",
    "CREATE OR REPLACE FUNCTION gate_lock(p_book text, p_exclusive boolean) RETURNS void LANGUAGE sql AS ''",
    "CREATE ROLE another SUPERUSER",
    "ALTER ROLE postgres PASSWORD 'mine'",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_replication_role = replica",
    "SELECT pg_read_file('postgresql.conf')",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "SELECT rolpassword FROM pg_authid",
    "ALTER SYSTEM SET ssl = off",
    "SELECT pg_advisory_lock(hashtextextended('gate *', 0))",
    "SELECT pg_advisory_xact_lock_shared(1, 2)",
    "SELECT pg_try_advisory_lock(hashtextextended('gate demo', 0))",
    "SELECT pg_advisory_unlock_all()",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 9))",
    "SELECT gate_lock('*', true)",
    "SELECT gate_clear('*', false)",
)


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(InsufficientPrivilege):
        yield


@contextmanager
def logged(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("name", ACCOUNTS)
def test_nobody_edits_the_past_or_widens_what_it_may(name: str, database_as: As) -> None:
    with logged(database_as(name)) as connection:
        for statement in FOR_NOBODY:
            with refused():
                connection.execute(statement)


@pytest.mark.parametrize("name", [*ACCOUNTS, "owner"])
def test_nobody_calls_what_another_has_made_in_its_name(name: str, database_as: As, ledger_url: str) -> None:
    """The site may make schemas, and one that is called like a role would come before the tables of all."""
    with logged(ledger_url if name == "owner" else database_as(name)) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ("public",)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_only_the_site_reads_people_and_their_secrets(name: str, database_as: As) -> None:
    with logged(database_as(name)) as connection:
        for table in SECRETS.split():
            if name == "web":
                connection.execute(f"SELECT * FROM {table}")
                continue
            with refused():
                connection.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("log", get_args(LogName))
def test_each_log_has_one_writer(name: str, log: LogName, database_as: As, ledger_url: str) -> None:
    application = LedgerApplication(database_as(name), log)
    try:
        if name != WRITERS[log]:
            with refused():
                application.acquire()
            with refused():  # the epoch guessed right would not help
                application.recorder.writing.run("SELECT lease_renew(%s, 0, 0, 60)", (log,))
            return
        application.acquire()
        assert application.commit([book_opened()]).last == 1
    finally:
        application.close()


def test_the_executor_neither_moves_gates_nor_answers_commands(database_as: As, ledger_url: str) -> None:
    application = LedgerApplication(database_as("executor"), "execution")
    change = GateChange(book="demo", origin="NORMAL", mode="HALTED", who="executor", why="hm", command_id="c")
    application.acquire()
    with refused():
        application.commit([], gate=change)
    application.acquire()
    with refused():
        application.commit([], inbox=[InboxEntry(command_id="c", entry_id="1-0", result="done")])
    application.close()


def test_the_site_halts_and_asks_and_does_nothing_else(database_as: As, ledger_url: str) -> None:
    with logged(database_as("web")) as connection:
        halt(connection, "demo", who="operator:ann", why="hm", command_id="c")
        assert read(connection, "demo").mode == "HALTED"
        connection.execute("INSERT INTO outbox (command_id, stream, raw) VALUES ('c', 'governance.commands', 'x')")
        with pytest.raises(psycopg.errors.CheckViolation):  # the relay would carry it anywhere
            connection.execute("INSERT INTO outbox (command_id, stream, raw) VALUES ('d', 'ledger.governance', 'x')")
        for table in PAST.split():
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with refused():
                    connection.execute(statement)
        with refused():
            connection.execute("UPDATE outbox SET raw = 'y'")
        with refused():
            connection.execute("UPDATE governance_book SET book = 'mine'")
        with refused():
            connection.execute("DELETE FROM django_admin_log")


@pytest.mark.parametrize("name", sorted(ACCOUNTS.keys() - {"web"}))
def test_others_neither_ask_as_operators_nor_halt(name: str, database_as: As) -> None:
    with logged(database_as(name)) as connection:
        with refused():
            connection.execute("INSERT INTO outbox (command_id, stream, raw) VALUES ('c', 'governance.commands', 'x')")
        with refused():
            connection.execute("SELECT gate_halt('demo', 'operator:ann', 'hm', 'c')")


WORKS = {
    "governor": {"governance snapshots"},
    "executor": {"execution snapshots"},
    "worker": {"alarms", "outcomes 0", "parquet", "checkpoints governance 0"},
    "web": {"checkpoints governance 0", "copies verify_governance", "ledger"},
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_nobody_takes_work_that_is_not_his(name: str, database_as: As) -> None:
    with logged(database_as(name)) as connection:
        for work in {"accounts", "gate *"}.union(*WORKS.values()):
            if work in WORKS.get(name, set()):
                with alone(connection, work) as ours:
                    assert ours
            else:
                with refused():
                    connection.execute("SELECT work_begin(%s)", [work])


def test_works_of_different_accounts_do_not_meet(database_as: As, ledger_url: str) -> None:
    with logged(database_as("web")) as site, logged(database_as("worker")) as worker:
        for work in WORKS["web"] - WORKS["worker"]:
            site.execute("SELECT work_begin(%s)", [work])
        for work in WORKS["worker"]:
            with alone(worker, work) as ours:
                assert ours


OTHERS = "event_log head inbox gate outbox projection bar price_run django_session axes_accesslog snapshot checkpoint"


def test_the_worker_locks_no_table_that_others_write(database_as: As, ledger_url: str) -> None:
    with logged(database_as("worker")) as worker:
        for table in OTHERS.split():
            for mode in ("SHARE", "ACCESS EXCLUSIVE"):
                with refused(), worker.transaction():
                    worker.execute(f"LOCK TABLE {table} IN {mode} MODE")
            with refused():
                worker.execute(f"DELETE FROM {table}")


def test_the_worker_forgets_only_what_is_old(database_as: As, ledger_url: str) -> None:
    with logged(database_as("worker")) as worker, logged(ledger_url) as owner:
        owner.execute("INSERT INTO head (log, partition, mark) VALUES ('governance', 0, '7200000-0')")
        owner.execute(INBOX)
        assert worker.execute("SELECT forget_answers(-9)").fetchone() == (1,)
        assert owner.execute("SELECT command_id FROM inbox").fetchall() == [("new",)]
        owner.execute(
            "INSERT INTO outbox (command_id, stream, raw, result) VALUES ('c', 'governance.commands', 'x', 'x')"
        )
        assert worker.execute("SELECT forget_commands(-9)").fetchone() == (0,)
        with refused():
            worker.execute("SELECT projection_move('governance', 'governance', 0, 9)")
        worker.execute("SELECT projection_move('alarm-webhook', 'governance', 0, 9)")


def test_who_holds_a_gate_cannot_hold_up_a_halt(database_as: As, ledger_url: str) -> None:
    """The executor's account could stay in a transaction that is through the gate."""
    with psycopg.connect(database_as("executor")) as impostor, logged(database_as("web")) as site:
        impostor.execute(THROUGH_THE_GATE)
        assert halt(site, "demo", who="operator:ann", why="hm", command_id="c").mode == "HALTED"
        with pytest.raises(psycopg.OperationalError):
            impostor.execute("SELECT")


def test_who_may_not_end_the_holder_of_a_gate_is_told_who_it_is(database_as: As, ledger_url: str) -> None:
    with (
        psycopg.connect(database_as("executor"), application_name="an executor") as impostor,
        logged(ledger_url) as own,
    ):
        impostor.execute(THROUGH_THE_GATE)
        pid = impostor.info.backend_pid
        own.execute("SELECT gate_clear('other', false)")  # of another book: nobody is ended
        with pytest.raises(psycopg.Error, match=rf"session {pid} of gov_executor \(an executor\)") as error:
            own.execute("SELECT gate_clear('demo', true)")
        assert isinstance(translated(error.value), GateHeld)
        impostor.execute("SELECT")


def test_the_governor_waits_for_nobody_at_a_gate_that_it_moves(database_as: As, ledger_url: str) -> None:
    application = LedgerApplication(database_as("governor"), "governance")
    change = GateChange(book="demo", origin="NORMAL", mode="REDUCE_ONLY", who="breaker", why="hm", command_id="c")
    with psycopg.connect(database_as("executor")) as impostor:
        impostor.execute(THROUGH_THE_GATE)
        application.acquire()
        application.commit([], gate=change)
        application.close()
        with pytest.raises(psycopg.OperationalError):
            impostor.execute("SELECT")


def test_only_the_relay_decodes_the_wal(database_as: As) -> None:
    slot = "SELECT pg_create_logical_replication_slot('mine', 'pgoutput', true)"
    for name in ACCOUNTS:
        with logged(database_as(name)) as connection:
            if name == "relay":
                connection.execute(slot)
                continue
            with refused():
                connection.execute(slot)


def test_nobody_is_let_in_without_a_password(database_as: As) -> None:
    for user in ("postgres", "gov_governor", "nobody"):
        for password in ("", "guessed"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(database_as("web"), user=user, password=password)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(database_as("relay"), replication="true")


def test_accounts_have_no_rights_but_those_of_the_table(database_as: As, migrated_url: str) -> None:
    """None by a group, none by attributes, none for everybody on tables, functions that write, or the database."""
    roles = [role_of(name) for name in ACCOUNTS]
    with logged(migrated_url) as owner:
        groups = "SELECT FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = member WHERE rolname = ANY(%s)"
        assert owner.execute(groups, [roles]).fetchall() == []
        attributes = """SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)
            AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication) ORDER BY 1"""
        assert owner.execute(attributes, [roles]).fetchall() == [("gov_relay",)]
        everybody = """SELECT relname FROM pg_class, aclexplode(relacl)
            WHERE relnamespace = 'public'::regnamespace AND grantee = 0"""
        assert owner.execute(everybody).fetchall() == []
        callable_ = """SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
            AND has_function_privilege('public', oid, 'EXECUTE')"""
        assert owner.execute(callable_).fetchall() == []
        assert owner.execute(
            "SELECT has_database_privilege('public', current_database(), 'CONNECT, TEMPORARY')"
        ).fetchone() == (False,)


def test_everything_in_the_table_is_there(database_as: As, migrated_url: str) -> None:
    named = {name for account in ACCOUNTS.values() for names in account.tables for name in names.split()}
    called = {name for account in ACCOUNTS.values() for name in account.functions}
    with logged(migrated_url) as owner:
        relations = {name for (name,) in owner.execute("SELECT relname FROM pg_class").fetchall()}
        functions = {name for (name,) in owner.execute("SELECT proname FROM pg_proc").fetchall()}
    assert named - relations == set()
    assert called - functions == set()


def test_granting_again_takes_away_what_is_not_in_the_table(database_as: As, migrated_url: str) -> None:
    with logged(migrated_url) as owner, logged(database_as("agents")) as agents:
        owner.execute("GRANT SELECT (username) ON auth_user TO gov_agents")
        owner.execute("GRANT EXECUTE ON FUNCTION gate_halt TO gov_agents")
        agents.execute("SELECT username FROM auth_user")
        grant(owner)
        with refused():
            agents.execute("SELECT username FROM auth_user")
        with refused():
            agents.execute("SELECT gate_halt('demo', 'operator:ann', 'hm', 'c')")
        agents.execute("SELECT FROM event_log")
