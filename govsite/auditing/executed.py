"""Money and open orders of a book as a log had them: folded from its start, or on from where it was folded before."""

from __future__ import annotations

from collections import OrderedDict
from copy import deepcopy
from decimal import Decimal
from threading import Lock

from msgspec import Struct

from execution.domain.account import Account
from ledger.audit import Connection
from ledger.errors import Corrupt
from ledger.upcasting import upcast
from streams import events as e
from streams.events import AGGREGATES, TOPICS, Event, decode_event
from streams.messages import Log

FILLS: tuple[type[Event], ...] = (e.OrderFilled, e.OrderPartiallyFilled)
MONEY: tuple[type[Event], ...] = (e.BookOpened, e.CashMoved, e.PositionAdjusted, *FILLS)
_MONEY = frozenset(TOPICS[kind] for kind in MONEY)
_FINAL = frozenset(TOPICS[kind] for kind in e.FINAL)
_OPEN = frozenset(TOPICS[kind] for kind in AGGREGATES["Order"]) - _FINAL
FETCH = 1_000
KEPT = 32


class Place(Struct, frozen=True):
    """A log as it stood: nothing after `position` is read."""

    log: Log
    partition: int
    position: int


class OpenOrder(Struct, frozen=True):
    """An order without a final state; `filled` in base units."""

    accepted: e.OrderAccepted
    filled: Decimal
    state: str


class Fold(Struct):
    """Everything up to a place; `begun` has the events (topic, state) of every order without a final one."""

    hash: bytes
    account: Account
    begun: dict[bytes, list[tuple[str, bytes]]]


class Folds:
    """The last folds, for whoever goes through the past step by step. Each counts only in a log that has the hash at
    the place where it ended: what is before it then is what was folded."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._folds: OrderedDict[tuple[str, Place], Fold] = OrderedDict()
        self._turn = Lock()

    def nearest(self, connection: Connection, place: Place, book: str) -> tuple[int, Fold]:
        """The fold that ends last at or before the place; a copy that may be folded on."""
        with self._turn:
            known = [key for key in self._folds if _leads_to(key, place, book)]
        for key in sorted(known, key=lambda key: -key[1].position):
            with self._turn:
                fold = self._folds.get(key)
            if fold is not None and fold.hash == _hash(connection, key[1]):
                return key[1].position, Fold(
                    fold.hash, deepcopy(fold.account), {k: [*v] for k, v in fold.begun.items()}
                )
        return 0, Fold(b"", Account(), {})

    def keep(self, place: Place, book: str, fold: Fold) -> None:
        with self._turn:
            self._folds[book, place] = fold
            self._folds.move_to_end((book, place))
            while len(self._folds) > self._kept:
                self._folds.popitem(last=False)


def _copied(fold: Fold) -> Fold:
    return Fold(fold.hash, deepcopy(fold.account), {order: [*told] for order, told in fold.begun.items()})


def _leads_to(key: tuple[str, Place], place: Place, book: str) -> bool:
    known = key[1]
    same = (key[0], known.log, known.partition) == (book, place.log, place.partition)
    return same and known.position <= place.position


_folds = Folds()


def executed(connection: Connection, place: Place, book: str, folds: Folds = _folds) -> tuple[Account, list[OpenOrder]]:
    """The money and what was still open, in one pass that folds while the server reads on."""
    query = """SELECT topic, state, uuid_send(originator_id) FROM event_log
        WHERE log = %s AND partition = %s AND position > %s AND position <= %s AND book = %s ORDER BY position"""
    after, fold = folds.nearest(connection, place, book)
    account, begun = fold.account, fold.begun
    with connection.cursor(binary=True) as cursor:
        parameters = [place.log, place.partition, after, place.position, book]
        for stored_topic, stored, order in cursor.stream(query, parameters, size=FETCH):
            topic, state = upcast(stored_topic, stored)
            if topic in _MONEY:
                account.apply(decode_event(topic, state))
            if topic in _FINAL:
                begun.pop(order, None)
            elif topic in _OPEN:
                begun.setdefault(order, []).append((topic, state))
    if place.position:
        folds.keep(place, book, _copied(Fold(_hash(connection, place), account, begun)))
    return account, [_open_order([decode_event(*one) for one in told]) for told in begun.values()]


def _hash(connection: Connection, place: Place) -> bytes:
    query = "SELECT hash FROM event_log WHERE log = %s AND partition = %s AND position = %s"
    row = connection.execute(query, [place.log, place.partition, place.position]).fetchone()
    return bytes(row[0]) if row else b"none"


def _open_order(bodies: list[Event]) -> OpenOrder:
    accepted = next((body for body in bodies if isinstance(body, e.OrderAccepted)), None)
    if accepted is None:
        raise Corrupt(f"an order was never accepted and yet has {bodies[0]}: run `manage.py audit verify`")
    fills = [body.quantity for body in bodies if isinstance(body, e.OrderPartiallyFilled)]
    working = any(isinstance(body, e.OrderWorking) for body in bodies)
    state = "PARTIALLY_FILLED" if fills else "NEW" if working else "PENDING_NEW"
    return OpenOrder(accepted, sum(fills, Decimal(0)), state)
