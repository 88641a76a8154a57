"""Cases that tell how good a judge is before and after its certificate: train and gold, answered by people.

Both were drawn at import, whatever any judge says of them, so shares among them speak of all cases. Certify cases are
never read here: of these only the certificate speaks. Audited cases were chosen by a judge's confidence; they speak of
what was accepted, on the page Certificates, and would bend every share here.

A calibrator looks better than it is on the cases it was fitted to. For these, what is said here is cross-fitted: by a
calibrator fitted in the same way to cases of other contexts. A judge with a student among its raters is measured on
gold alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

from judge.actions import calibrations, references, teaching, verdicts
from judge.actions.references import Reading
from judge.models import Case, Criterion, Judge
from judge.rules.calibrators import Pool
from judge.rules.imported import Reference
from judge.rules.references import reference_label
from judge.rules.streams import Stream
from judge.rules.verdicts import opine, read_calibrator

if TYPE_CHECKING:
    from judge.stats.calibrators import Lesson

#: Cases read of each stream at most, the latest: enough for intervals of two points.
MOST_CASES = 2_000
#: With fewer labels than this no calibrator is fitted, nor cross-fitted.
LEAST_LESSONS = 50


@dataclass(frozen=True, slots=True)
class Said:
    """What the judge says: no label where it is unscored. ``confidence`` is None there, and where it is in doubt."""

    label: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One case. ``people``: the label of their strict majority, None where there is none, and then the judge is wrong.
    ``before``: what the judge would say without its calibrator."""

    case_id: int
    item_id: int
    context_id: int
    stream: Stream
    people: str | None
    n_answers: int
    after: Said
    before: Said | None = None

    @property
    def is_right(self) -> bool:
        return self.people is not None and self.people == self.after.label


@dataclass(frozen=True, slots=True)
class Sample:
    """``cases`` are those that people have answered and the judge has spoken on, in id order. ``answered``, ``drawn``:
    by stream."""

    cases: Sequence[Measured]
    answered: Mapping[str, int]
    drawn: Mapping[str, int]
    is_calibrated: bool

    @property
    def digest(self) -> str:
        """Another one as soon as anything here is another."""
        told = repr((self.cases, sorted(self.answered.items()), sorted(self.drawn.items())))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


def read(judge: Judge, criterion: Criterion) -> Sample:
    streams = [Stream.GOLD] if calibrations.has_learned(judge) else [Stream.TRAIN, Stream.GOLD]
    found = {stream: references.latest(judge, criterion.pk, stream, MOST_CASES) for stream in streams}
    spoken = [_measured(each) for some in found.values() for each in some if each.is_answered and each.is_judged]
    is_calibrated = read_calibrator(judge.calibrator, criterion.content_hash) != Pool()
    cases = _cross_fitted(judge, criterion, spoken) if is_calibrated else spoken
    return Sample(
        sorted(_with_raw(judge, criterion, cases) if is_calibrated else cases, key=lambda each: each.case_id),
        {stream.value: sum(each.is_answered for each in some) for stream, some in found.items()},
        {stream.value: len(some) for stream, some in found.items()},
        is_calibrated,
    )


def _measured(reading: Reading) -> Measured:
    """Of a train case all answers count, two or three; of gold what its frame's reference asks for."""
    is_train = reading.stream is Stream.TRAIN
    people = reference_label((), reading.answers, reference=Reference.SINGLE) if is_train else reading.label
    said = Said(reading.verdict, _number(reading.confidence))
    return Measured(
        reading.case_id, reading.item_id, reading.context_id, reading.stream, people, len(reading.answers), said
    )


def _number(confidence: float | None) -> float | None:
    """A confidence that is no number is none: the case counts as never accepted."""
    return confidence if confidence is not None and isfinite(confidence) else None


def _cross_fitted(judge: Judge, criterion: Criterion, cases: Sequence[Measured]) -> list[Measured]:
    """Train cases that may have taught the calibrator, as one that saw nothing of their context speaks on them; left
    out where there are too few to fit one."""
    if criterion.content_hash not in judge.calibrator.get("fitted_on", {}):
        return list(cases)
    train = [each.case_id for each in cases if each.stream is Stream.TRAIN]
    taught = calibrations.lessons(judge, criterion, teaching.train_cases(judge.project).filter(pk__in=train))
    said = _cross_fit(taught, criterion.question.label_keys)
    known = [each for each in cases if each.case_id not in taught or each.case_id in said]
    return [_speaking(each, *said[each.case_id]) if each.case_id in said else each for each in known]


def _speaking(case: Measured, label: str, confidence: float) -> Measured:
    """One in doubt stays so."""
    return replace(case, after=Said(label, confidence if case.after.confidence is not None else None))


def _cross_fit(taught: Mapping[int, Lesson], labels: Sequence[str]) -> dict[int, tuple[str, float]]:
    from judge.stats.calibrators import fit_calibrator

    contexts, given = {each.context for each in taught.values()}, {each.label for each in taught.values()}
    if len(taught) < LEAST_LESSONS or len(contexts) < 2 or len(given) < 2:
        return {}
    rows = fit_calibrator(list(taught.values()), labels).cross_fitted
    return {
        case_id: (labels[int(row.argmax())], min(1.0, float(row.max())))
        for case_id, row in zip(taught, rows, strict=True)
    }


def _with_raw(judge: Judge, criterion: Criterion, cases: Sequence[Measured]) -> list[Measured]:
    """With what the raters' own probabilities say, pooled evenly."""
    rows = list(Case.objects.filter(pk__in=[each.case_id for each in cases]).only("pk", "criterion_id"))
    heard = verdicts.answers_of(judge, rows)
    found = []
    for case in cases:
        opinion = opine(heard[case.case_id], Pool(), criterion.question.label_keys) if case.case_id in heard else None
        confidence = opinion.confidence if opinion and case.after.confidence is not None else None
        found.append(replace(case, before=Said(opinion.label if opinion else None, confidence)))
    return found
