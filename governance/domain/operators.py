"""Who is an operator: the prefix of the actor, and a name behind it."""

from __future__ import annotations

OPERATOR = "operator"


def is_operator(actor: str) -> bool:
    role, _, name = actor.partition(":")
    return role == OPERATOR and bool(name.strip())
