"""A change in a sentence: what would be otherwise, and how."""

from __future__ import annotations

from typing import Any


def change_words(change: dict[str, Any]) -> str:
    """`change` as the read model keeps it: the change's fields and its `kind`."""
    match change["kind"]:
        case "ActivateRule":
            shadow = ", in shadow" if change.get("shadow") else ""
            return f"rule {change['rule']} ({change['effect']}{shadow}): {change['title']}"
        case "RetireRule":
            return f"retire the rule {change['rule']}"
        case "SetTerm":
            of = f" of {change['instrument']}" if change.get("instrument") else ""
            return f"set {change['name']}{of} to {change['value']}"
        case "Restrict":
            return f"restrict {change['instrument']}{', reductions too' if change.get('hard') else ''}"
        case "Unrestrict":
            return f"take {change['instrument']} off the restricted list"
        case "GrantSeat":
            count = len(change.get("signals", ()))
            declared = f", declared by {count} signal{'s' if count > 1 else ''}" if count else ""
            return f"grant {change['agent']} a seat ({change['role']}, owner {change['owner']}{declared})"
        case "SuspendSeat":
            return f"suspend {change['agent']}"
        case "ReinstateSeat":
            return f"reinstate {change['agent']}"
        case "IssueSeatKey":
            return f"give {change['agent']} " + (
                "the key of the party that holds it" if change["public"] else "a new key of the house"
            )
        case "RevokeSeatKey":
            return f"revoke the key of {change['agent']}"
        case "AdjustReputation":
            return f"set the weight of {change['agent']} to {change['weight']}"
        case kind:
            return str(kind)
