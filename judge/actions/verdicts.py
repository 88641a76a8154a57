"""Verdicts: a judge speaks on a case as soon as all its raters have answered it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from judge.actions import labels
from judge.models import Case, Criterion, Judge, Judgment, Project, Purpose, Rater, Verdict
from judge.rules.verdicts import Answer, Pool, opine, read_calibrator

#: Case id → rater id → answer.
type Answers = Mapping[int, dict[int, Answer]]

#: Criterion id → content hash. Criteria never change, so a process reads each of them once.
_HASHES: dict[int, str] = {}


def build(project: Project, cases: Sequence[Case], *, rater: Rater | None = None) -> dict[int, Verdict]:
    """Write the missing verdicts on ``cases`` of every judge that seats ``rater`` (without one: of the judge in force).

    Returns those of the judge in force by case id. The caller holds the cases' locks.
    """
    found: dict[int, Verdict] = {}
    for judge in _judges(project, rater) if cases else []:
        built = speak(judge, cases)
        if judge.pk == project.judge_id:
            found = built
    return found


def speak(judge: Judge, cases: Sequence[Case]) -> dict[int, Verdict]:
    """Write the judge's verdicts on those of ``cases`` that all its raters have answered; by case id, new ones only."""
    seats = list(judge.seats.values_list("rater_id", flat=True))
    given, scales = _answers(cases, seats), labels.scales_of(cases)
    pools = {criterion: read_calibrator(judge.calibrator, digest) for criterion, digest in _hashes(cases).items()}
    spoken = set(Verdict.objects.filter(judge=judge, case__in=cases).values_list("case_id", flat=True))
    rows = [
        _verdict(case, judge, [given[case.pk][seat] for seat in seats], pools[case.criterion_id],
                 scales[case.criterion_id])
        for case in cases
        if case.pk not in spoken and len(given[case.pk]) == len(seats)
    ]  # fmt: skip
    return {row.case_id: row for row in Verdict.objects.bulk_create(rows)}


def _judges(project: Project, rater: Rater | None) -> list[Judge]:
    if rater is None:
        return [project.judge] if project.judge else []
    return list(Judge.objects.filter(project=project, seats__rater=rater).order_by("pk"))


def _hashes(cases: Sequence[Case]) -> dict[int, str]:
    wanted = {case.criterion_id for case in cases}
    if missing := wanted - _HASHES.keys():
        _HASHES.update(Criterion.objects.filter(pk__in=missing).values_list("pk", "content_hash"))
    return {criterion_id: _HASHES[criterion_id] for criterion_id in wanted}


def _answers(cases: Sequence[Case], seats: Sequence[int]) -> Answers:
    """What machines answered, here or elsewhere."""
    answers: dict[int, dict[int, Answer]] = defaultdict(dict)
    live = Judgment.objects.filter(
        case__in=cases, rater__in=seats, purpose__in=[Purpose.VOTE, Purpose.IMPORTED], retracted_at=None
    )
    for case_id, rater_id, probs, label, suspicion in live.values_list(
        "case_id", "rater_id", "probs", "label", "suspicion"
    ):
        answers[case_id][rater_id] = Answer(probs or {}, label, bool(suspicion))
    return answers


def _verdict(case: Case, judge: Judge, answers: Sequence[Answer], pool: Pool, scale: Sequence[str]) -> Verdict:
    opinion = opine(answers, pool, scale)
    return Verdict(
        case=case,
        criterion_id=case.criterion_id,
        judge=judge,
        label=opinion.label,
        probs=dict(opinion.probs) or None,
        confidence=opinion.confidence,
        doubt=opinion.doubt,
    )
