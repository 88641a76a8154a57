"""The pool of a panel: who knows more weighs more, who knows nothing weighs little, few labels change little."""

from __future__ import annotations

import numpy as np
import pytest

from judge.rules.verdicts import Answer, opine, read_calibrator
from judge.stats.pooling import apply_pool, fit_pool, stack


def said_by(strengths: list[float], n: int = 1_500) -> tuple[np.ndarray, np.ndarray]:
    """Raters whose log-odds are strength × (±1) + noise: for such a rater the right odds are 2·strength·log-odds."""
    chance = np.random.default_rng(0)
    places = (chance.random(n) < 0.5).astype(int)
    odds = np.stack([s * (1 - 2 * places) + chance.normal(size=n) for s in strengths], axis=1)
    share = 1 / (1 + np.exp(-odds))
    return np.log(np.stack([share, 1 - share], axis=2)), places


def test_weights_are_those_of_the_likelihood_ratio() -> None:
    # Log-odds N(±s, 1) independent given the label: log likelihood ratio = 2·s·odds, so w = 2s
    pool = fit_pool(*said_by([1.0, 0.5], n=20_000))
    assert pool.weights == pytest.approx((2.0, 1.0), abs=0.08)
    assert pool.bias == pytest.approx((0.0, 0.0), abs=0.05)


def test_rater_at_chance_or_below_is_left_out_and_not_believed_in_reverse() -> None:
    pool = fit_pool(*said_by([1.0, 0.0, -1.0]))
    assert pool.weights[1] < 0.1
    assert pool.weights[2] == 0.0


def test_panel_beats_each_of_its_raters() -> None:
    logs, places = said_by([1.0, 0.7])
    pool = fit_pool(logs[:700], places[:700])
    right = (apply_pool(pool, logs[700:]).argmax(axis=1) == places[700:]).mean()
    assert right > max((logs[700:, r].argmax(axis=1) == places[700:]).mean() for r in (0, 1))


def test_no_labels_leave_the_plain_pool() -> None:
    pool = fit_pool(np.zeros((0, 2, 3)), np.zeros(0, dtype=int))
    assert pool.weights == pytest.approx((0.5, 0.5))
    assert pool.bias == pytest.approx((0.0, 0.0, 0.0))


def test_verdicts_of_the_fitted_panel_are_what_was_fitted() -> None:
    logs, places = said_by([1.0, 0.5], n=200)
    pool = fit_pool(logs, places)
    calibrator = read_calibrator(pool.as_calibrator(["yes", "no"]))
    answers = [Answer({"yes": float(np.exp(row[0])), "no": float(np.exp(row[1]))}) for row in logs[0]]
    assert opine(answers, calibrator).probs["yes"] == pytest.approx(apply_pool(pool, logs[:1])[0, 0], abs=1e-4)


def test_probability_of_zero_is_floored() -> None:
    assert np.isfinite(stack([[{"yes": 1.0}]], ["yes", "no"])).all()
