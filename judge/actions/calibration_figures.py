"""What the page Calibration shows of a judge on a criterion, from its measured cases: JSON-able numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from judge.actions.measured_cases import Measured, Said, Sample
from judge.rules.scales import Question

#: With fewer cases than this no diagram is drawn and no miscalibration told: the band would hold everything.
LEAST_CASES = 20
#: Confidences are counted in this many equal parts of [0, 1].
BINS = 20
#: What stands in a cell's name where the judge gave no label, or people have no strict majority.
NONE = "–"

type Figures = dict[str, Any]


def measure(sample: Sample, question: Question) -> Figures:
    scored = [each for each in sample.cases if each.after.label is not None]
    return {
        "n": len(sample.cases),
        "answered": dict(sample.answered),
        "drawn": dict(sample.drawn),
        "n_unscored": len(sample.cases) - len(scored),
        "n_in_doubt": sum(each.after.confidence is None for each in scored),
        "n_split": sum(each.people is None for each in sample.cases),
        "is_calibrated": sample.is_calibrated,
        "after": _side(sample.cases, lambda case: case.after),
        "before": _side(sample.cases, lambda case: case.before) if sample.is_calibrated else None,
        "histogram": _histogram(sample.cases),
        "table": _table(sample.cases),
        "rates": _rates(sample.cases, question),
    }


def cells(cases: Sequence[Measured]) -> dict[str, list[int]]:
    """The items in each cell of the confusion matrix, by people's label and the judge's."""
    found: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        found[cell_name(case.people, case.after.label)].append(case.item_id)
    return dict(found)


def cell_name(people: str | None, said: str | None) -> str:
    return f"{people or NONE}|{said or NONE}"


def pair(both: Sequence[tuple[Measured, Measured]]) -> Figures:
    """Two judges on the same cases: who is right more often, with McNemar's exact p and an interval over contexts."""
    from judge.stats import comparison

    found = comparison.compare(
        first_is_right=[one.is_right for one, _ in both],
        second_is_right=[other.is_right for _, other in both],
        groups=[one.context_id for one, _ in both],
    )
    return {
        "n": found.n,
        "first_only": found.n_first_only,
        "second_only": found.n_second_only,
        "difference": [found.difference, found.low, found.high],
        "p": found.p_value,
    }


def _side(cases: Sequence[Measured], say: Callable[[Measured], Said | None]) -> Figures | None:
    """Miscalibration of what is said; None where too few cases have a confidence."""
    from judge.stats import calibration

    said = [(each, voice) for each in cases if (voice := say(each)) and voice.confidence is not None]
    if len(said) < LEAST_CASES:
        return None
    given: Figures = {
        "confidence": [voice.confidence for _, voice in said],
        "is_correct": [case.people is not None and case.people == voice.label for case, voice in said],
    }
    parts, drawn = calibration.brier(**given), calibration.diagram(**given)
    return {
        "n": parts.n,
        "brier": [parts.score, parts.miscalibration, parts.discrimination, parts.uncertainty],
        "smooth_ece": calibration.smooth_ece(**given),
        "level": drawn.level,
        "diagram": [
            [round(float(each), 5) for each in row]
            for row in zip(drawn.confidence, drawn.share_right, drawn.low, drawn.high, drawn.times, strict=True)
        ],
    }


def _histogram(cases: Sequence[Measured]) -> list[list[int]]:
    """For each part of [0, 1] how many confidences lie in it, and how many of these are right."""
    counts = [[0, 0] for _ in range(BINS)]
    for case in cases:
        if case.after.confidence is not None:
            cell = counts[min(BINS - 1, int(case.after.confidence * BINS))]
            cell[0] += 1
            cell[1] += case.is_right
    return counts


def _table(cases: Sequence[Measured]) -> dict[str, int]:
    """How many cases are in each cell that has any."""
    return dict(Counter(cell_name(each.people, each.after.label) for each in cases))


def _rates(cases: Sequence[Measured], question: Question) -> dict[str, list[float]]:
    """[hits, n, low, high], Wilson at 95 %: how often the judge is right, what it lets through of what people fail, and
    what it stops of what they pass. An unscored case is neither let through nor stopped, and it is not right."""
    found = {"right": _share([each.is_right for each in cases])}
    if any(label.passes is None for label in question.labels):
        return found
    passing = {label.key for label in question.labels if label.passes}
    judged = {key: [each for each in cases if each.people and (each.people in passing) is key] for key in (True, False)}
    found["lets_through"] = _share([each.after.label in passing for each in judged[False]])
    found["stops"] = _share([each.after.label is not None and each.after.label not in passing for each in judged[True]])
    return found


def _share(hits: Sequence[bool]) -> list[float]:
    from judge.stats.intervals import wilson

    ends = wilson(sum(hits), len(hits))
    return [sum(hits), len(hits), ends.low if ends else 0.0, ends.high if ends else 1.0]
