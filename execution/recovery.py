"""How an executor begins: the desks of its floor as a snapshot has them."""

from __future__ import annotations

from typing import Any

import execution.domain
import market.domain
import streams
import streams.parts
from execution.domain import account, blotter, order
from execution.domain.account import Account
from execution.domain.blotter import Blotter
from execution.domain.floor import Floor
from ledger import upcasting
from ledger.freezing import Freezer, Unreadable
from ledger.records import RecordedEvent
from ledger.session import Session
from ledger.snapshots import Folding, Positions, Snapshots
from market.domain import position

Standing = dict[str, dict[str, Any]]

BOOKS = ("Book",)
STANDING = tuple(vars(Blotter(Account(), None, {})))
FREEZER = Freezer(
    modules=(account, blotter, order, position, streams.parts),
    packages=(execution.domain, market.domain, streams),
    sources=(__file__, upcasting.__file__),
)


def standing(floor: Floor) -> Standing:
    """What the desks know of the logs, by book; what they know of the market is not part of it."""
    return {book: {name: getattr(desk, name) for name in STANDING} for book, desk in floor.desks.items()}


def restore(floor: Floor, session: Session, *, mark: int, position: int, partition: int = 0) -> Positions:
    """Sets the desks as the newest snapshot has them, and tells up to where both logs are folded. No further than
    `mark` in the governance log and `position` in the execution log; (0, 0) where there is no snapshot to use."""
    recovered, at = FOLDING.recovered(session, Positions(mark, position), partition=partition)
    _set(floor, standing(recovered))
    return at


def take_snapshot(session: Session, every: int, partition: int = 0) -> Positions | None:
    """Of all desks of a partition, where the executor stands now; None where fewer than `every` events came since the
    last one."""
    return FOLDING.take(session, _reached(session, partition), every, partition)


def snapshot_is_due(session: Session, every: int, partition: int = 0) -> bool:
    return FOLDING.is_due(session, _reached(session, partition), every, partition)


def _reached(session: Session, partition: int) -> Positions:
    heads = Snapshots(session, "execution", FREEZER.fingerprint, partition).heads()
    return Positions(heads.mark, heads.positions.execution)


def _set(floor: Floor, known: Standing) -> None:
    for book, parts in known.items():
        desk = floor.desk(book)
        for name, value in parts.items():
            setattr(desk, name, value)


def _thaw(raw: bytes) -> Floor:
    floor, known = Floor(), FREEZER.thaw(raw)
    if not isinstance(known, dict) or any(set(parts) != set(STANDING) for parts in known.values()):
        raise Unreadable("the state is not that of desks")
    _set(floor, known)
    return floor


def _apply(floor: Floor, recorded: RecordedEvent) -> None:
    floor.apply(recorded.event)


FOLDING: Folding[Floor] = Folding(
    name="execution",
    fingerprint=FREEZER.fingerprint,
    begin=Floor,
    apply=_apply,
    freeze=lambda floor: FREEZER.freeze(standing(floor)),
    thaw=_thaw,
    canonical=FREEZER.canonical,
    books=BOOKS,
)
