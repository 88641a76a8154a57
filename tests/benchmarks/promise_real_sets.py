"""Certificates on public sets, where people's answers are known for every case.

The full set is the population: certify (the default share of it, at most 600 cases) is drawn from it with replacement
200 times, the certificate's threshold is applied to all rows, and the promise is kept where at most alpha of them is
wrong; accepting nothing keeps it too. The baselines decide on the same draws: a threshold tuned on the labelled cases
over the judge's raw confidence, the same over the share of votes, and testing from the top. One look, v = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.rules.streams import default_rates
from judge.stats.selective import attainable_coverage, certify, make_grid, share_of_delta
from tests.benchmarks.figures import Figure
from tests.benchmarks.promise_baselines import descend, tune
from tests.benchmarks.promise_judges import JUDGES, Prepared
from tests.data import shared_sets

type Numbers = NDArray[np.float64]
#: (the places of the certify cases) → the threshold over a score of all cases.
type Rule = Callable[[NDArray[np.int64]], float]

DRAWS, DELTA = 200, 0.10
ALPHAS = {80: 0.20, 85: 0.15, 90: 0.10, 95: 0.05}
KEPT = 1 - DELTA - 2 * (DELTA * (1 - DELTA) / DRAWS) ** 0.5
#: So badly calibrated that accepting nothing is the honest answer.
HOPELESS = "llm_rubric"
#: (strong, weak): two judges of one set.
PAIRS = (("oamine_tags", "oamine_tags_one_rater"), ("llmbar", "llmbar_ChatGPT"))
FIGURES = {
    **{f"promise.kept_{name}_{level}": f"≥ {KEPT:.3f}" for name in JUDGES for level in ALPHAS},
    f"promise.accepted_{HOPELESS}": "0 at every level",
    **{f"promise.gap_{strong}": "both keep it; coverage far apart" for strong, _ in PAIRS},
}


@dataclass(frozen=True, slots=True)
class Result:
    """Over the draws: shares that kept the promise and that certified, the mean share of all rows accepted."""

    kept: float
    certified: float
    coverage: float

    def __str__(self) -> str:
        return f"kept {self.kept:.3f}, certified {self.certified:.2f}, coverage {self.coverage:.3f}"


def measure() -> list[Figure]:
    if not (shared_sets.FOLDER / "llmbar").is_dir():
        raise FileNotFoundError(f"the public sets are not in {shared_sets.FOLDER}")
    judges = [build() for build in JUDGES.values()]
    ours = {(judge.name, level): try_ours(judge, alpha) for judge in judges for level, alpha in ALPHAS.items()}
    found = [figure for judge in judges for figure in figures(judge, ours)]
    most = max(ours[HOPELESS, level].coverage for level in ALPHAS)
    name = f"promise.accepted_{HOPELESS}"
    found.append(Figure(name, most, "share accepted", FIGURES[name], most == 0, "the most at any level"))
    return found + [compare(strong, weak, ours) for strong, weak in PAIRS]


def figures(judge: Prepared, ours: dict[tuple[str, int], Result]) -> Iterator[Figure]:
    mu = float(1 - judge.is_correct.mean())
    for level, alpha in ALPHAS.items():
        result = ours[judge.name, level]
        others = "; ".join(f"{way}: {each}" for way, each in try_baselines(judge, alpha))
        beside = f"{result}; at most {attainable_coverage(mu, alpha):.2f}, best {best(judge, alpha):.2f} | {others}"
        name = f"promise.kept_{judge.name}_{level}"
        yield Figure(name, result.kept, "share of draws", FIGURES[name], result.kept >= KEPT, beside)


def compare(strong: str, weak: str, ours: dict[tuple[str, int], Result]) -> Figure:
    """The largest difference in coverage between two judges of one set that keep the same promise."""
    level = max(ALPHAS, key=lambda each: ours[strong, each].coverage - ours[weak, each].coverage)
    better, worse = ours[strong, level], ours[weak, level]
    gap = better.coverage - worse.coverage
    name = f"promise.gap_{strong}"
    met = min(better.kept, worse.kept) >= KEPT and gap >= 0.3
    beside = f"at {level} %: {strong} {better}; {weak} {worse}"
    return Figure(name, round(gap, 3), "difference in coverage", FIGURES[name], met, beside)


def best(judge: Prepared, alpha: float) -> float:
    """What somebody who knew all answers would accept by this confidence."""
    return float((judge.confidence >= tune(judge.confidence, judge.is_correct, alpha)).mean())


def try_ours(judge: Prepared, alpha: float) -> Result:
    grid = np.array(make_grid(judge.confidence[~judge.is_train]))
    delta = share_of_delta(DELTA)

    def rule(places: NDArray[np.int64]) -> float:
        confidence, is_correct = judge.confidence[places], judge.is_correct[places]
        return certify(confidence=confidence, is_correct=is_correct, grid=grid, alpha=alpha, delta=delta).threshold

    return _try(judge, judge.confidence, alpha, rule)


def try_baselines(judge: Prepared, alpha: float) -> Iterator[tuple[str, Result]]:
    for way, score in (("raw confidence, tuned", judge.raw), ("votes, tuned", judge.votes)):
        if score is not None:
            yield way, _try(judge, score, alpha, lambda at, s=score: tune(s[at], judge.is_correct[at], alpha))
    grid, delta = np.array(make_grid(judge.confidence[~judge.is_train])), share_of_delta(DELTA)
    yield (
        "from the top",
        _try(
            judge,
            judge.confidence,
            alpha,
            lambda at: descend(judge.confidence[at], judge.is_correct[at], grid, alpha, delta),
        ),
    )


def _try(judge: Prepared, score: Numbers, alpha: float, rule: Rule) -> Result:
    n, size = len(score), round(default_rates(len(score)).certify * len(score))
    thresholds = [rule(np.random.default_rng([53, each]).integers(0, n, size)) for each in range(DRAWS)]
    accepted = [(score >= threshold) for threshold in thresholds]
    risks = [float((~judge.is_correct[each]).mean()) if each.any() else 0.0 for each in accepted]
    return Result(
        kept=float(np.mean([risk <= alpha for risk in risks])),
        certified=float(np.isfinite(thresholds).mean()),
        coverage=float(np.mean([each.mean() for each in accepted])),
    )
