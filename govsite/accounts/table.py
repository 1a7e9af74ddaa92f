"""The account of each process: what it may do in PostgreSQL and in Redis, and nothing else. Everything is made of this.

Redis: `reads` and `adds` are streams (each also as the stream of a partition, `NAME.1`), `rules` further selectors in
the words of Redis's ACLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.client import (
    COMMANDS,
    DEAD_LETTERS,
    DELIBERATIONS,
    LEDGER_EXECUTION,
    LEDGER_GOVERNANCE,
    TICKS,
)

OWNER = "owner"
"""Migrations, backups and commands by hand; the one account in Redis that may do everything."""
PREFIX = "gov_"
"""Of the roles in PostgreSQL, where an account named `web` may be somebody else's."""

LEDGERS = (LEDGER_GOVERNANCE, LEDGER_EXECUTION)
RELEASE = "django_migrations head"
READ_MODELS = (
    "execution_account execution_fill execution_order execution_position"
    " governance_alarm governance_ballot governance_book governance_breakerstate governance_changerequest"
    " governance_councilscore governance_decision governance_deliberation governance_feedgap governance_hold"
    " governance_instrumentstate governance_outcome governance_proposal governance_rule governance_ruleversion"
    " governance_seat governance_seatweight"
)
MARKET = "bar price_run venue_listing"
PEOPLE = (
    "auth_group auth_group_permissions auth_user auth_user_groups auth_user_user_permissions django_session"
    " axes_accessattempt axes_accessattemptexpiration axes_accessfailurelog axes_accesslog"
    " otp_static_staticdevice otp_static_statictoken otp_totp_totpdevice govsite_apitoken"
)
WRITERS = ("append_events", "lease_acquire", "lease_renew", "snapshot_write", "gate_read")
"""Each looks at who calls: the governor writes its log, the executor its own (ledger/schema/only_writer.sql)."""
WORK = ("work_begin", "work_end")
"""For what is done by one at a time; no account has locks of its own (ledger/schema/work_begin.sql)."""


@dataclass(frozen=True)
class Account:
    """`tables`: names divided by spaces, and the privileges on each; `database`: privileges on the database itself."""

    tables: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    replication: bool = False
    database: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


# Lists of tasks as Celery keeps them, its queues under four priorities, and what its workers tell each other.
TASKS = (
    "(+brpop +lpush +rpush +llen +hset +hdel +hget +zadd +zrem +zrange +zrevrangebyscore +zrangebyscore +sadd +srem"
    " +smembers +sunion +get +set +del +exists +expire +watch +unwatch +evalsha +eval +script|load +script|exists"
    " ~celery* ~_kombu* ~unacked*)"
)
# To hear a pattern one must be given that very pattern.
BROADCASTS = "(+publish +psubscribe +punsubscribe &/0.celery* &/0.celery.pidbox)"
BEATS = "(+set +del %W~process:beat)"
EVERY_REPORT = "(+scan +mget +get +exists %R~process:*)"


def _shares(log: str) -> str:
    """Writers of several partitions tell each other that they live."""
    return f"(+set +del +scan ~holds:{log}:*)"


