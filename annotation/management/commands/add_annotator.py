from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from annotation.actions.people import add_person
from judge.cli import CojudgeCommand, find_project
from judge.models import Role


class Command(CojudgeCommand):
    help = "Let a person answer in a project; makes the account if there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("username")
        parser.add_argument(
            "--role",
            action="append",
            choices=Role.values,
            help="annotator (the default), adjudicator, lead, trainer or viewer; may be given more than once",
        )
        parser.add_argument(
            "--password-stdin", action="store_true", help="read a new account's password from standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        roles = [Role(role) for role in options["role"] or [Role.ANNOTATOR]]
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else ""
        joined = add_person(project, options["username"], roles=roles, password=password, by=None)
        self.say(f'{joined.user.username} is {", ".join(roles)} in "{project.slug}"')
        if joined.password:
            self.say(f"new account; its password, shown only now: {joined.password}")
        if Role.ANNOTATOR in roles:
            self.say(f"they answer at /projects/{project.slug}/annotate/")
