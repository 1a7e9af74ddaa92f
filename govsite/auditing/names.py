"""Which names in a question the ledger does not know, and what is like them: a slip must not look like an answer."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from psycopg.sql import SQL, Identifier

from ledger.audit import Connection, Question, is_uuid
from streams.events import TOPICS

KINDS = sorted({topic.partition(".")[0] for topic in TOPICS.values()})
SHOWN = 12


def unknown(connection: Connection, question: Question) -> str:
    """The book and the actor that no event has, each with what there is; empty where there are both. To be asked where
    nothing was found: an actor is looked for in every event."""
    asked = {"book": question.book, "actor": question.actor}
    told = [_unknown(connection, column, name) for column, name in asked.items() if name is not None]
    return "; ".join(filter(None, told))


def _unknown(connection: Connection, column: str, name: str) -> str:
    """`column` is of the table `event_log`."""
    place = Identifier(column)
    if connection.execute(SQL("SELECT FROM event_log WHERE {} = %s LIMIT 1").format(place), [name]).fetchone():
        return ""
    rows = connection.execute(SQL("SELECT DISTINCT {} FROM event_log").format(place)).fetchall()
    return slip(column, name, [known for (known,) in rows if known])


def no_aggregate(name: str) -> str:
    """What to say of what is neither an id nor a kind of aggregate; empty for those."""
    return "" if is_uuid(name) else slip("kind of aggregate", name, KINDS)


def slip(what: str, name: str, known: Collection[str]) -> str:
    """What to say of a name that is not among the known ones: those like it, else all; empty for one that is."""
    if name in known:
        return ""
    lower = {one.lower(): one for one in sorted(known)}
    near = [lower[one] for one in get_close_matches(name.lower(), lower)]
    if near:
        return f"there is no {what} {name!r}: {' or '.join(near)}?"
    shown = sorted(known)[:SHOWN]
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return f"there is no {what} {name!r}: there {'are ' + ', '.join(shown) + more if shown else 'is none yet'}"
