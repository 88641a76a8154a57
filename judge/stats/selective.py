"""Certificates: the lowest confidence from which a judge's labels may be accepted without a person.

Given certify cases drawn at random from a frame, with confidence s and error e (1 where the strict majority of people
is not the verdict's label), thresholds λ_1 > λ_2 > … frozen before these answers were opened, alpha and delta:

    n_j = #{s ≥ λ_j},  k_j = Σ e among them,  p_j = P(Binomial(n_j, alpha) ≤ k_j), 1 where n_j = 0
    level_j = (delta/4)·#{starts at λ_j} + (level_{j−1} if j−1 was rejected else 0);   reject j iff p_j ≤ level_j

λ̂ is the last rejected, ∞ ("accept nothing") where none is. This is the fallback procedure of Wiens (2003), A fixed
sequence Bonferroni procedure, Pharmaceutical Statistics 2:211-215, on the exact binomial tests of selective prediction
(Geifman & El-Yaniv 2017; Angelopoulos et al. 2021, Learn then Test). It holds the chance of any false rejection at
delta for tests that depend on each other in any way, so

    P( error among the frame's cases with s ≥ λ̂  ≤  alpha )  ≥  1 − delta

whatever the shape of the risk over s. Testing from the top alone would stop at the first noisy bin; four starts that
share delta do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc
from scipy.stats import binom

from judge.errors import InputError

type Numbers = NDArray[np.float64]

#: Where on the grid a share of delta waits, as fractions of its length from the top.
STARTS = (0.20, 0.43, 0.67, 0.90)
GRID_POINTS = 101
#: With fewer scores than this outside certify and train, the grid is that of the cross-fitted train scores.
FEW_SCORES = 200
#: Nobody labels more cases than this for one certificate.
MOST_LABELS = 1 << 20


class Step(NamedTuple):
    """One threshold that was tested: n certify cases at or above it, k errors, p against the level it had."""

    threshold: float
    n: int
    errors: int
    p_value: float
    level: float
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """Accept s ≥ ``threshold``: with probability 1 − ``delta`` at most ``alpha`` of what is accepted is wrong.

    ``threshold`` is ∞ where nothing may be accepted; then ``n``, ``errors`` and ``coverage`` (of the certify cases at
    or above the threshold) are 0, ``start`` and ``level`` None. ``start`` is the fraction of the grid at which the run
    of rejections that ends at the threshold began, ``level`` what of delta the threshold was tested with. ``steps`` are
    the thresholds that had a level, in the order in which they were tested, of ``n_thresholds`` distinct ones.
    """

    threshold: float
    alpha: float
    delta: float
    n_certify: int
    n_unscored: int
    n: int
    errors: int
    coverage: float
    start: float | None
    level: float | None
    n_thresholds: int
    steps: tuple[Step, ...]

    @property
    def is_certified(self) -> bool:
        return math.isfinite(self.threshold)


def certify(
    *, confidence: ArrayLike, is_correct: ArrayLike, grid: ArrayLike, alpha: float, delta: float
) -> Certificate:
    """The certificate of n certify cases; spends exactly ``delta``.

    ``confidence`` (n) in [0, 1], NaN or −∞ where the case is unscored or in doubt; ``is_correct`` (n) True where e = 0;
    ``grid`` descending, as :func:`make_grid` made it, with its ties. Raises InputError on anything else.

    >>> found = certify(confidence=[.9] * 60, is_correct=[True] * 60, grid=[.9] * 101, alpha=.1, delta=.1)
    >>> found.threshold, found.n, found.errors, round(found.steps[0].p_value, 4)  # .9⁶⁰
    (0.9, 60, 0, 0.0018)
    """
    check_share("alpha", alpha)
    check_share("delta", delta)
    scores, right, thresholds = read_scores(confidence), _read_flags(is_correct), _read_grid(grid)
    if len(scores) != len(right):
        raise InputError(
            f"{len(scores)} confidences and {len(right)} answers", where="certify cases", expected="one of each a case"
        )
    distinct, starts = spread_starts(thresholds)
    n, errors = count_from(scores, distinct), count_from(scores[~right], distinct)
    p_values = binomial_tail(errors, n, alpha)
    steps, start = _fall_back(distinct, n, errors, p_values, starts, delta)
    last = next((step for step in reversed(steps) if step.is_rejected), None)
    return Certificate(
        threshold=last.threshold if last else math.inf,
        alpha=alpha,
        delta=delta,
        n_certify=len(scores),
        n_unscored=int(np.isneginf(scores).sum()),
        n=last.n if last else 0,
        errors=last.errors if last else 0,
        coverage=last.n / len(scores) if last else 0.0,
        start=start,
        level=last.level if last else None,
        n_thresholds=len(distinct),
        steps=tuple(steps),
    )


def make_grid(scores: ArrayLike, train_scores: ArrayLike = ()) -> tuple[float, ...]:
    """101 observed scores, descending with ties: the quantiles 1, .99, …, 0 by the method "higher".

    ``scores`` are those of all cases outside certify and train; where fewer than 200 of them are scored, the
    cross-fitted ``train_scores`` take their place. Unscored cases make no threshold; without any score there is none.

    >>> make_grid([i / 1000 for i in range(1001)])[:3]
    (1.0, 0.99, 0.98)
    """
    others, train = read_scores(scores), read_scores(train_scores)
    others, train = others[np.isfinite(others)], train[np.isfinite(train)]
    chosen = train if len(others) < FEW_SCORES and len(train) else others
    if not len(chosen):
        return ()
    # Positions in whole numbers: np.quantile's i/100·(n−1) may round up to the neighbour above.
    ordered, last = np.sort(chosen), GRID_POINTS - 1
    places = [-(-i * (len(chosen) - 1) // last) for i in range(last, -1, -1)]
    return tuple(ordered[places].tolist())


def share_of_delta(delta: float, *, tested_judges: int = 1, looks: int = 1) -> float:
    """What of delta the v-th judge tested on these certify cases may spend at one of L looks: delta·6/(π²v²)/L.

    Σ_v 6/(π²v²) = 1, so all judges and looks together spend delta and no more.

    >>> round(share_of_delta(.1) / 4, 4)
    0.0152
    """
    check_share("delta", delta)
    if tested_judges < 1 or looks < 1:
        raise InputError(f"{tested_judges} judges tested and {looks} looks", expected="at least one of each")
    return delta * 6 / (math.pi * tested_judges) ** 2 / looks


def attainable_coverage(mu: float, alpha: float) -> float:
    """The most that any method can accept of a judge that errs on the share ``mu`` of all cases.

    Leaving out the share 1 − c leaves out errors only, at best: (mu − (1 − c))/c ≤ alpha, so
    c ≤ 1 − (mu − alpha)/(1 − alpha).

    >>> attainable_coverage(.28, .10)
    0.8
    """
    check_share("alpha", alpha)
    if not 0 <= mu <= 1:
        raise InputError(f"the judge's error is {mu}", expected="a number in [0, 1]")
    return min(1.0, 1 - (mu - alpha) / (1 - alpha))


def labels_needed(alpha: float, true_risk: float, level: float, power: float = 0.9) -> int | None:
    """How many labels the accepted region needs so that one test at ``level`` passes with probability ``power``.

    The least n with P(Binomial(n, true_risk) ≤ c_n) ≥ power, c_n the largest k with P(Binomial(n, alpha) ≤ k) ≤ level.
    None where the true risk is not below alpha, or where even a million labels are too few.

    >>> labels_needed(.10, 0.0, .10)  # .9²² = .098
    22
    """
    for name, value in (("alpha", alpha), ("level", level), ("power", power)):
        check_share(name, value)
    if not 0 <= true_risk < alpha:
        return None
    first, size = 1, 64
    while first < MOST_LABELS:
        n = np.arange(first, first + size)
        most = (
            binom.ppf(level, n, alpha) - 1
        )  # ppf is the first k whose tail reaches the level: the one before is below
        passes = (most >= 0) & (binom.cdf(most, n, true_risk) >= power)
        if passes.any():
            return int(n[passes.argmax()])
        first, size = first + size, size * 2
    return None


def binomial_tail(errors: NDArray[np.int64], n: NDArray[np.int64], alpha: float) -> Numbers:
    """P(Binomial(n, alpha) ≤ errors) = I_{1−alpha}(n − errors, errors + 1); 1 where all are errors or n is 0."""
    good = n - errors
    tails: Numbers = np.where(good > 0, betainc(np.maximum(good, 1), errors + 1.0, 1 - alpha), 1.0)
    return tails


def check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{name} is {value}", expected="a number above 0 and below 1")


def read_scores(confidence: ArrayLike) -> Numbers:
    """Confidences as numbers, −∞ where a case is unscored."""
    scores = np.asarray(confidence, dtype=np.float64).reshape(-1)
    scores = np.where(np.isnan(scores), -np.inf, scores)
    outside = (scores > 1) | ((scores < 0) & (scores != -np.inf))
    if outside.any():
        place = int(outside.argmax())
        raise InputError(
            f"the confidence is {scores[place]}", where=f"case {place + 1}", expected="a number in [0, 1], or NaN"
        )
    return scores


def _read_flags(is_correct: ArrayLike) -> NDArray[np.bool_]:
    given = np.asarray(is_correct).reshape(-1)
    if given.dtype == np.bool_ or not given.size:
        return given.astype(np.bool_)
    wrong = [place for place, value in enumerate(given.tolist()) if value not in (0, 1)]
    if wrong:
        raise InputError(f"the answer is {given[wrong[0]]}", where=f"case {wrong[0] + 1}", expected="True or False")
    return given.astype(np.bool_)


def _read_grid(grid: ArrayLike) -> Numbers:
    thresholds = np.asarray(grid, dtype=np.float64).reshape(-1)
    if not ((thresholds >= 0) & (thresholds <= 1)).all():
        raise InputError("a threshold of the grid is no confidence", expected="numbers in [0, 1]")
    if (np.diff(thresholds) > 0).any():
        raise InputError("the grid of thresholds rises", expected="descending thresholds, as make_grid gives them")
    return thresholds


def spread_starts(thresholds: Numbers) -> tuple[Numbers, dict[int, tuple[float, ...]]]:
    """The distinct thresholds, and which starts wait at which: a start keeps its place when ties are removed."""
    is_first = np.ones(len(thresholds), dtype=np.bool_)
    is_first[1:] = np.diff(thresholds) < 0
    starts: dict[int, tuple[float, ...]] = {}
    if len(thresholds):
        places = is_first.cumsum() - 1
        for start in STARTS:
            place = int(places[round(start * (len(thresholds) - 1))])
            starts[place] = (*starts.get(place, ()), start)
    return thresholds[is_first], starts


def count_from(scores: Numbers, thresholds: Numbers) -> NDArray[np.int64]:
    """How many scores are at or above each threshold."""
    counts: NDArray[np.int64] = len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")
    return counts


def _fall_back(
    thresholds: Numbers,
    n: NDArray[np.int64],
    errors: NDArray[np.int64],
    p_values: Numbers,
    starts: dict[int, tuple[float, ...]],
    delta: float,
) -> tuple[list[Step], float | None]:
    """The steps that had a level, and the start of the run that the last rejection belongs to."""
    steps: list[Step] = []
    level, run, found = 0.0, None, None
    share = delta / len(STARTS)
    rows = zip(thresholds.tolist(), n.tolist(), errors.tolist(), p_values.tolist(), strict=True)
    for place, (threshold, seen, wrong, p_value) in enumerate(rows):
        waiting = starts.get(place, ())
        level += share * len(waiting)
        if not level:
            continue
        is_rejected = p_value <= level
        steps.append(Step(threshold, seen, wrong, p_value, level, is_rejected))
        if is_rejected:
            run = found = waiting[0] if run is None else run
        else:
            level, run = 0.0, None
    return steps, found
