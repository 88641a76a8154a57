"""What a certificate would let through at each alpha, foreseen from train and gold cases alone.

Risk over coverage: at a threshold t, the share of cases with s ≥ t and, of these, the share that people do not agree
with, each point with its own Clopper–Pearson interval (El-Yaniv & Wiener 2010, On the foundations of noise-free
selective classification).

The prospect: a population is drawn from the n cases with replacement, from it a certify sample of m, and the test of
judge.stats.selective is run on that, for each alpha; so the spread of its thresholds holds both what is not known of
the population and the luck of the sample (Efron & Tibshirani 1993, ch. 8). No case of the certify stream is read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from judge.errors import InputError
from judge.stats import exact, selective
from judge.stats.records import Share

type Counts = NDArray[np.int64]
type Numbers = NDArray[np.float64]

DRAWS = 100
#: Of the draws this share lies within the band.
BAND = 0.8
#: Nobody labels more for one certificate; and how often a test shall pass.
MOST_CASES, POWER = 100_000, 0.9


@dataclass(frozen=True, slots=True)
class Point:
    """Of ``n_all`` cases ``risk.n`` have s ≥ ``threshold``, and ``risk.n_hits`` of these are errors."""

    threshold: float
    n_all: int
    risk: Share

    @property
    def coverage(self) -> float:
        return self.risk.n / self.n_all


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a test at ``alpha`` would come to. ``certified``: the share of draws in which anything was certified.

    ``coverage`` is the middle draw's share of cases at or above its threshold, ``low`` and ``high`` hold ``BAND`` of
    the draws; 0 where nothing was certified. ``thresholds`` are those of the same three draws, None where nothing was.
    """

    alpha: float
    certified: float
    coverage: float
    low: float
    high: float
    thresholds: tuple[float | None, float | None, float | None]


def risk_curve(*, confidence: ArrayLike, is_correct: ArrayLike, level: float = 0.95) -> list[Point]:
    """From the strictest threshold to the loosest, at most 101 of them; unscored (NaN) are never at or above one.

    >>> [(each.threshold, each.risk.n_hits, each.risk.n) for each in risk_curve(
    ...     confidence=[.9, .8, .8, np.nan], is_correct=[True, False, True, False])]
    [(0.9, 0, 1), (0.8, 1, 3)]
    """
    scores, wrong = _read(confidence, is_correct)
    thresholds, _ = selective.spread_starts(np.array(selective.make_grid(scores)))
    seen, errors = selective.count_from(scores, thresholds), selective.count_from(scores[wrong], thresholds)
    return [
        Point(float(threshold), len(scores), exact.share(int(k), int(n), confidence=level))
        for threshold, n, k in zip(thresholds, seen, errors, strict=True)
    ]


def prospects(
    *,
    confidence: ArrayLike,
    is_correct: ArrayLike,
    alphas: Sequence[float],
    delta: float,
    n_certify: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Prospect]:
    """One for each of ``alphas``, for a test that spends ``delta`` on ``n_certify`` cases; none without a scored case.

    >>> found, = prospects(confidence=[.9] * 80, is_correct=[True] * 80, alphas=[.1], delta=.1, n_certify=60)
    >>> found.certified, found.coverage, found.thresholds[0]  # .9⁶⁰ = .0018 in every draw
    (1.0, 1.0, 0.9)
    """
    scores, wrong = _read(confidence, is_correct)
    order = np.lexsort((wrong, scores))  # so that the same cases in another order are drawn alike
    scores, wrong = scores[order], wrong[order]
    grid = np.array(selective.make_grid(scores))
    if not len(grid) or n_certify < 1:
        return []
    thresholds, starts = selective.spread_starts(grid)
    seen, errors, shares = _draw(scores, wrong, thresholds, n_certify, draws, seed)
    return [
        _prospect(alpha, _last_rejected(seen, errors, starts, alpha, delta), thresholds, shares) for alpha in alphas
    ]


