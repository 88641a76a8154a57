from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from judge.actions import milestones
from judge.actions.milestones import MOST, SIZE
from judge.cli import CojudgeCommand, find_project
from judge.errors import InputError
from judge.models import Judge, Milestone, Project


class Command(CojudgeCommand):
    help = "Draw recent outputs at random for people to label blind; once they have, say whether the judge holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="its slug")
        parser.add_argument("name", help="of the milestone; one that is there is reported, another is drawn")
        parser.add_argument("--judge", type=int, metavar="VERSION", help="default: the judge in force")
        parser.add_argument("--generator", default="", help="outputs of this generator only")
        parser.add_argument("--round", type=int, help="outputs of this round only")
        parser.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="imported from this day on")
        parser.add_argument("--size", type=int, default=SIZE, help=f"cases of each criterion, {SIZE}; at most {MOST}")

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        known = Milestone.objects.filter(project=project, name=options["name"].strip()).first()
        if known is not None:
            self._report(milestones.report(known))
            return
        made = milestones.draw(
            project, name=options["name"], judge=_judge(project, options["judge"]), size=options["size"],
            generator=options["generator"], round=options["round"], since=_midnight(options["since"]), by=None,
        )  # fmt: skip
        n_done, n = milestones.count_answered(made)
        self.say(f"milestone {made.name}, judge {made.judge.version}: {n:,} cases drawn, {n_done:,} answered before")

    def _report(self, found: Milestone) -> None:
        if found.state == Milestone.State.ASKED:
            n_done, n = milestones.count_answered(found)
            self.say(f"milestone {found.name}: {n_done:,} of {n:,} cases are answered; nothing is counted before")
            return
        self.say(f"milestone {found.name}, judge {found.judge.version}: {found.state}")
        for key, told in found.report.items():
            self._tell(key, told)

    def _tell(self, key: str, told: Mapping[str, Any]) -> None:
        word = "degraded" if told["is_degraded"] else "passes"
        self.say(f"  {key}: {word}; people disagree in {_share(told)}")
        self.say(f"    {_against(told)}, p = {told['p_value']:.3g} at level {told['level']:.3g}")


def _against(told: Mapping[str, Any]) -> str:
    against, tested = told["against"], told["tested"]
    said = _share(tested) if tested else "no case"
    if against["kind"] == "certificate":
        return f"{said} that its certificate would accept, where at most {against['alpha']:.0%} is promised"
    if against["kind"] == "milestone":
        return f"held against {against['errors']:,} of {against['n']:,} at {against['name']}, judge {against['judge']}"
    if against["kind"] == "other_judge":
        return f"{said} it is surest of, against {against['errors']:,} of {against['n']:,} of judge {against['judge']}"
    return "nothing to hold it against: the first measurement"


def _share(told: Mapping[str, Any]) -> str:
    return f"{told['errors']:,} of {told['n']:,} (95 % from {told['low']:.1%} to {told['high']:.1%})"


def _judge(project: Project, version: int | None) -> Judge | None:
    if version is None:
        return None
    found: Judge | None = Judge.objects.filter(project=project, version=version).first()
    if found is None:
        raise InputError(f"there is no judge {version}", where=project.slug)
    return found


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
