from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from judge.actions import tokens
from judge.cli import CojudgeCommand, find_project
from judge.models import ApiToken, User


class Command(CojudgeCommand):
    help = "Make an API token for a member of a project, list a project's tokens, or revoke one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("--make", metavar="NAME", default="", help="what the token is for")
        parser.add_argument("--person", default="", help="in whose name: a username")
        parser.add_argument("--scope", action="append", default=[], choices=ApiToken.Scope.values, help="may repeat")
        parser.add_argument("--days", type=int, default=90, help="until it expires (default: 90)")
        parser.add_argument("--revoke", metavar="PREFIX", default="", help="the eight characters behind cojudge_")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        if options["revoke"]:
            found = ApiToken.objects.filter(project=project, prefix=options["revoke"]).first()
            if found is None:
                raise CommandError(f'{project.slug} has no token "{options["revoke"]}"')
            self.say("revoked" if tokens.revoke(found, by=None) else "it was revoked before")
        elif options["make"]:
            person = User.objects.filter(username=options["person"]).first()
            if person is None:
                raise CommandError(f'there is no account "{options["person"]}" (--person)')
            made = tokens.make(
                project, person, name=options["make"], scopes=options["scope"], days=options["days"], by=None
            )
            self.say(made.secret)
        else:
            for token in ApiToken.objects.filter(project=project).select_related("person").order_by("pk"):
                state = tokens.why_not(token) or f"until {token.expires_at:%Y-%m-%d}"
                who = token.person.get_username()
                self.say(f"cojudge_{token.prefix}  {who}  {','.join(token.scopes)}  {state}  {token.name}")
