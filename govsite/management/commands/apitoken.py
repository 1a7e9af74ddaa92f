"""`manage.py apitoken`: issues tokens of the API, lists them, revokes them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from govsite.access import second_factor
from govsite.api import tokens
from govsite.api.records import ApiToken


class Command(BaseCommand):
    help = "Tokens of the API: for programs that ask and act as a person of the site (docs/api.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        issue = what.add_parser("issue", help="make one; it is shown once")
        issue.add_argument("--for", dest="owner", required=True, metavar="NAME", help="whose rights it has")
        issue.add_argument("--name", required=True, metavar="TEXT", help="what it is for")
        issue.add_argument(
            "--scope", action="append", required=True, metavar="SCOPE", help=f"one of: {', '.join(tokens.SCOPES)}"
        )
        issue.add_argument("--agent", default="", help="the seat that the scope propose speaks for")
        issue.add_argument("--days", type=float, default=90.0, help="how long it is good for (90)")
        listed = what.add_parser("list", help="all of them, never the tokens themselves")
        listed.add_argument("--for", dest="owner", default="", metavar="NAME", help="only of this person")
        revoke = what.add_parser("revoke", help="end one")
        revoke.add_argument("prefix", help="its first characters, as `list` shows them")

    def handle(self, *args: Any, **options: Any) -> None:
        {"issue": self._issue, "list": self._list, "revoke": self._revoke}[options["what"]](options)

    def _issue(self, options: dict[str, Any]) -> None:
        owner = self._person(options["owner"])
        acts = any(scope not in (tokens.READ, tokens.AUDIT, "command:halt") for scope in options["scope"])
        if acts and settings.SECOND_FACTOR and not second_factor.has_one(owner):
            raise CommandError(f"{owner} has no second factor yet, and acting needs one: enrol it at /second-factor/.")
        try:
            token, secret = tokens.issue(
                owner,
                options["name"],
                options["scope"],
                days=options["days"],
                agent=options["agent"],
                confirmed=True,  # who has the server's shell has shown more than a code
            )
        except tokens.Refused as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"Good until {token.expires_at:%Y-%m-%d %H:%M} UTC. It is not shown again:")
        self.stdout.write(secret)

    def _list(self, options: dict[str, Any]) -> None:
        found = ApiToken.objects.select_related("owner")
        if options["owner"]:
            found = found.filter(owner=self._person(options["owner"]))
        now = timezone.now()
        for token in found:
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
            scopes = " ".join([*token.scopes, *([f"agent={token.agent}"] if token.agent else [])])
            words = f"until {token.expires_at:%Y-%m-%d}, used {used}: {token.name} [{scopes}]"
            self.stdout.write(f"{token.prefix}  {token.owner.get_username()}  {token.state(now)}, {words}")

    def _revoke(self, options: dict[str, Any]) -> None:
        token = ApiToken.objects.select_related("owner").filter(prefix=options["prefix"].rstrip("…")).first()
        if token is None:
            raise CommandError(f"There is no token {options['prefix']}: see manage.py apitoken list.")
        tokens.revoke(token, "manage.py apitoken")
        self.stdout.write(f"{token.prefix} is revoked.")

    def _person(self, name: str) -> User:
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"--for: there is no user {name}.")
        return person
