from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser

from judge.actions import certifications
from judge.actions.certificates import Outcome
from judge.actions.reconsiderations import Acceptance
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Certificate, Judge


class Command(CojudgeCommand):
    help = "Test a judge on the certify cases and let it accept what the certificate allows. Needs no worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("--alpha", type=float, help="disagreement with people allowed; default: the policy's")
        parser.add_argument("--delta", type=float, help="probability that the promise fails; default: the policy's")
        parser.add_argument("--judge", type=int, metavar="VERSION", help="a candidate; default: the judge in force")
        parser.add_argument(
            "--frame", action="append", default=[], metavar="NAME", help="certify on this frame only; may be repeated"
        )
        parser.add_argument(
            "--looks", type=int, nargs="+", default=[], metavar="N",
            help="for a feed: the numbers of certify cases at which to look; default: one look at all of them",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        for name in ("alpha", "delta"):
            _check_share(name, options[name])
        report = certifications.run(
            project, version=options["judge"], alpha=options["alpha"], delta=options["delta"],
            frames=options["frame"], looks=options["looks"], by=None,
        )  # fmt: skip
        self._tell_judge(report.judge, is_new=report.is_new)
        for outcome in report.outcomes:
            self._tell(outcome)
        if report.accepted is not None:
            self._tell_acceptance(report.accepted)
        elif any(each.certificate and each.certificate.threshold for each in report.outcomes):
            self.say("  The judge is a candidate: it accepts nothing until a lead promotes it.")

    def _tell_judge(self, judge: Judge, *, is_new: bool) -> None:
        told = f"judge {judge.version}, {judge.name}"
        self.say(f"{told}: a calibrator was fitted to people's labels of the train stream" if is_new else told)

    def _tell(self, outcome: Outcome) -> None:
        name, found = outcome.criterion.key, outcome.certificate
        if found is not None:
            known = "" if outcome.is_new else " (tested before)"
            self.say(f"  {name}: {_words(found)}{known}")
        if outcome.words:
            self.say(f"  {name}: no test yet: {outcome.words}")

    def _tell_acceptance(self, done: Sequence[Acceptance]) -> None:
        for each in done:
            key = each.certificate.criterion.key
            self.say(f"  {key}: {each.n_accepted:,} waiting cases accepted")
            if each.n_sampled:
                self.say(
                    f"  {key}: people have taken some of the {each.n_waiting:,} cases that wait with enough "
                    f"confidence, so {each.n_sampled:,} of them, drawn at random, are answered first"
                )
        if not done:
            self.say("  Nothing is accepted without people.")


def _words(found: Certificate) -> str:
    if found.threshold is None:
        return (
            f"not certified: nothing is accepted ({found.n:,} certify cases, alpha {found.alpha:g}, "
            f"delta {found.delta_spent:.4f} of {found.delta:g} spent)"
        )
    reference = ", reference: one answer" if found.reference == "single" else ""
    return (
        f"{found.state}: accepts from confidence {found.threshold:.4f}; with probability {1 - found.delta:g} at most "
        f"{found.alpha:.0%} of it disagrees with people ({found.n_errors} of {found.n_accepted} in {found.n:,} certify "
        f"cases, share accepted {found.coverage:.0%}; speaks of {found.get_scope_display()}{reference})"
    )


def _check_share(name: str, value: float | None) -> None:
    if value is not None and not 0 < value < 1:
        raise InputError(f"{name} is {value:g}", expected="a number above 0 and below 1")
