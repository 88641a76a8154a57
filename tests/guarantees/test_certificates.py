"""The promise itself, by simulation: how often is more accepted than certificates say? Full runs: make bench."""

from __future__ import annotations

import numpy as np
import pytest

from judge.stats.batches import check_batch
from judge.stats.selective import certify, make_grid
from tests.guarantees.worlds import ALPHA, DELTA, WORLDS, World, allowed, run

RUNS = 400


@pytest.mark.parametrize("world", WORLDS, ids=[world.name for world in WORLDS])
def test_promise_is_broken_no_more_often_than_delta(world: World) -> None:
    outcome = run(world, runs=RUNS, seed=20)
    assert outcome.broken <= allowed(RUNS)
    if world.is_hard:
        assert outcome.broken > 0  # a test that nothing can fail would prove nothing
    else:
        assert outcome.certified > 0.9


def test_errors_that_come_by_context_break_no_promise() -> None:
    """A frame of 4,000 cases whose errors come in whole contexts of ten, 10.25 % in all; certify drawn at random."""
    chance = np.random.default_rng(1)
    wrong = np.repeat(np.arange(400) < 41, 10)
    broken = 0
    for _ in range(RUNS):
        drawn = chance.random(4000) < 0.15
        found = certify(
            confidence=np.full(int(drawn.sum()), 0.9), is_correct=~wrong[drawn], grid=[0.9], alpha=ALPHA, delta=DELTA
        )
        broken += found.is_certified
    assert 0 < broken / RUNS <= allowed(RUNS)


def test_grid_from_the_frames_other_cases_breaks_no_promise() -> None:
    """As in use: thresholds are scores of cases outside certify, heavily tied; the frame's own risk is the truth."""
    chance = np.random.default_rng(2)
    broken = 0
    for _ in range(RUNS):
        scores = np.minimum(0.99, np.round(chance.beta(6, 1, 3000), 2))
        wrong = chance.random(3000) < ALPHA + 0.001
        drawn = chance.random(3000) < 0.2
        grid = make_grid(scores[~drawn])
        found = certify(confidence=scores[drawn], is_correct=~wrong[drawn], grid=grid, alpha=ALPHA, delta=DELTA)
        broken += found.is_certified and wrong[scores >= found.threshold].mean() > ALPHA
    assert 0 < broken / RUNS <= allowed(RUNS)


def test_waiting_batches_keep_their_promise_about_the_rest() -> None:
    chance = np.random.default_rng(3)
    wrong = np.arange(400) < 35  # with 9 or fewer of them in the sample, over 25 of 250 remain; delta/10 = .05
    broken = 0
    for _ in range(2 * RUNS):
        sample = chance.permutation(400)[:150]
        errors = int(wrong[sample].sum())
        found = check_batch(n_waiting=400, n_sampled=150, errors=errors, alpha=ALPHA, delta=0.5)
        broken += found.is_passed and (35 - errors) / 250 > ALPHA
    assert 0 < broken / (2 * RUNS) <= allowed(2 * RUNS, 0.05)
