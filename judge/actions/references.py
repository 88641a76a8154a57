"""Readings: what a judge said of a case beside what people said, for every case that measures a judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from judge.actions import bulk, reference_sql
from judge.models import Judge
from judge.rules.imported import Reference
from judge.rules.references import reference_label
from judge.rules.streams import Stream, uniform


@dataclass(frozen=True, slots=True)
class Reading:
    """One case. ``label`` is people's reference, None where they have no strict majority; it is meant only once
    ``is_answered``. ``confidence`` is None where the verdict is unscored or in doubt: such a case is never accepted."""

    case_id: int
    item_id: int
    context_id: int
    stream: Stream
    stream_probability: float
    order: float
    reference: Reference
    is_answered: bool
    is_judged: bool
    verdict: str | None
    confidence: float | None
    label: str | None
    answers: tuple[str, ...]

    @property
    def is_error(self) -> bool:
        """e of STATISTICS §1: no strict majority of people agrees with the verdict."""
        return self.label is None or self.label != self.verdict


def of_stream(
    judge: Judge, criterion_id: int, stream: Stream, frames: Iterable[int], *, after: datetime | None = None
) -> list[Reading]:
    """The cases of a stream in these frames, in the order of their hash: the first n are a random sample of them.

    ``after``: only items that were imported later.
    """
    found = _fetch(
        reference_sql.IN_STREAM,
        judge=judge.pk,
        criterion=criterion_id,
        stream=stream.value,
        frames=bulk.array(frames),
        after=after,
    )
    return sorted(found, key=lambda reading: (reading.order, reading.case_id))


def latest(judge: Judge, criterion_id: int, stream: Stream, most: int) -> list[Reading]:
    """The latest cases of the train or gold stream, in id order; of another stream none."""
    values = {"judge": judge.pk, "criterion": criterion_id, "project": judge.project_id}
    return _fetch(reference_sql.LATEST, stream=stream.value, most=most, **values)[::-1]


def of_cases(judge: Judge, criterion_id: int, case_ids: Iterable[int]) -> list[Reading]:
    """These cases, in id order."""
    return _fetch(reference_sql.OF_CASES, judge=judge.pk, criterion=criterion_id, cases=bulk.array(case_ids))


def scores(judge: Judge, criterion_id: int, frames: Iterable[int]) -> tuple[list[float], list[float]]:
    """Confidences outside certify and train, and those of train."""
    rows = bulk.execute(reference_sql.SCORES, judge=judge.pk, criterion=criterion_id, frames=bulk.array(frames))
    return [score for is_train, score in rows if not is_train], [score for is_train, score in rows if is_train]


def are_contexts_apart(project_id: int, frames: Iterable[int]) -> bool:
    """Whether certify cases of these frames speak of contexts that no other item has."""
    return bool(bulk.execute(reference_sql.CONTEXTS_APART, project=project_id, frames=bulk.array(frames))[0][0])


def _fetch(statement: str, **values: Any) -> list[Reading]:
    return [_reading(row) for row in bulk.execute(statement, **values)]


def _reading(row: Sequence[Any]) -> Reading:
    (case_id, item_id, identity, salt, context_id, stream, probability, reference, is_answered, is_judged, verdict,
     confidence, votes, imported) = row  # fmt: skip
    how = Reference(reference)
    return Reading(
        case_id=case_id,
        item_id=item_id,
        context_id=context_id,
        stream=Stream(stream),
        stream_probability=probability,
        order=uniform(salt, f"look:{identity}"),
        reference=how,
        is_answered=is_answered,
        is_judged=is_judged,
        verdict=verdict,
        confidence=confidence,
        label=reference_label(votes, imported, reference=how),
        answers=tuple(imported if len(imported) > len(votes) else votes),
    )
