"""Agreement at the size of a big project: equal to the krippendorff package, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import krippendorff
import numpy as np

from judge.stats.agreement import ac_interval, alpha_interval, gwet_ac1, krippendorff_alpha
from tests.benchmarks.figures import Figure

N, PEOPLE, LABELS, ROUNDS = 100_000, 5, 5, 5
LEVELS = ("nominal", "ordinal", "interval")
MEASURES: dict[str, tuple[Callable[[np.ndarray], object], float]] = {
    "alpha_ms": (krippendorff_alpha, 20),
    "ac1_ms": (gwet_ac1, 20),
    "alpha_bootstrap_ms": (alpha_interval, 200),
    "ac1_bootstrap_ms": (ac_interval, 200),
}
FIGURES = {
    "promise.alpha_difference": "≤ 1e-9",
    **{f"promise.{name}": f"≤ {target} ms" for name, (_, target) in MEASURES.items()},
}


def measure() -> list[Figure]:
    counts = draw()
    return [measure_difference(counts), *measure_speed(counts)]


def draw() -> np.ndarray:
    """People who answer nine of ten items, right seven of ten times."""
    chance = np.random.default_rng(0)
    truth, counts = chance.integers(0, LABELS, N), np.zeros((N, LABELS), dtype=np.int64)
    for _ in range(PEOPLE):
        answer = np.where(chance.random(N) < 0.7, truth, chance.integers(0, LABELS, N))
        answered = chance.random(N) < 0.9
        counts[np.flatnonzero(answered), answer[answered]] += 1
    return counts


def measure_difference(counts: np.ndarray) -> Figure:
    start = time.process_time()
    theirs = [krippendorff.alpha(value_counts=counts, level_of_measurement=level) for level in LEVELS]
    took = (time.process_time() - start) / len(LEVELS) * 1000
    ours = [krippendorff_alpha(counts, level) for level in LEVELS]  # type: ignore[arg-type]
    worst = float(np.abs(np.subtract(ours, theirs)).max())
    beside = f"nominal, ordinal, interval; the package takes {took:.0f} ms"
    return Figure("promise.alpha_difference", worst, "", "≤ 1e-9", worst <= 1e-9, beside)


def measure_speed(counts: np.ndarray) -> Iterator[Figure]:
    for name, (compute, target) in MEASURES.items():
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            compute(counts)
            times.append((time.process_time() - start) * 1000)
        beside = f"{N:,} items, {PEOPLE} people, {LABELS} labels" + (", 1,000 draws" if "bootstrap" in name else "")
        yield Figure(
            f"promise.{name}", round(min(times), 2), "ms of one core", f"≤ {target} ms", min(times) <= target, beside
        )
