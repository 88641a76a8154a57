"""Verdicts: the judge in force speaks on a case as soon as all its raters have answered it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from judge.models import Case, JudgeRater, Judgment, Project, Purpose, Verdict
from judge.rules.verdicts import Answer, opine


def build(project: Project, cases: Sequence[Case]) -> dict[int, Verdict]:
    """Write the missing verdicts of the project's judge in force on ``cases``; returns them by case id.

    The caller holds the cases' locks.
    """
    if project.judge is None or not cases:
        return {}
    raters = list(JudgeRater.objects.filter(judge=project.judge).values_list("rater_id", flat=True))
    votes = _votes(cases, raters)
    spoken = set(Verdict.objects.filter(judge=project.judge, case__in=cases).values_list("case_id", flat=True))
    rows = [
        _verdict(case, project, [votes[case.pk][rater] for rater in raters])
        for case in cases
        if case.pk not in spoken and len(votes[case.pk]) == len(raters)
    ]
    return {row.case_id: row for row in Verdict.objects.bulk_create(rows)}


def _votes(cases: Sequence[Case], raters: Sequence[int]) -> Mapping[int, dict[int, Answer]]:
    votes: dict[int, dict[int, Answer]] = defaultdict(dict)
    live = Judgment.objects.filter(case__in=cases, rater__in=raters, purpose=Purpose.VOTE, retracted_at=None)
    for case_id, rater_id, probs in live.values_list("case_id", "rater_id", "probs"):
        votes[case_id][rater_id] = Answer(probs or {})
    return votes


def _verdict(case: Case, project: Project, answers: Sequence[Answer]) -> Verdict:
    assert project.judge is not None
    opinion = opine(answers, project.judge.calibrator)
    return Verdict(
        case=case,
        criterion_id=case.criterion_id,
        judge=project.judge,
        label=opinion.label,
        probs=dict(opinion.probs) or None,
        confidence=opinion.confidence,
    )
