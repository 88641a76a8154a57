from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from judge.actions import replays
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError

if TYPE_CHECKING:
    from judge.stats.replay import Point, Replay

#: What ends a file's name.
FILES = (".jsonl", ".csv", ".parquet", ".jsonl.gz", ".csv.gz")


class Command(CojudgeCommand):
    help = "Show what the audit's alarm and running bound say of acceptances that were recorded, or made up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", nargs="?", default="",
            help="a project's slug, or a file of acceptances in their order: error (0 or 1), audited, pi, confidence",
        )  # fmt: skip
        parser.add_argument("--criterion", default="", metavar="KEY", help="of a project: this criterion only")
        parser.add_argument(
            "--synthetic", default="", metavar="N@RISK,…", help='made up instead, as in "500@.05,400@.20"'
        )
        parser.add_argument(
            "--alpha", type=float, default=replays.ALPHA, help="disagreement promised, of a file or made-up stream"
        )
        parser.add_argument("--rate", type=float, default=1.0, help="share that is audited of a made-up stream")
        parser.add_argument("--seed", type=int, default=0, help="of a made-up stream; the same seed, the same table")

    def handle(self, *args: Any, **options: Any) -> None:
        source, made_up = options["source"], options["synthetic"]
        if bool(source) == bool(made_up):
            raise InputError("what is to be played?", expected="a project, a file, or --synthetic")
        _check_shares(options)
        if made_up:
            found = replays.of_synthetic(
                made_up, alpha=options["alpha"], rate=options["rate"], seed=options["seed"]
            )  # fmt: skip
            self._show(f"{made_up}, audited at {options['rate']:g}, seed {options['seed']}", options["alpha"], found)
        elif source.endswith(FILES) or Path(source).is_file():
            self._show(Path(source).name, options["alpha"], replays.of_file(Path(source), alpha=options["alpha"]))
        else:
            for each in replays.certificates_of(find_project(source), options["criterion"]):
                title = f"{each.criterion.key}, judge {each.judge.version}, certificate {each.pk} ({each.state})"
                self._show(title, each.alpha, replays.of_certificate(each))

    def _show(self, title: str, alpha: float, found: Replay) -> None:
        self.say(f"{title}: {found.n_accepted:,} accepted, {found.n_audited:,} audits, alpha {alpha:g}")
        self.say("    audits   accepted   errors      level   bound")
        for point in found.points:
            self.say(_line(point))
        if found.alarm and found.change:
            earliest, likeliest, latest = found.change
            self.say(
                f"ALARM at audit {found.alarm.n_audited:,}, acceptance {found.alarm.n_accepted:,}. The change came "
                f"most likely at audit {likeliest:,} ({earliest:,} to {latest:,}): labels are in doubt from acceptance "
                f"{found.doubted:,} on"
            )
        else:
            self.say(f"no alarm: the level was {found.highest:.1f} at most, and an alarm rings at 2000")


def _line(point: Point) -> str:
    counts = f"{point.n_audited:>10,} {point.n_accepted:>10,} {point.n_errors:>8,}"
    return f"{counts} {point.level:>10,.1f}  {point.bound:>6.1%}"


def _check_shares(options: dict[str, Any]) -> None:
    if not 0 < options["alpha"] < 1:
        raise InputError(f"alpha is {options['alpha']:g}", expected="a number above 0 and below 1")
    if not 0 < options["rate"] <= 1:
        raise InputError(f"the rate is {options['rate']:g}", expected="a number above 0, 1 at most")
