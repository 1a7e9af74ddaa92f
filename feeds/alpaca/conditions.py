"""What the codes of the consolidated tapes mean for a price: sale conditions, quote conditions, trading status.

Which sales update the consolidated last price is the tables of "consolidated processing guidelines" in the output
specifications of the two plans: CTS (tapes A and B) and UTDF (tape C). Where the plan says "only if" (the first sale of
the day, the sale of one participant), the answer here is no: such a report is late by nature.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

# Everything else does not set the last price: B (average price) C H I L M N P Q R T U V Z 4 7 9 on tapes A and B;
# C E G H I L M N P Q R T U V W Z 4 7 9 on tape C. What is in no table does not either.
CTS_LAST = frozenset("@ EFKOX56")
UTDF_LAST = frozenset("@ ABDFKOSXY156")
LAST = {"A": CTS_LAST, "B": CTS_LAST, "C": UTDF_LAST, "O": UTDF_LAST}
LAST_ON_ANY = CTS_LAST & UTDF_LAST

NOT_FIRM = frozenset("LN")  # closed and non-firm quotes, on either plan

# CTS: 1 opening delay, 2 trading halt, 3 resume, 4 no open and no resume. UTP: H halt, P volatility pause (LULD),
# Q quotation resumed (no trading yet), T trading resumed. IEX: O order acceptance before the auction.
HALTED = frozenset("124HPQO")
TRADING = frozenset("3T")
# CTS: 5, 6 indications of price, 7 8 9 A C D imbalances, E short sale restriction, F limit up and limit down bands
# (the pause itself comes as 2 with the reason M): none of them starts or ends trading.
NOTICES = frozenset("56789ACDEF")

Trading = Literal["trading", "halted", "unchanged"]


def sets_last(conditions: Iterable[str], tape: str) -> bool:
    """Whether a sale with these conditions is the market's last price; all conditions have to allow it."""
    return LAST.get(tape, LAST_ON_ANY).issuperset(conditions)


def trading(status_code: str) -> Trading:
    """What a status code says of an instrument; one that nobody knows counts as a halt."""
    if status_code in TRADING:
        return "trading"
    return "unchanged" if status_code in NOTICES else "halted"
