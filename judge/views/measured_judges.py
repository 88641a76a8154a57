"""Which judge and which criterion a page of figures shows: chosen in its address, and what can be said of the choice.

Whatever is asked for, the page is defined: a criterion that the rubric in force asks no more, a judge too old to be
counted, a project without judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from judge.actions import judge_figures, rubrics
from judge.actions.judge_figures import Found
from judge.errors import InputError
from judge.models import Criterion, Judge, Project
from judge.rules.scales import Question


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a select."""

    value: int
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What was counted of a judge and a criterion."""

    criterion: Criterion
    question: Question
    judge: Judge
    found: Found


@dataclass(frozen=True, slots=True)
class Chosen:
    """``counted`` holds the ids of judges that have figures. ``known`` is None where there are none of this choice, and
    then ``missing`` says why. ``summary`` is what `_components/as_of.html` reads, None before the first count."""

    criterion: Criterion | None
    question: Question | None
    is_asked: bool
    criteria: Sequence[Option]
    judges: Sequence[Option]
    all_judges: Sequence[Judge]
    counted: Sequence[int]
    summary: SimpleNamespace | None
    known: Known | None
    missing: str


def choose(request: HttpRequest, project: Project) -> Chosen:
    """Raises InputError for a criterion or judge that is none of the project's."""
    asked = rubrics.criteria_in_force(project)
    judges = sorted(
        Judge.objects.filter(project=project).order_by("-version"), key=lambda each: each.pk != project.judge_id
    )
    criterion = _criterion(request, project, asked)
    judge = _one(judges, request.GET.get("judge", ""), "judge")
    found = judge_figures.read(project, judge.pk, criterion.pk) if judge and criterion else None
    language, is_asked = get_language() or "en", criterion in asked
    question = criterion.question.in_language(language) if criterion else None
    missing = _why_missing(criterion, judge, found, is_asked=is_asked)
    known = Known(criterion, question, judge, found) if criterion and question and judge and found else None
    return Chosen(
        criterion,
        question,
        is_asked,
        [Option(each.pk, each.question.in_language(language).title, each == criterion) for each in asked],
        [Option(each.pk, name_of(each, project), each == judge) for each in judges],
        judges,
        found.judges if found else (),
        SimpleNamespace(computed_at=found.at) if found else None,
        None if missing else known,
        missing,
    )


def name_of(judge: Judge, project: Project) -> str:
    name = f"v{judge.version} {judge.name}"
    return f"{name} ({_('in force')})" if judge.pk == project.judge_id else name


def _criterion(request: HttpRequest, project: Project, asked: Sequence[Criterion]) -> Criterion | None:
    """One that the rubric in force asks, or one that an earlier version asked: old links stay good."""
    wanted = request.GET.get("criterion", "")
    if wanted.isdecimal() and int(wanted[:18]) not in {each.pk for each in asked}:
        return _one(list(Criterion.objects.filter(project=project)), wanted, "criterion")
    return _one(asked, wanted, "criterion")


def _one[Row: (Criterion, Judge)](rows: Sequence[Row], wanted: str, kind: str) -> Row | None:
    if not wanted:
        return rows[0] if rows else None
    found = next((each for each in rows if str(each.pk) == wanted), None)
    if found is None:
        raise InputError(f'there is no {kind} "{wanted[:20]}" in this project', next_step="Choose one on the page.")
    return found


def _why_missing(criterion: Criterion | None, judge: Judge | None, found: Found | None, *, is_asked: bool) -> str:
    if criterion is None:
        return _("No rubric is in force yet, so there is nothing to judge.")
    if judge is None:
        return _("There is no judge yet: make one on the page Judges.")
    if not is_asked:
        return _("The rubric in force does not ask this any more, so nothing is counted of it.")
    if found is None:
        return _("Nothing was counted yet.")
    if not found.figures and judge.pk not in found.judges:
        return _("Only the judge in force and the latest others are counted; this one is older.")
    return "" if found.figures else _("Nothing was counted of this criterion yet.")
