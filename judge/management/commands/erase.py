from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from judge.actions import erasures
from judge.cli import CojudgeCommand, find_project


class Command(CojudgeCommand):
    help = "Erase the texts of an item, a context or a person; labels and the audit log stay. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--item", default="", metavar="ID", help="one output; its context stays")
        what.add_argument("--context", default="", metavar="ID", help="a context and all items in it")
        what.add_argument("--person", default="", metavar="KEY", help="every context with this user_key, and its items")
        parser.add_argument("--reason", default="", help="a few words for the log; no personal data")

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("item", "context", "person", "reason")
        done = erasures.erase(find_project(options["project"]), by=None, **{name: options[name] for name in names})
        self.say(f"erased the texts of {done.n_items:,} items and {done.n_contexts:,} contexts")
        if done.rubrics:
            versions = ", ".join(f"v{each}" for each in done.rubrics)
            self.say(
                f"an example made of it stands in the rubric since {versions}: put a rubric without it in force. "
                "Earlier versions keep it for the record."
            )
