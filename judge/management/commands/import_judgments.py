from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from judge.actions.imported_judgments import ORIGIN, JudgmentReport, import_judgment_file
from judge.actions.imported_people import Declared
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.rules.imported import Reference
from judge.rules.streams import SAMPLE_RATES, StreamRates


class Command(CojudgeCommand):
    help = "Import people's and judges' answers that were given elsewhere; the same file twice adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("file", type=Path, help="JSON lines, CSV or Parquet, the first two also gzipped")
        parser.add_argument("--origin", default=ORIGIN, help="where the answers come from: part of the raters' names")
        parser.add_argument(
            "--sample", choices=["random"], help="the items that people labelled are a random sample of their frame"
        )
        parser.add_argument(
            "--rates", nargs=3, type=float, metavar=("TRAIN", "CERTIFY", "GOLD"),
            help=f"of such a sample; default {SAMPLE_RATES.train:g} {SAMPLE_RATES.certify:g} {SAMPLE_RATES.gold:g}",
        )  # fmt: skip
        parser.add_argument(
            "--reference", choices=[each.value for each in Reference], default=Reference.THREE.value,
            help="single: where fewer than three people answered, theirs is the reference (gold standards, experts)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        project, path = find_project(options["project"]), options["file"]
        rejected, start = path.with_name(f"{path.name}.rejected.jsonl"), time.monotonic()
        try:
            report = import_judgment_file(
                project, path, by=None, name=path.name, origin=_origin(options["origin"]),
                declared=_declared(options), rejected_path=rejected,
                progress=lambda n: self.progress(f"{path.name}: {n:,} lines · {n / (time.monotonic() - start):,.0f}/s"),
            )  # fmt: skip
        except InputError as error:
            raise InputError(f"{error}. Nothing of this file went in") from error
        finally:
            self.end_progress()
        self._tell(path.name, report)
        if report.n_rejected:
            self.say(f"  the rejected lines and why: {rejected}")

    def _tell(self, name: str, report: JudgmentReport) -> None:
        self.say(
            f"{name}: {report.n_read:,} lines read · {report.n_taken:,} new answers of {report.n_people:,} people and "
            f"{report.n_machines:,} judges · {report.n_known:,} known already · {report.n_rejected:,} rejected"
        )
        if report.n_agreed or report.n_disputed:
            self.say(f"  {report.n_agreed:,} cases agreed by people · {report.n_disputed:,} wait for an adjudicator")
        if report.streams:
            counts = ", ".join(f"{stream} {n:,}" for stream, n in sorted(report.streams.items()))
            self.say(f"  streams drawn anew: {counts}")
        if report.unused:
            self.say(f"  columns not used: {report.unused_columns}")


def _origin(told: str) -> str:
    if not told.strip() or len(told) > 100:
        raise InputError(f'the origin is "{told[:100]}"', expected="a name of 1 to 100 characters")
    return told


def _declared(options: dict[str, Any]) -> Declared:
    if options["rates"] and not options["sample"]:
        raise InputError("--rates without --sample random", expected="both, or neither")
    try:
        rates = StreamRates(*options["rates"]) if options["rates"] else SAMPLE_RATES
    except ValueError as error:
        raise InputError(str(error)) from error
    return Declared(is_sample=options["sample"] == "random", reference=Reference(options["reference"]), rates=rates)
