"""The causal graph of a round: what led to what, laid out in columns and ready to be drawn as SVG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from govsite.ops.words import state_words

COLUMNS = ("Ticks", "Proposals", "Votes", "Arbitration", "Rules", "Orders", "Fills", "Worth")
WIDTH, HEIGHT, ACROSS, DOWN, TOP, MARGIN = 134, 62, 20, 12, 30, 4
BAR = WIDTH - 20
SHOWN = 8
LONGEST = 21
LOST = {"DEFEATED": "bad", "INQUORATE": "bad", "VETOED": "veto", "DENIED": "bad", "HALTED": "bad"}
WON = {"PASSED": "good", "GRANTED": "good", "REDUCED": "warn", "HELD": "warn"}
FINALS = {"filled": "good", "rejected": "bad", "cancelled": "bad", "expired": "bad", "partially_filled": "warn"}

Told = Mapping[str, Any]


class Bar(Struct, frozen=True):
    """Mass for and against of a vote, and what was needed, as widths of the bar."""

    yes: float
    no: float
    need: float


class Node(Struct, kw_only=True):
    """A step: up to three lines of text, where in the tables it stands, and what it came from."""

    key: str
    column: int
    lines: list[str]
    target: str
    look: str = ""
    bar: Bar | None = None
    causes: list[str] = field(default_factory=list)
    x: int = 0
    y: int = 0

    @property
    def label(self) -> str:
        """All of it, for who does not see the drawing."""
        return f"{COLUMNS[self.column]}: {', '.join(filter(None, self.lines))}"

    @property
    def texts(self) -> list[dict[str, Any]]:
        return [{"y": self.y + 18 + 15 * number, "text": cut(line)} for number, line in enumerate(self.lines)]

    @property
    def drawn(self) -> dict[str, float] | None:
        """The bar under the text, in places of the drawing."""
        if self.bar is None:
            return None
        left = self.x + 10
        return {
            "x": left,
            "y": self.y + HEIGHT - 12,
            "width": BAR,
            "yes": self.bar.yes * BAR,
            "no": self.bar.no * BAR,
            "no_x": left + (1 - self.bar.no) * BAR,
            "need_x": left + self.bar.need * BAR,
        }


def graph(told: Told) -> dict[str, Any]:
    """`told` is the story of a round; x and y in pixels of a drawing of `width` by `height`."""
    nodes = [
        *_few(_ticks(told), 0, "ticks"),
        *_few(_proposals(told), 1, "proposals"),
        *_few(_votes(told), 2, "tally"),
        *_few(_arbitrated(told), 3, "arbitration"),
        *_few(_rules(told), 4, "rules"),
        *_few(_orders(told), 5, "orders"),
        *_few(_fills(told), 6, "fills"),
        *_few(_worth(told), 7, "worth"),
    ]
    _place(nodes)
    known = {node.key: node for node in nodes}
    edges = [_edge(known[cause], node) for node in nodes for cause in node.causes if cause in known]
    height = max((node.y for node in nodes), default=TOP) + HEIGHT + MARGIN
    heads = [{"x": MARGIN + n * (WIDTH + ACROSS), "title": title} for n, title in enumerate(COLUMNS)]
    width = 2 * MARGIN + len(COLUMNS) * WIDTH + (len(COLUMNS) - 1) * ACROSS
    return {
        "nodes": nodes,
        "edges": edges,
        "heads": heads,
        "width": width,
        "height": height,
        "node_width": WIDTH,
        "node_height": HEIGHT,
    }


def cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _few(nodes: Iterable[Node], column: int, section: str) -> Iterator[Node]:
    """The first of a column; how many more there are is said, and they stand in the table."""
    every = list(nodes)
    yield from every[:SHOWN]
    if more := every[SHOWN:]:
        yield Node(
            key=f"{section}-more", column=column, lines=[f"and {len(more)} more", "in the table"], target=section
        )


def _place(nodes: Iterable[Node]) -> None:
    used = [0] * len(COLUMNS)
    for node in nodes:
        node.x = MARGIN + node.column * (WIDTH + ACROSS)
        node.y = TOP + used[node.column] * (HEIGHT + DOWN)
        used[node.column] += 1


def _edge(cause: Node, effect: Node) -> dict[str, str]:
    """A curve from the right side of the cause to the left side of the effect; within a column along its left side."""
    middle = HEIGHT // 2
    start, end = (cause.x + WIDTH, cause.y + middle), (effect.x, effect.y + middle)
    if cause.column == effect.column:
        start = (cause.x, cause.y + middle)
        bend = cause.x - ACROSS // 2
        path = f"M{start[0]} {start[1]} C{bend} {start[1]} {bend} {end[1]} {end[0]} {end[1]}"
    else:
        bend = (end[0] - start[0]) // 2
        path = f"M{start[0]} {start[1]} C{start[0] + bend} {start[1]} {end[0] - bend} {end[1]} {end[0]} {end[1]}"
    return {"path": path, "look": "lost" if cause.look in ("bad", "veto") else ""}


# --- columns ------------------------------------------------------------------------------------------


def _ticks(told: Told) -> Iterator[Node]:
    for number, tick in enumerate(told["ticks"], 1):
        yield Node(
            key=f"tick {tick['tick_id']}",
            column=0,
            lines=[tail(tick["tick_id"]), tick["what"], f"P {number_of(tick['price'])}" if tick["price"] else ""],
            target=f"tick-{number}",
        )


def _proposals(told: Told) -> Iterator[Node]:
    for number, proposal in enumerate(told["proposals"], 1):
        row = proposal["row"]
        causes = [f"tick {tick}" for tick in dict.fromkeys(row.evidence)] or [f"tick {told['trigger']}"]
        yield Node(
            key=f"proposal {row.proposal_id}",
            column=1,
            lines=[row.agent, f"{row.action} {row.instrument}", f"to {number_of(row.target)}"],
            target=f"proposal-{number}",
            look=LOST.get(row.state, WON.get(row.state, "")),
            causes=[f"proposal {row.amends}"] if row.amends else causes,
        )


def _votes(told: Told) -> Iterator[Node]:
    for number, tally in enumerate(told["tallies"], 1):
        row, total = tally["row"], tally["total"]
        yield Node(
            key=f"vote {row.proposal_id}",
            column=2,
            lines=[state_words(row.tally), f"{percent(tally['yes'], total)} for, {percent(tally['no'], total)} not"],
            target=f"tally-{number}",
            look=LOST.get(row.tally, WON.get(row.tally, "")),
            bar=tally["bar"],
            causes=[f"proposal {row.proposal_id}"],
        )


def _arbitrated(told: Told) -> Iterator[Node]:
    votes = [tally["row"] for tally in told["tallies"]]
    for number, target in enumerate(told["targets"], 1):
        yield Node(
            key=f"target {target['instrument']}",
            column=3,
            lines=[target["instrument"], f"hold {number_of(target['target'])}", _changed(target["change"])],
            target=f"target-{number}",
            look="good",
            causes=[f"vote {row.proposal_id}" for row in votes if row.instrument == target["instrument"]],
        )
    if votes and not told["targets"]:
        yield Node(
            key="target",
            column=3,
            lines=["Nothing is left", "no proposal passed"],
            target="arbitration",
            look="bad",
            causes=[f"vote {row.proposal_id}" for row in votes],
        )


def _rules(told: Told) -> Iterator[Node]:
    """One for each order that rules were asked about."""
    by_order: dict[str, list[tuple[int, Told]]] = {}
    for number, trace in enumerate(told["traces"], 1):
        by_order.setdefault(trace["order_id"], []).append((number, trace))
    instruments = {order["ticket"]["order_id"]: order["ticket"]["instrument"] for order in told["orders"]}
    for order_id, traces in by_order.items():
        failed = [(number, trace) for number, trace in traces if not trace["ok"] and not trace.get("shadow")]
        number, first = (failed or traces)[0]
        instrument = instruments.get(order_id)
        denied = any(trace["effect"] == "deny" for _, trace in failed)
        yield Node(
            key=f"rules {order_id}",
            column=4,
            lines=[
                f"{len(traces) - len(failed)} of {len(traces)} hold",
                f"{first['rule']}: {first['effect']}" if failed else "every clause",
                f"to {first['clipped_to']}" if failed and first.get("clipped_to") else "",
            ],
            target=f"trace-{number}",
            look="bad" if denied else "warn" if failed else "good",
            causes=[
                f"target {target['instrument']}"
                for target in told["targets"]
                if instrument in (None, target["instrument"])
            ],
        )
    if told["hold"] is not None:
        yield Node(
            key="hold",
            column=4,
            lines=["Held for an operator", ", ".join(told["hold"].rules), told["hold"].status],
            target="hold",
            look="warn",
            causes=[f"rules {order_id}" for order_id in by_order]
            or [f"target {t['instrument']}" for t in told["targets"]],
        )


def _orders(told: Told) -> Iterator[Node]:
    asked = {trace["order_id"] for trace in told["traces"]}
    for number, order in enumerate(told["orders"], 1):
        ticket = order["ticket"]
        by_rules = ticket["order_id"] in asked
        yield Node(
            key=f"order {ticket['order_id']}",
            column=5,
            lines=[f"{ticket['side']} {ticket['instrument']}", number_of(ticket["quantity"]), order["state_words"]],
            target=f"order-{number}",
            look=FINALS.get(order["state"], ""),
            causes=[f"rules {ticket['order_id']}" if by_rules else f"target {ticket['instrument']}"],
        )
    if not told["orders"]:
        outcome = told["decision"].outcome if told["decision"] else "no decision"
        yield Node(
            key="order",
            column=5,
            lines=["No order", outcome],
            target="orders",
            look="veto" if outcome == "vetoed" else "bad",
            causes=[
                *(f"rules {order_id}" for order_id in dict.fromkeys(trace["order_id"] for trace in told["traces"])),
                *(["hold"] if told["hold"] is not None else []),
                *(["target"] if not told["traces"] else []),
            ],
        )


def _fills(told: Told) -> Iterator[Node]:
    by_order: dict[str, list[tuple[int, Told]]] = {}
    for number, fill in enumerate(told["fills"], 1):
        by_order.setdefault(fill["row"].order_id, []).append((number, fill))
    for order_id, fills in by_order.items():
        quantity = sum((fill["row"].quantity for _, fill in fills), Decimal(0))
        value = sum((fill["value"] for _, fill in fills), Decimal(0))
        many = f"{len(fills)} fills" if len(fills) > 1 else "1 fill"
        yield Node(
            key=f"fills {order_id}",
            column=6,
            lines=[f"{many}, {number_of(quantity)}", f"at {value / quantity:,.4f}", fills[0][1]["row"].venue],
            target=f"fill-{fills[0][0]}",
            look="good",
            causes=[f"order {order_id}"],
        )


def _worth(told: Told) -> Iterator[Node]:
    """What the fills had gained or lost at the horizon; before it, that it is not known yet."""
    worth = told.get("worth") or []
    for number, one in enumerate(worth, 1):
        known = one["at_horizon"] is not None
        if not one["filled"]:
            continue
        yield Node(
            key=f"worth {one['order_id']}",
            column=7,
            lines=[f"{one['at_horizon']:+,.4f}" if known else "not known yet", "after fees" if known else ""],
            target=f"worth-{number}",
            look=("good" if one["at_horizon"] >= 0 else "bad") if known else "",
            causes=[f"fills {one['order_id']}"],
        )


# --- words --------------------------------------------------------------------------------------------


def tail(tick_id: str) -> str:
    """The end of an id says which tick it is; its beginning is the same for all of a venue."""
    return tick_id if len(tick_id) <= LONGEST else f"…{tick_id[1 - LONGEST :]}"


def number_of(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():,f}"


def percent(part: int, total: int) -> str:
    return f"{part / total:.1%}" if total else "–"


def _changed(change: Decimal | None) -> str:
    return "" if change is None else f"change {change.normalize():+,f}"