def certify_cases_needed(point: Point, *, alpha: float, level: float) -> int | None:
    """Certify cases so that nine tests in ten at ``level`` pass at this point, if its risk is truly what it looks like.

    None where no number helps, the risk being not below alpha, or where more than ``MOST_CASES`` are too few.

    >>> certify_cases_needed(Point(.8, 100, exact.share(0, 50)), alpha=.1, level=.1)  # .9²² = .098, half of all there
    44
    """
    risk = point.risk.value
    if risk is None or risk >= alpha or _roughly_needed(risk, alpha, level) > MOST_CASES:
        return None
    labels = selective.labels_needed(alpha, risk, level, POWER)
    return None if labels is None else math.ceil(labels / point.coverage)


def _roughly_needed(risk: float, alpha: float, level: float) -> float:
    """By the normal approximation: counting exactly to a million takes a second."""
    reach = math.sqrt(alpha * (1 - alpha)) * -norm.ppf(level) + math.sqrt(risk * (1 - risk)) * norm.ppf(POWER)
    return float((reach / (alpha - risk)) ** 2)


def easiest(points: Sequence[Point], alpha: float) -> Point | None:
    """The point that takes the fewest certify cases, roughly: n ~ alpha (1 − alpha) / (alpha − risk)² / coverage."""
    below = [each for each in points if each.risk.value is not None and each.risk.value < alpha]
    return max(below, key=lambda each: (alpha - (each.risk.value or 0.0)) ** 2 * each.coverage, default=None)


def _draw(
    scores: Numbers, wrong: NDArray[np.bool_], thresholds: Numbers, size: int, draws: int, seed: int
) -> tuple[Counts, Counts, Numbers]:
    """(draws × thresholds): certify cases at or above, errors among them, and the share of the population there."""
    chance, n = np.random.default_rng(seed), len(scores)
    places = np.searchsorted(-thresholds, -scores)  # the first threshold that the case is at or above
    seen, errors, shares = [], [], []
    for _ in range(draws):
        population = chance.integers(0, n, n)
        sample = population[chance.integers(0, n, size)]
        seen.append(_cumulate(places[sample], len(thresholds)))
        errors.append(_cumulate(places[sample[wrong[sample]]], len(thresholds)))
        shares.append(_cumulate(places[population], len(thresholds)) / n)
    return np.array(seen), np.array(errors), np.array(shares)


def _cumulate(places: Counts, n_thresholds: int) -> Counts:
    counts: Counts = np.bincount(places, minlength=n_thresholds + 1)[:n_thresholds].cumsum()
    return counts


def _last_rejected(
    seen: Counts, errors: Counts, starts: dict[int, tuple[float, ...]], alpha: float, delta: float
) -> Counts:
    """The fallback procedure of judge.stats.selective on many samples at once: the place of λ̂, −1 where it is ∞."""
    p_values = selective.binomial_tail(errors, seen, alpha)
    level, found = np.zeros(len(seen)), np.full(len(seen), -1)
    for place in range(seen.shape[1]):
        level = level + delta / len(selective.STARTS) * len(starts.get(place, ()))
        is_rejected = (level > 0) & (p_values[:, place] <= level)
        found[is_rejected] = place
        level[~is_rejected] = 0.0
    return found


def _prospect(alpha: float, places: Counts, thresholds: Numbers, shares: Numbers) -> Prospect:
    """Draws in the order of what they accept; the middle one, and those at the ends of the band."""
    accepted = np.where(places >= 0, shares[np.arange(len(places)), places], 0.0)
    ordered = np.argsort(accepted, kind="stable")
    last = len(ordered) - 1
    chosen = [ordered[round(part * last)] for part in (0.5, (1 - BAND) / 2, (1 + BAND) / 2)]
    middle, low, high = (float(accepted[each]) for each in chosen)
    at = [float(thresholds[places[each]]) if places[each] >= 0 else None for each in chosen]
    return Prospect(alpha, float((places >= 0).mean()), middle, low, high, (at[0], at[1], at[2]))


def _read(confidence: ArrayLike, is_correct: ArrayLike) -> tuple[Numbers, NDArray[np.bool_]]:
    scores, right = selective.read_scores(confidence), np.asarray(is_correct, dtype=np.bool_).reshape(-1)
    if len(scores) != len(right):
        raise InputError(f"{len(scores)} confidences and {len(right)} answers", expected="one of each a case")
    return scores, ~right
