from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from judge.actions import event_chain, events
from judge.cli import CojudgeCommand, find_project
from judge.formats.writing import AtomicFile
from judge.models import Project


class Command(CojudgeCommand):
    help = "Write a project's audit log, or the site's own, as JSON lines: row by row with the hash that seals it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", nargs="?", default="", help="its slug; none: the site's own chain")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"]) if options["project"] else None
        events.note(project, "log exported", by=None)
        event_chain.catch_up()
        n = _write(project, options["output"])
        self.say(f"{options['output']}: {n:,} rows, head {event_chain.head(project.pk if project else None)[1]}")


@transaction.atomic
def _write(project: Project | None, path: Path) -> int:
    with AtomicFile(path) as file:
        for line in event_chain.lines(project.pk if project else None):
            file.put(line)
            file.rows += 1
    return file.rows
