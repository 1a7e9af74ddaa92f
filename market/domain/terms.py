"""Terms of books and instruments, changed by name."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import msgspec

from streams.events import BookTerms, InstrumentTerms

Terms = TypeVar("Terms", BookTerms, InstrumentTerms)


def with_term(terms: Terms, name: str, value: Decimal) -> Terms:
    """The terms with one of them changed; whole numbers and flags stay what they are. AttributeError for a name that
    there is not."""
    kind = type(getattr(terms, name))
    return msgspec.structs.replace(terms, **{name: value if kind is Decimal else kind(value)})
