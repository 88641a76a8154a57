"""Verdicts: a judge speaks on a case as soon as all its raters have answered it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from judge.actions import bulk, labels
from judge.actions.bulk import LockedCase
from judge.models import Case, Criterion, Judge, Judgment, Project, Purpose, Rater
from judge.rules.calibrators import Calibrator
from judge.rules.verdicts import Answer, Opinion, Stack, opine, read_calibrator

#: Case id → answer, of one rater.
type Said = Mapping[int, Answer]

LENGTHS = """
SELECT c.id, length(i.output::text) FROM judge_case c JOIN judge_item i ON i.id = c.item_id
WHERE c.id = ANY (%(ids)s::bigint[]) AND i.output IS NOT NULL
"""

#: Criterion id → content hash. Criteria never change, so a process reads each of them once.
_HASHES: dict[int, str] = {}


def build(
    project: Project, cases: Sequence[Case] | Sequence[LockedCase], *, rater: Rater, said: Said
) -> dict[int, Opinion]:
    """Write the missing verdicts on ``cases`` of every judge that seats ``rater``, who ``said`` this a moment ago.

    Returns those of the judge in force by case id. The caller holds the cases' locks.
    """
    found: dict[int, Opinion] = {}
    for judge in Judge.objects.filter(project=project, seats__rater=rater).order_by("pk") if cases else []:
        spoken = speak(judge, cases, said={rater.pk: said})
        if judge.pk == project.judge_id:
            found = spoken
    return found


def speak(
    judge: Judge, cases: Sequence[Case] | Sequence[LockedCase], *, said: Mapping[int, Said] | None = None
) -> dict[int, Opinion]:
    """Write the judge's verdicts on those of ``cases`` that all its raters have answered; by case id, new ones only.

    ``said``: by rater id, all that this rater answered of ``cases``; what others answered is read from their rows.
    """
    seats = list(judge.seats.values_list("rater_id", flat=True))
    given = {**_read(cases, set(seats) - (said or {}).keys()), **(said or {})}
    scales = labels.scales_of(cases)
    pools = {criterion: read_calibrator(judge.calibrator, digest) for criterion, digest in _hashes(cases).items()}
    lengths = lengths_of(case.pk for case in cases) if any(map(_heeds_length, pools.values())) else {}
    opinions: dict[int, Opinion] = {}
    rows = []
    for case in cases:
        answers = [answer for seat in seats if (answer := given[seat].get(case.pk)) is not None]
        if len(answers) == len(seats):
            pool, scale = pools[case.criterion_id], scales[case.criterion_id]
            opinion = opine(answers, pool, scale, length=lengths.get(case.pk))
            opinions[case.pk] = opinion
            rows.append(_row(case, opinion))
    new = bulk.insert(bulk.INSERT_VERDICTS, rows, judge=judge.pk)
    return {case_id: opinions[case_id] for (case_id,) in new}


def answers_of(judge: Judge, cases: Sequence[Case]) -> dict[int, tuple[Answer, ...]]:
    """What the judge's raters said of the cases on which each of them gave an answer, in the order of its seats."""
    seats = list(judge.seats.values_list("rater_id", flat=True))
    given = _read(cases, seats)
    found = {case.pk: tuple(given[seat].get(case.pk, Answer()) for seat in seats) for case in cases}
    return {pk: answers for pk, answers in found.items() if all(each.probs or each.label for each in answers)}


def lengths_of(case_ids: Iterable[int]) -> dict[int, int]:
    """Characters of each case's output as it was written; none for an output that was erased."""
    return dict(bulk.execute(LENGTHS, ids=bulk.array(case_ids)))


def _heeds_length(calibrator: Calibrator) -> bool:
    return isinstance(calibrator, Stack) and calibrator.length_slope != 0


def _hashes(cases: Iterable[Case] | Iterable[LockedCase]) -> dict[int, str]:
    wanted = {case.criterion_id for case in cases}
    if missing := wanted - _HASHES.keys():
        _HASHES.update(Criterion.objects.filter(pk__in=missing).values_list("pk", "content_hash"))
    return {criterion_id: _HASHES[criterion_id] for criterion_id in wanted}


def _read(cases: Iterable[Case] | Iterable[LockedCase], seats: Iterable[int]) -> dict[int, Said]:
    """What these machines answered, here or elsewhere."""
    found: dict[int, dict[int, Answer]] = {seat: {} for seat in seats}
    if not found:
        return {}
    live = Judgment.objects.filter(
        case__in=[case.pk for case in cases],
        rater__in=found,
        purpose__in=[Purpose.VOTE, Purpose.IMPORTED],
        retracted_at=None,
    )
    columns = ("case_id", "rater_id", "probs", "label", "suspicion", "by_order", "outside_mass")
    for case_id, rater_id, probs, label, suspicion, by_order, outside in live.values_list(*columns):
        found[rater_id][case_id] = Answer(probs or {}, label, bool(suspicion), by_order or {}, outside or 0.0)
    return {**found}


def _row(case: Case | LockedCase, opinion: Opinion) -> dict[str, Any]:
    """What ``bulk.INSERT_VERDICTS`` takes."""
    return {
        "case_id": case.pk,
        "criterion_id": case.criterion_id,
        "label": opinion.label,
        "probs": dict(opinion.probs) or None,
        "confidence": opinion.confidence,
        "doubt": opinion.doubt.value,
    }
