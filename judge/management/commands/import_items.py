from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from judge.actions.imports import import_file
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Project


class Command(CojudgeCommand):
    help = "Import generated items from JSONL, CSV or Parquet files; the same file twice adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--frame", default="", help="the population these items belong to; default: one per file")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        failed = [path for path in options["files"] if not self._import(project, path, options["frame"])]
        if failed:
            raise CommandError(f"{len(failed)} of {len(options['files'])} files could not be taken as a whole")
        self.say(f"next: manage.py judge_items {project.slug}")

    def _import(self, project: Project, path: Path, frame: str) -> bool:
        rejected, start = path.with_name(f"{path.name}.rejected.jsonl"), time.monotonic()
        try:
            report = import_file(
                project,
                path,
                by=None,
                name=path.name,
                frame=frame,
                rejected_path=rejected,
                progress=lambda n: self.progress(f"{path.name}: {n:,} rows · {n / (time.monotonic() - start):,.0f}/s"),
            )
        except InputError as error:
            self.end_progress()
            self.stderr.write(f"{error}. Nothing of this file went in.")
            return False
        self.end_progress()
        self.say(
            f"{path.name}: {report.n_read:,} rows read · {report.n_items:,} new items, {report.n_cases:,} cases · "
            f"{report.n_known:,} known already · {report.n_rejected:,} rejected · frame “{report.frame}”"
        )
        if report.n_rejected:
            self.say(f"  the rejected rows and why: {rejected}")
        return True
