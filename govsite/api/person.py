"""Who asks, and what they may see: what a client needs to know before it asks for anything else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from govsite.access import roles
from govsite.api import tokens
from govsite.api.answers import ERRORS, asks_only, told
from govsite.live.requests import PERMISSIONS
from govsite.ops import standing

router = Router(tags=["Machine"])


class Person(Schema):
    """The account that a session or a token stands for."""

    person: str
    topics: list[str] = Field(description="topics of the live socket that it may subscribe to")
    explores: bool = Field(description="whether it may read the ledger, explanations and the past")
    books: list[str] = Field(description="all books, the one founded first first")


@router.get("/me", response={200: Person, **ERRORS}, summary="Who asks, and what they may see", operation_id="me")
def me(request: HttpRequest) -> HttpResponse:
    tokens.scoped(request, tokens.READ)
    asks_only(request)
    person = request.user
    return told(
        request,
        {
            "person": person.get_username(),
            "topics": [topic for topic, right in PERMISSIONS.items() if person.has_perm(right)],
            "explores": person.has_perm(roles.EXPLORE),
            "books": list(standing.books()),
        },
    )
