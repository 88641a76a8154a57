from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from judge.actions import event_chain
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Project

#: Breaks that are told one by one; one row that was removed and its followers renumbered makes many.
MOST_TOLD = 20


class Command(CojudgeCommand):
    help = "Check the audit log's chains: which rows were changed, removed or moved. Ends with 1 where any was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("projects", nargs="*", help="slugs; none: every project, and the site's own chain")
        parser.add_argument(
            "--known", type=Path, action="append", default=[], metavar="FILE",
            help="an export of the log kept elsewhere: its rows must still be what they were",
        )  # fmt: skip

        parser.add_argument("--seal", action="store_true", help="first seal what is open, where no worker does it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seal"]:
            event_chain.catch_up()
        known = _read_known(options["known"])
        chains: list[tuple[str, int | None]]
        if slugs := options["projects"]:
            chains = [(f"project {each.slug}", each.pk) for each in map(find_project, slugs)]
        else:
            chains = list(event_chain.chains(Project.objects.order_by("pk")))
        n_broken = sum(self._tell(name, project_id, known.get(project_id, {})) for name, project_id in chains)
        if n_broken:
            raise CommandError(f"{n_broken} places do not hold. Keep this output and a copy of the database.")

    def _tell(self, name: str, project_id: int | None, known: dict[int, str]) -> int:
        found = event_chain.breaks(project_id, known)
        for each in found[:MOST_TOLD]:
            row = f" (event {each.id})" if each.id else ""
            self.say(f"{name}: position {each.position}{row} {each.fault}: {each.detail}")
        if len(found) > MOST_TOLD:
            self.say(f"{name}: … and {len(found) - MOST_TOLD:,} more")
        position, sealed = event_chain.head(project_id)
        state = f"{len(found):,} breaks" if found else "whole"
        self.say(
            f"{name}: {state}, {position:,} rows, head {sealed}, {event_chain.count_open(project_id):,} not sealed yet"
        )
        return len(found)


def _read_known(files: list[Path]) -> dict[int | None, dict[int, str]]:
    """Chain (its project's id) → position → hash."""
    known: dict[int | None, dict[int, str]] = defaultdict(dict)
    for path in files:
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                known[row["project"]][row["position"]] = row["hash"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"cannot be read: {error}", where=str(path), expected="a file that manage.py export_log wrote"
            ) from None
    return known
