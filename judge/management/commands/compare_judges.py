from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from judge.actions import comparisons
from judge.actions.comparisons import Comparison, Rates
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Judge, Project
from judge.registry import CaseCost

if TYPE_CHECKING:
    from judge.stats.comparison_measures import Measured
    from judge.stats.records import Share

#: The second judge is worse where even the upper end of its gain is below nothing.
WORSE = 1


class Command(CojudgeCommand):
    help = "Two judges on the gold cases that both have judged. Exit status 1 where the second is worse: for a CI gate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("first", type=int, help="version of a judge")
        parser.add_argument("second", type=int, help="version of the judge that may take its place")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        first, second = (_judge(project, options[name]) for name in ("first", "second"))
        found = comparisons.compare(first, second)
        for each in found:
            self._tell(each)
        for name, judge in (("first", first), ("second", second)):
            self.say(f"{name}: {_price(comparisons.cost_of(judge))}")
        if any(each.paired and each.paired.high < 0 for each in found):
            sys.exit(WORSE)

    def _tell(self, found: Comparison) -> None:
        paired = found.paired
        if paired is None:
            self.say(f"{found.criterion.key}: no gold case has been decided and judged by both")
            return
        self.say(
            f"{found.criterion.key}: {paired.n:,} gold cases · right {found.first.n_right:,} → "
            f"{found.second.n_right:,} ({paired.difference:+.1%}, 95 % from {paired.low:+.1%} to {paired.high:+.1%}) · "
            f"{paired.n_flips:,} differ: {paired.n_second_only:,} gained, {paired.n_first_only:,} lost, "
            f"p = {paired.p_value:.3g}"
        )
        for name, rates in (("first", found.first), ("second", found.second)):
            self.say(f"  {name}: {_words(rates)}")
        if found.kappa:
            self.say(f"  kappa with people: {_change(found.kappa, '.3f')}")
        if found.coverage:
            told = _change(found.coverage, ".1%")
            self.say(f"  could accept with at most {found.alpha:.0%} wrong, on these cases: {told}")


def _words(rates: Rates) -> str:
    (passed, good), (stopped, bad) = rates.passed, rates.stopped
    unscored = f" · {rates.n_unscored:,} unscored" if rates.n_unscored else ""
    return (
        f"lets {passed:,} of {good:,} good ones pass ({_share(rates.tpr)}), "
        f"stops {stopped:,} of {bad:,} bad ones ({_share(rates.tnr)}){unscored}"
    )


def _share(found: Share) -> str:
    return "no rate" if found.value is None else f"{found.value:.1%}, 95 % from {found.low:.1%} to {found.high:.1%}"


def _change(found: Measured, form: str) -> str:
    told = (found.first, found.second, found.gain, found.low, found.high)
    first, second = (f"{value:{form}}" for value in told[:2])
    gain, low, high = (f"{value:+{form}}" for value in told[2:])
    return f"{first} → {second} ({gain}, 95 % from {low} to {high})"


def _price(cost: CaseCost | None) -> str:
    if cost is None:
        return "what a case costs is not known: its answers were brought from elsewhere, or used again"
    money = f" · {cost.money:.6g} of money" if cost.money else ""
    return f"a case costs {cost.tokens:,.0f} tokens{money} · {cost.seconds:.3g} s of the model ({cost.n:,} answers)"


def _judge(project: Project, version: int) -> Judge:
    found = Judge.objects.filter(project=project, version=version).first()
    if found is None:
        raise InputError(f"there is no judge {version}", where=project.slug)
    return found
