"""How the snapshot of each core is taken."""

from __future__ import annotations

from collections.abc import Mapping

import execution.recovery
import governance.recovery
from ledger.snapshots import Name
from ledger.snapshotting import Take

TAKES: Mapping[Name, Take] = {
    "governance": governance.recovery.take_snapshot,
    "execution": execution.recovery.take_snapshot,
}
