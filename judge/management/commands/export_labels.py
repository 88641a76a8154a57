from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from judge.actions.exports import FORMATS, export
from judge.cli import CojudgeCommand, find_project


class Command(CojudgeCommand):
    help = "Write the agreed labels as training data, with a manifest beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("--format", default="labels", help=f"one of: {', '.join(FORMATS)}")
        parser.add_argument("--as", dest="kind", default="jsonl", help="jsonl; labels also as csv or parquet")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        report = export(
            find_project(options["project"]), options["format"], options["output"], by=None, kind=options["kind"]
        )
        self.say(f"{report.path}: {report.n_rows:,} rows")
        for reason, count in report.excluded.items():
            self.say(f"  left out on purpose: {count:,} ({reason})")
        self.say(f"{report.manifest_path}: counts, versions, sha256")
