"""Dawid–Skene on public crowds, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from judge.stats.consensus import dawid_skene
from tests.benchmarks.figures import Figure
from tests.data.shared_sets import FOLDER
from tests.judge.stats.test_consensus import accuracy

ACCURACIES = {"crowd_rte": 0.927, "crowd_bluebirds": 0.897}
#: Seconds by (answers, labels); crowd-kit 1.4.2 took .39 s and 1.6 s for two labels.
SPEEDS = {(100_000, 2): 0.05, (100_000, 5): 0.05, (1_000_000, 2): 0.5, (1_000_000, 5): 0.5}
ROUNDS = 3
FIGURES = {
    **{f"promise.consensus_{name}": f"≥ {target}" for name, target in ACCURACIES.items()},
    **{f"promise.consensus_seconds_{n}_{k}": f"≤ {target} s" for (n, k), target in SPEEDS.items()},
}


def measure() -> list[Figure]:
    return [*measure_accuracy(), *measure_speed()]


def measure_accuracy() -> Iterator[Figure]:
    for name, target in ACCURACIES.items():
        if not (FOLDER / name).exists():
            continue  # the runner tells a figure that is missing
        found = accuracy(name)
        yield Figure(f"promise.consensus_{name}", round(found, 4), "share right", f"≥ {target}", found >= target)


def measure_speed() -> Iterator[Figure]:
    for (n, k), target in SPEEDS.items():
        answers, truth = simulate(n, k)
        times = []
        for _ in range(ROUNDS):
            start = time.process_time()
            fit = dawid_skene(**answers, n_labels=k)
            times.append(time.process_time() - start)
        right = (fit.posterior.argmax(axis=1) == truth).mean()
        beside = f"{fit.iterations} rounds, {right:.3f} right; crowd-kit 1.4.2 took {'.39' if n < 1e6 else '1.6'} s"
        name = f"promise.consensus_seconds_{n}_{k}"
        yield Figure(name, round(min(times), 4), "s of one core", FIGURES[name], min(times) <= target, beside)


def simulate(n: int, k: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """n answers, five to a case, by n/500 people at least 200, right .5 to .95 of the time, else guessing."""
    chance = np.random.default_rng(0)
    truth, skill = chance.integers(0, k, n // 5), chance.uniform(0.5, 0.95, max(200, n // 500))
    case, rater = np.repeat(np.arange(n // 5), 5), chance.integers(0, len(skill), n)
    label = np.where(chance.random(n) < skill[rater], truth[case], chance.integers(0, k, n))
    return {"case": case, "rater": rater, "label": label}, truth