ACCOUNTS: Mapping[str, Account] = {
    "feed": Account(
        tables={RELEASE: "SELECT", MARKET: "SELECT, INSERT, UPDATE, DELETE"},
        reads=(TICKS,),
        adds=(TICKS, COMMANDS),
        rules=(
            f"(+xtrim %W~{TICKS})",
            "(+hgetall +hset +hincrby ~feed)",
            "(+xread +xrevrange %R~feed.wishes)",
            "(+rpush +expire %W~feed:answer:*)",
            "(+scan +mget %R~progress:*)",
            EVERY_REPORT,
        ),
    ),
    "agents": Account(
        tables={RELEASE: "SELECT", "event_log head": "SELECT"},
        functions=("gate_read",),
        reads=(TICKS, DELIBERATIONS, *LEDGERS),
        adds=(COMMANDS,),
    ),
    "governor": Account(
        tables={RELEASE: "SELECT", "event_log head inbox snapshot gate": "SELECT"},
        functions=(*WRITERS, *WORK),
        reads=(TICKS, COMMANDS, LEDGER_EXECUTION),
        adds=(DELIBERATIONS,),
        rules=(
            # Who may add to these may also spoil them: the governor mends them (streams/custody.py).
            "(+eval +exists +xinfo|stream +xrange +xadd +del +xgroup|create +xgroup|destroy +xsetid"
            f" ~{COMMANDS} ~{COMMANDS}.* ~{DEAD_LETTERS})",
            "(+set %W~readings:*)",
            _shares("governance"),
        ),
    ),
    "executor": Account(
        tables={RELEASE: "SELECT", "event_log ledger head snapshot": "SELECT"},
        functions=(*WRITERS, *WORK),
        reads=(TICKS, LEDGER_GOVERNANCE),
        rules=(_shares("execution"),),
    ),
    "relay": Account(
        tables={
            RELEASE: "SELECT",
            "event_log head inbox outbox": "SELECT",
            "outbox": "UPDATE (sent_at, result)",
        },
        replication=True,
        reads=LEDGERS,
        adds=(COMMANDS, *LEDGERS),
        rules=("(+del " + " ".join(f"%W~{name} %W~{name}.*" for name in LEDGERS) + ")",),
    ),
    "projector": Account(
        tables={
            RELEASE: "SELECT",
            "event_log ledger head gate outbox": "SELECT",
            f"projection {READ_MODELS}": "SELECT, INSERT, UPDATE, DELETE",
        },
        functions=("gate_read",),
        reads=(TICKS, DELIBERATIONS, DEAD_LETTERS, *LEDGERS),
        rules=(
            f"(+xinfo|stream %R~{COMMANDS} %R~{COMMANDS}.*)",
            "(+set %W~live:*)",
            "(+publish &asgi*)",
            EVERY_REPORT,
        ),
    ),
    "web": Account(
        tables={
            f"{RELEASE} event_log ledger head inbox gate outbox projection snapshot checkpoint": "SELECT",
            f"{READ_MODELS} {MARKET} bar_listed govsite_alarmdelivery auth_permission django_content_type": "SELECT",
            PEOPLE: "SELECT, INSERT, UPDATE, DELETE",
            "django_admin_log": "SELECT, INSERT",
            "outbox": "INSERT (command_id, stream, raw, signature)",
        },
        functions=("gate_read", "gate_halt", "projection_hold", *WORK),
        database=("CREATE",),  # a verification compares read models with copies that it makes in a schema of its own
        reads=(TICKS, DELIBERATIONS, DEAD_LETTERS, *LEDGERS),
        rules=(
            f"(+xinfo|stream %R~{COMMANDS} %R~{COMMANDS}.*)",
            "(+get +mget %R~live:* %R~readings:* %R~verified:*)",
            "(+xadd %W~feed.wishes)",
            "(+blpop ~feed:answer:*)",
            "(+get +set +del +expire ~verification*)",
            "(+publish +subscribe +unsubscribe &asgi*)",
            EVERY_REPORT,
        ),
    ),
    "worker": Account(
        tables={
            RELEASE: "SELECT",
            "event_log ledger head": "SELECT",
            "inbox bar price_run projection": "SELECT",
            "checkpoint": "SELECT, INSERT",
            "govsite_alarmdelivery": "SELECT, INSERT, UPDATE",
        },
        functions=(
            *WORK,
            "projection_move",
            "forget_answers",
            "forget_bars",
            "forget_commands",
            "forget_marks",
            "forget_visits",
        ),
        adds=(COMMANDS,),
        rules=("(+get +set ~verified:*)", BEATS, TASKS, BROADCASTS),
    ),
    "beat": Account(rules=(TASKS,)),
    "traces": Account(tables={RELEASE: "SELECT", "event_log ledger head": "SELECT"}),
}


def variable(name: str) -> str:
    """The variable that holds the password of an account, for whoever makes the accounts."""
    return f"GOVSITE_PASSWORD_{name.upper()}"


VARIABLES = tuple(map(variable, ACCOUNTS))
