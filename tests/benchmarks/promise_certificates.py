"""The certificate's promise over 3,000 runs of each world, and how long a certificate takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from judge.stats.selective import certify, make_grid
from tests.benchmarks.figures import Figure
from tests.benchmarks.promise_baselines import descend, tune
from tests.guarantees.worlds import ALPHA, DELTA, WORLDS, World, allowed, run

RUNS = 3_000
SPEEDS = {"certify_1k": 0.2, "certify_100k": 15.0, "certify_100_cells": 100.0}
FIGURES = {
    **{f"promise.broken_{world.name}": f"≤ {allowed(RUNS):.3f}" + " and > 0" * world.is_hard for world in WORLDS},
    "promise.coverage_dip_at_the_top": "above testing from the top",
    **{f"promise.{name}_ms": f"≤ {target} ms" for name, target in SPEEDS.items()},
}


def measure() -> list[Figure]:
    return [*measure_speed(), *measure_promises()]


def measure_promises() -> Iterator[Figure]:
    for world in WORLDS:
        outcome = run(world, runs=RUNS, seed=100)
        met = outcome.broken <= allowed(RUNS) and (outcome.broken > 0 or not world.is_hard)
        tuned = run(world, runs=RUNS // 10, seed=100, method=lambda s, right, grid, alpha, delta: tune(s, right, alpha))
        top = run(world, runs=RUNS // 10, seed=100, method=descend)
        beside = (
            f"accepts {outcome.coverage:.2f}, certified {outcome.certified:.2f}; a tuned threshold breaks it in "
            f"{tuned.broken:.2f} (accepts {tuned.coverage:.2f}), testing from the top in {top.broken:.2f} "
            f"({top.coverage:.2f})"
        )
        name = f"promise.broken_{world.name}"
        yield Figure(name, round(outcome.broken, 4), "share of runs", FIGURES[name], met, beside)
        if world.name == "dip_at_the_top":
            yield _dip(world, outcome.coverage, top.coverage)


def _dip(world: World, ours: float, from_the_top: float) -> Figure:
    name = f"promise.coverage_{world.name}"
    beside = f"testing from the top accepts {from_the_top:.3f}"
    return Figure(name, round(ours, 3), "share accepted", FIGURES[name], ours > from_the_top, beside)


def measure_speed() -> Iterator[Figure]:
    """The best of many: others use the machine too."""
    for name, work, beside in (
        ("certify_1k", _work(1_000, 1), "one cell of 1,000 cases"),
        ("certify_100k", _work(100_000, 1), "one cell of 100,000 cases"),
        ("certify_100_cells", _work(1_000, 100), "100 cells of 1,000 cases each"),
    ):
        took = min(_time(work) for _ in range(30)) * 1e3
        target = SPEEDS[name]
        yield Figure(f"promise.{name}_ms", round(took, 3), "ms", f"≤ {target} ms", took <= target, beside)


def _work(n: int, cells: int) -> Callable[[], None]:
    chance = np.random.default_rng(7)
    confidence = chance.beta(4, 1, n)
    is_correct = chance.random(n) < confidence
    grid = np.array(make_grid(chance.beta(4, 1, 5_000)))

    def work() -> None:
        for _ in range(cells):
            certify(confidence=confidence, is_correct=is_correct, grid=grid, alpha=ALPHA, delta=DELTA)

    return work


def _time(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
