from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from judge.actions import exports, snapshots
from judge.actions.export_rows import FORMATS
from judge.actions.exports import ExportReport, Order
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.formats.training_dialects import DIALECTS
from judge.rules.exporting import parse_filters, parse_split


class Command(CojudgeCommand):
    help = "Write the agreed labels as training data, with a manifest and a dataset card beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("--format", default="labels", help=f"one of: {', '.join(FORMATS)}")
        parser.add_argument("--as", dest="kind", default="jsonl", help="jsonl, parquet; csv where nothing nests")
        parser.add_argument("--dialect", default="", help=f"the trainer that loads it: {', '.join(DIALECTS)}")
        parser.add_argument("--variant", default="", help="another shape of the format, for example nectar")
        parser.add_argument(
            "--where", action="extend", nargs="+", default=[], metavar="KEY=VALUE",
            help="only labels with min_p, criterion, basis, generator, language, rubric, round, since or until",
        )  # fmt: skip
        parser.add_argument("--split", default="", metavar=".9/.05/.05", help="shares of contexts for each file")
        parser.add_argument("--since", type=int, metavar="SNAPSHOT", help="only what is new or changed since")
        parser.add_argument("--snapshot", type=int, metavar="ID", help="make this one again, to the byte")
        parser.add_argument("--even-so", action="store_true", help="also where the numbers do not carry the labels")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="the folder to write into")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._export(options)
        except OSError as error:
            raise InputError(
                f"the files could not be written: {error.strerror or error}", where=str(options["output"]),
                next_step="None of them stands there under its name. Make room and repeat the command.",
            ) from error  # fmt: skip
        self.end_progress()
        for each in report.snapshot.files:
            self.say(f"{report.manifest_path.parent / each['name']}: {each['rows']:,} rows")
        for reason, count in report.excluded.items():
            self.say(f"  left out on purpose: {count:,} ({reason})")
        self.say(f"{report.manifest_path}: counts, quality, versions, sha256 of snapshot {report.snapshot.pk}")

    def _export(self, options: dict[str, Any]) -> ExportReport:
        project = find_project(options["project"])
        if options["snapshot"]:
            snapshot = snapshots.find(options["snapshot"], project)
            return exports.make_again(snapshot, options["output"], by=None, progress=self._tell)
        order = Order(
            format=options["format"], kind=options["kind"], dialect=options["dialect"], variant=options["variant"],
            filters=parse_filters(options["where"]), split=parse_split(options["split"]),
            since=snapshots.find(options["since"], project) if options["since"] else None,
            even_so=options["even_so"],
        )  # fmt: skip
        return exports.make(project, order, options["output"], by=None, progress=self._tell)

    def _tell(self, n_rows: int) -> None:
        self.progress(f"{n_rows:,} rows")
