"""The accounts as roles of PostgreSQL: made with their passwords, and given exactly what the table of accounts says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from govsite.accounts.table import ACCOUNTS, PREFIX, Account

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

LOCK = SQL("SELECT pg_advisory_xact_lock(hashtextextended('accounts', 0))")
# The limit: no account alone uses up the connections of the server, of which there are 100 or more.
NEVER = SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS CONNECTION LIMIT 60 ")
# Without "$user": else who may make schemas makes one in another's name, and that other calls what is in it.
PLACE = SQL("ALTER DATABASE {} SET search_path = public")
# What PostgreSQL lets everybody do, and with which any account holds up the others (a halt too, by the lock of a gate),
# or fills the disk. Only a superuser can take it; the functions of the owner go on using it.
EVERYBODYS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND (proname ~ '^pg_(try_)?advisory_' OR proname ~ '^lo_(creat|create|from_bytea)$'
           OR proname = 'pg_logical_emit_message')"""
SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
FUNCTIONS = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = %s"


def role_of(name: str) -> str:
    return PREFIX + name


def provision(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Makes the roles that are missing, sets their passwords and grants. Roles are of the whole server: one server has
    one site. Raises `psycopg.errors.InsufficientPrivilege`."""
    with connection.transaction():
        connection.execute(LOCK)
        known = _known(connection)
        for name, account in ACCOUNTS.items():
            role = Identifier(role_of(name))
            attributes = NEVER + SQL("REPLICATION" if account.replication else "NOREPLICATION")
            if role_of(name) not in known:
                connection.execute(SQL("CREATE ROLE {}").format(role))
            digest = connection.pgconn.encrypt_password(
                passwords[name].encode(), role_of(name).encode(), b"scram-sha-256"
            )
            connection.execute(SQL("ALTER ROLE {} RESET ALL").format(role))
            connection.execute(SQL("ALTER ROLE {} {} PASSWORD {}").format(role, attributes, digest.decode()))
        grant(connection)


def grant(connection: Connection) -> None:
    """Takes everything from the roles that there are and gives them what the table says, in one transaction: a process
    at work notices nothing. Tables that are not there (yet) are left out: the next migration grants again."""
    with connection.transaction():
        connection.execute(LOCK)
        known = _known(connection) & set(map(role_of, ACCOUNTS))
        if known:
            connection.execute(PLACE.format(Identifier(connection.info.dbname)))
            _close(connection)
        for name, account in ACCOUNTS.items():
            if role_of(name) in known:
                _grant(connection, Identifier(role_of(name)), account)


def _close(connection: Connection) -> None:
    """Takes from everybody what PostgreSQL gives."""
    if connection.execute(SUPERUSER).fetchone() != (True,):
        log.warning("the owner is no superuser: any account can hold up the others by advisory locks (docs/access.md)")
        return
    for (signature,) in connection.execute(EVERYBODYS).fetchall():
        connection.execute(SQL("REVOKE ALL ON FUNCTION pg_catalog.{} FROM PUBLIC").format(SQL(signature)))


def _grant(connection: Connection, role: Identifier, account: Account) -> None:
    database = Identifier(connection.info.dbname)
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC, {role}",
        "REVOKE ALL ON SCHEMA public FROM {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}",
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM {role}",
        "GRANT CONNECT ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
    ):
        connection.execute(SQL(statement).format(database=database, role=role))
    for privilege in account.database:
        connection.execute(SQL("GRANT {} ON DATABASE {} TO {}").format(SQL(privilege), database, role))
    for names, privileges in account.tables.items():
        if tables := _there(connection, names.split()):
            connection.execute(SQL("GRANT {} ON {} TO {}").format(SQL(privileges), SQL(", ").join(tables), role))
    for function in account.functions:
        for (signature,) in connection.execute(FUNCTIONS, [function]).fetchall():
            connection.execute(SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(SQL(signature), role))


def _known(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}


def _there(connection: Connection, names: list[str]) -> list[Composable]:
    rows = connection.execute(
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass('public.' || name) IS NOT NULL", [names]
    )
    return [Identifier("public", name) for (name,) in rows.fetchall()]
