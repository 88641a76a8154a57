"""Worlds in which the truth is known: what a judge's errors may look like over its confidence, the nasty ones included.

Confidence is uniform on [0, 1], so the share accepted at s ≥ λ is 1 − λ; ``risk`` is the chance of an error at the rank
u = 1 − s, 0 for the surest case. ``is_hard``: a procedure that spends its delta must fail here now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from judge.stats.selective import STARTS, certify

type Numbers = NDArray[np.float64]
#: (confidence, is_correct, grid, alpha, delta) → the threshold from which labels are accepted, ∞ for nothing.
type Method = Callable[[Numbers, NDArray[np.bool_], Numbers, float, float], float]

ALPHA, DELTA, N_CERTIFY = 0.10, 0.10, 600
GRID = np.round(1 - np.arange(101) / 100, 2)
_FINE = (np.arange(100_000) + 0.5) / 100_000


@dataclass(frozen=True)
class World:
    name: str
    risk: Callable[[Numbers], Numbers]
    is_hard: bool = False

    @cached_property
    def _cumulative(self) -> Numbers:
        means: Numbers = np.cumsum(self.risk(_FINE)) / np.arange(1, len(_FINE) + 1)
        return means

    def true_risk(self, threshold: float) -> float:
        """The share of errors among all cases that would be accepted; 0 where nothing is."""
        last = round((1 - threshold) * len(_FINE)) if np.isfinite(threshold) else 0
        return float(self._cumulative[last - 1]) if last > 0 else 0.0

    def draw(self, n: int, chance: np.random.Generator) -> tuple[Numbers, NDArray[np.bool_]]:
        rank = chance.random(n)
        return 1 - rank, chance.random(n) >= self.risk(rank)


def _flat(value: float) -> Callable[[Numbers], Numbers]:
    return lambda u: np.full_like(u, value)


def _good_until(end: float, value: float) -> Callable[[Numbers], Numbers]:
    return lambda u: np.where(u <= end, value, 0.6)


WORLDS = (
    World("monotone", lambda u: 0.45 * u**2),
    World("dip_at_the_top", lambda u: np.where(u < 0.08, 0.25, np.where(u < 0.7, 0.02, 0.5))),
    World("flat_just_above", _flat(ALPHA + 0.001), is_hard=True),
    *(World(f"above_until_start_{start:.2f}", _good_until(start, ALPHA + 0.001), is_hard=True) for start in STARTS),
    # certified from the first start on; the run carries all of delta to the last start, where the mean is alpha + .001
    World(
        "run_into_the_last_start", lambda u: np.where(u <= 0.5, 0.04, np.where(u <= 0.9, 0.17725, 0.6)), is_hard=True
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of all runs: the share that broke the promise, the share that certified anything, the mean share accepted."""

    broken: float
    certified: float
    coverage: float


def fallback(confidence: Numbers, is_correct: NDArray[np.bool_], grid: Numbers, alpha: float, delta: float) -> float:
    return certify(confidence=confidence, is_correct=is_correct, grid=grid, alpha=alpha, delta=delta).threshold


def run(world: World, *, runs: int, seed: int, method: Method = fallback, n: int = N_CERTIFY) -> Outcome:
    found = np.array(list(_thresholds(world, runs, seed, method, n)))
    certified = np.isfinite(found)
    broken = np.array([world.true_risk(threshold) > ALPHA for threshold in found])
    coverage = np.where(certified, 1 - np.where(certified, found, 1.0), 0.0)
    return Outcome(float(broken.mean()), float(certified.mean()), float(coverage.mean()))


def _thresholds(world: World, runs: int, seed: int, method: Method, n: int) -> Iterator[float]:
    for each in range(runs):
        confidence, is_correct = world.draw(n, np.random.default_rng([seed, each]))
        yield method(confidence, is_correct, GRID, ALPHA, DELTA)


def allowed(runs: int, delta: float = DELTA) -> float:
    """delta + 3 standard errors of a share at delta."""
    return delta + 3 * (delta * (1 - delta) / runs) ** 0.5
