"""A change is tried before it is asked for: its texts in the sandbox, what it does on the last decisions."""

from __future__ import annotations

import psycopg
from django.conf import settings

from governance.domain.parameters import BOOK, INSTRUMENT
from governance.domain.previewing import replayable
from governance.domain.rulebook import RuleRefused, checked
from governance.preview import LAST, preview
from governance.screening import described, request_of
from govsite.govern.files import as_activated
from rules.sandbox import Problem, Sandbox
from streams.changes import ActivateRule, Change, SetTerm
from streams.events import Preview

NOTHING_SENT = "the change could not be tried on the last decisions: nothing was sent, try again"


class Unsound(ValueError):
    """The change cannot be made as it is; the text says what is wrong with it."""


class NotTried(RuntimeError):
    """The ledger did not answer, so nobody knows what the change would do: ask again."""


def problems_of(change: Change) -> list[Problem]:
    """What is wrong with its texts, tried in the sandbox; a change without texts has nothing wrong with them."""
    request = request_of(change)
    if request is None:
        return []
    with Sandbox() as sandbox:
        return sandbox.check(request)


def check_examples(change: Change) -> None:
    """Raises `Unsound` where a rule does not say of its examples what they say. Its texts were in the sandbox."""
    if isinstance(change, ActivateRule):
        try:
            checked(as_activated(change))
        except RuleRefused as error:
            raise Unsound(str(error)) from error


def previewed(book: str, change: Change, last: int = LAST) -> Preview | None:
    """What it would have made of the last decisions; None for what is not replayed, and for a parameter that there is
    not, which the governor refuses with the list. Its texts were in the sandbox. Raises `Unsound`, `NotTried`."""
    if not replayable(change):
        return None
    if isinstance(change, SetTerm) and change.name not in (INSTRUMENT if change.instrument else BOOK):
        return None
    try:
        return preview(settings.DATABASE_URL, book, change, last=last)
    except psycopg.errors.QueryCanceled as error:
        raise NotTried(f"the ledger took too long, so {NOTHING_SENT}") from error
    except psycopg.Error as error:
        raise NotTried(f"the ledger does not answer, so {NOTHING_SENT}") from error
    except (RuleRefused, AttributeError, LookupError, ValueError, ArithmeticError) as error:
        raise Unsound(f"it cannot be tried on the last decisions: {error}") from error


def tried(book: str, change: Change, last: int = LAST) -> Preview | None:
    """All of it: texts, examples, the last decisions. Raises `Unsound`, `NotTried`."""
    if found := problems_of(change):
        raise Unsound("; ".join(map(described, found)))
    check_examples(change)
    return previewed(book, change, last)
