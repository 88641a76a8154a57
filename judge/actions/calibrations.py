"""Calibrators: fitted to people's labels of the train stream; a judge with another calibrator is another judge.

Nothing of the certify, gold and audited cases, nor of their contexts, is ever looked at here (judge.actions.teaching).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet

from judge.actions import events, judges, rubrics, teaching, verdicts
from judge.errors import CojudgeError
from judge.models import Case, Certificate, Criterion, Judge, Project, User

if TYPE_CHECKING:
    from judge.stats.calibrators import Lesson

logger = logging.getLogger(__name__)

#: Labels of a criterion at which a calibrator is fitted anew: declared, so that nobody picks a moment that looks good.
SIZES = (50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800)


#: What a calibrated judge's name ends with.
CALIBRATED = ", calibrated"


def ensure(judge: Judge, *, by: User | None) -> Judge:
    """The judge as it may be tested: with a calibrator, if it has none, was never tested and has labels to learn from.

    A calibrated judge takes the place of the judge in force, unless that one holds a certificate.
    """
    if is_fitted(judge) or Certificate.objects.filter(judge=judge).exists():
        return judge
    fitted = fit(judge, by=by)
    if fitted is None:
        return judge
    if judge.project.judge_id == judge.pk:
        fitted.project = judge.project
        judges.promote(fitted, by=by)
    return fitted


def fit(judge: Judge, *, by: User | None) -> Judge | None:
    """A candidate with this judge's raters and a calibrator fitted to all train labels there are now; None where no
    criterion has enough of them, or a rater has learned from these very labels and would be believed too much."""
    if has_learned(judge):
        return None
    criteria: dict[str, object] = {}
    sizes: dict[str, int] = {}
    for criterion in rubrics.criteria_in_force(judge.project):
        if (record := _fit_one(judge, criterion)) is not None:
            criteria[criterion.content_hash], sizes[criterion.content_hash] = record
    if not criteria:
        return None
    seats = [seat.rater for seat in judge.seats.select_related("rater")]
    calibrator: dict[str, object] = {"kind": "by_criterion", "criteria": criteria, "fitted_on": sizes}
    name = f"{judge.name.removesuffix(CALIBRATED)}{CALIBRATED}"
    found = judges.make(judge.project, seats, name=name, by=by, calibrator=calibrator, kind=judge.kind)
    events.note(judge.project, "calibrator fitted", by=by, subject=f"judge:{found.pk}", labels=sum(sizes.values()))
    return found


def is_fitted(judge: Judge) -> bool:
    return bool(judge.calibrator.get("kind", "identity") != "identity")


def refit_due(project: Project) -> Judge | None:
    """A new candidate, where a criterion's labels have reached a declared size that no fit of these raters has seen."""
    if project.judge is None or has_learned(project.judge):
        return None
    hashes = dict(project.criteria.values_list("pk", "content_hash"))
    counts = teaching.teachable(teaching.train_cases(project)).order_by().values_list("criterion_id")
    reached = {hashes[key]: _reached(n) for key, n in counts.annotate(n=Count("pk"))}
    known = _known_sizes(project.judge)
    if not any(size > known.get(key, 0) for key, size in reached.items()):
        return None
    return fit(project.judge, by=None)


def refit_all_due() -> int:
    """The same for every project; returns how many candidates were made. One that fails keeps no other waiting."""
    made = 0
    for project in Project.objects.filter(judge__isnull=False).select_related("judge", "rubric").order_by("pk"):
        try:
            made += refit_due(project) is not None
        except CojudgeError as error:
            logger.warning("No calibrator for %s: %s", project.slug, error)
    return made


def _reached(n: int) -> int:
    """The largest declared size that n labels have reached; 0 before the first."""
    return max(takewhile(lambda size: size <= n, SIZES), default=0)


def _known_sizes(judge: Judge) -> Mapping[str, int]:
    """The declared sizes at which judges of the same raters were fitted, by criterion."""
    found: dict[str, int] = {}
    for calibrator in Judge.objects.filter(project=judge.project, features=judge.features).values_list(
        "calibrator", flat=True
    ):
        for key, n in calibrator.get("fitted_on", {}).items():
            found[key] = max(found.get(key, 0), _reached(n))
    return found


def has_learned(judge: Judge) -> bool:
    """Whether a rater of the judge is a student: what it says of train cases is in sample."""
    return any((seat.rater.configuration or {}).get("head") for seat in judge.seats.select_related("rater"))


def _fit_one(judge: Judge, criterion: Criterion) -> tuple[Mapping[str, object], int] | None:
    from judge.stats.calibrators import fit_calibrator

    lessons = _lessons(judge, criterion)
    labels = {each.label for each in lessons}
    if len(lessons) < SIZES[0] or len(labels) < 2 or len({each.context for each in lessons}) < 2:
        return None
    fitted = fit_calibrator(lessons, criterion.question.label_keys)
    return fitted.record, fitted.n


def _lessons(judge: Judge, criterion: Criterion) -> list[Lesson]:
    return list(lessons(judge, criterion, teaching.train_cases(judge.project)).values())


def lessons(judge: Judge, criterion: Criterion, among: QuerySet[Case]) -> dict[int, Lesson]:
    """Of these train cases, in id order, those on which every rater of the judge gave an answer and people agree."""
    from judge.stats.calibrators import Lesson

    found = teaching.teachable(among).filter(criterion=criterion)
    cases: list[Case] = list(found.select_related("item").order_by("pk"))
    labels = teaching.labels_of(case.pk for case in cases)
    heard: Any = verdicts.answers_of(judge, [case for case in cases if case.pk in labels])
    lengths = verdicts.lengths_of(heard)
    return {
        case.pk: Lesson(heard[case.pk], labels[case.pk], case.item.context_id, lengths.get(case.pk))
        for case in cases
        if case.pk in heard
    }
