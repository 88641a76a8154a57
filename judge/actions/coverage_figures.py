"""What the page Risk and coverage shows of a judge on a criterion, from its measured cases: JSON-able numbers.

Of the certify stream only its size is used: how many cases a test would have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judge.actions.measured_cases import Sample
from judge.rules.routing import FIRST_PEOPLE

if TYPE_CHECKING:
    from judge.stats.prospects import Point, Prospect

#: Disagreement that the slider can ask for: half a hundredth to a half.
ALPHAS = tuple(step / 200 for step in range(1, 101))
#: Cases of a test where no certify case was drawn yet: what a frame of usual size has.
USUAL_TEST = 600
#: With fewer cases than this nothing is foreseen.
LEAST_CASES = 20

type Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Test:
    """The next test of the criterion: ``n`` certify cases drawn, and what of delta it may spend."""

    n: int
    delta: float
    tested: int

    @property
    def size(self) -> int:
        return self.n or USUAL_TEST

    @property
    def level(self) -> float:
        """What it may spend at each of its starts."""
        from judge.stats.selective import STARTS

        return self.delta / len(STARTS)


def measure(sample: Sample, test: Test) -> Figures:
    wrong = sum(not each.is_right for each in sample.cases)
    counted = [each.n_answers for each in sample.cases if each.n_answers]
    return {
        "n": len(sample.cases),
        "errors": wrong,
        "answered": dict(sample.answered),
        "drawn": dict(sample.drawn),
        "answers_per_case": sum(counted) / len(counted) if counted else FIRST_PEOPLE,
        "test": {"n": test.n, "size": test.size, "delta": test.delta, "tested": test.tested, "level": test.level},
        **_foreseen(sample, test),
    }


def _foreseen(sample: Sample, test: Test) -> Figures:
    from judge.stats import prospects

    given: Figures = {
        "confidence": [math.nan if each.after.confidence is None else each.after.confidence for each in sample.cases],
        "is_correct": [each.is_right for each in sample.cases],
    }
    if len(sample.cases) < LEAST_CASES:
        return {"points": [], "prospects": []}
    points = prospects.risk_curve(**given)
    found = prospects.prospects(**given, alphas=ALPHAS, delta=test.delta, n_certify=test.size)
    return {
        "points": [
            [round(each.threshold, 6), each.risk.n, each.risk.n_hits, round(each.risk.low, 5), round(each.risk.high, 5)]
            for each in points
        ],
        "prospects": [_told(each, points, test.level) for each in found],
    }


def _told(prospect: Prospect, points: list[Point], level: float) -> Figures:
    from judge.stats import prospects

    aim = prospects.easiest(points, prospect.alpha)
    needed = aim and prospects.certify_cases_needed(aim, alpha=prospect.alpha, level=level)
    return {
        "alpha": prospect.alpha,
        "certified": prospect.certified,
        "share": [round(each, 5) for each in (prospect.coverage, prospect.low, prospect.high)],
        "thresholds": [each and round(each, 6) for each in prospect.thresholds],
        "needed": needed,
    }
