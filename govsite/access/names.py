"""Names of people, as the ledger keeps them: `operator:<name>`, at most 64 characters, told apart at a glance."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError

PREFIX = "operator:"
LONGEST_ACTOR = 64
LONGEST_NAME = LONGEST_ACTOR - len(PREFIX)
FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*", re.ASCII)


def check_name(name: str) -> None:
    """Raises ValidationError. Letters of other alphabets look like ours, and four eyes need two names."""
    if len(name) > LONGEST_NAME:
        raise ValidationError(
            f"At most {LONGEST_NAME} characters: the ledger keeps the name as {PREFIX}name, in {LONGEST_ACTOR}.",
            code="too_long",
        )
    if not FORM.fullmatch(name):
        raise ValidationError(
            "Only the letters A to Z and a to z, digits, and . _ @ + - after the first character.", code="odd_name"
        )
