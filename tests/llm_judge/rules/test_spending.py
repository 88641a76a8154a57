"""Averages and forecasts of cost, with the arithmetic beside them."""

from __future__ import annotations

import random
from math import sqrt

import pytest

from llm_judge.rules.spending import Cell, Portion, estimate

CELL: Cell = (1, 7)


def test_a_mean_and_its_interval_are_those_of_the_ratio_estimator() -> None:
    # 20 contexts with one answer each, ten of 1 and ten of 3: mean 2, residuals ±1,
    # variance 20/19 · Σ (1/20)² · 20 = 20/19 · 1/20 = 1/19
    portions = [Portion(CELL, place, 1, 1.0 if place % 2 else 3.0) for place in range(20)]
    found = estimate(portions, {CELL: 1.0})
    assert found is not None
    assert (found.n, found.value) == (20, 2.0)
    assert found.high == pytest.approx(2 + 1.959964 / sqrt(19))
    assert found.low == pytest.approx(2 - 1.959964 / sqrt(19))


def test_answers_of_one_context_count_together() -> None:
    alone = [Portion(CELL, place, 1, float(place % 2)) for place in range(200)]
    shared = [Portion(CELL, place, 10, 10.0 * (place % 2)) for place in range(20)]
    one, other = estimate(alone, {CELL: 1.0}), estimate(shared, {CELL: 1.0})
    assert one is not None and other is not None and one.high and other.high  # noqa: PT018
    assert (other.value, other.n) == (one.value, one.n) == (0.5, 200)
    assert (other.high - other.value) > 3 * (one.high - one.value)  # √10 and a little


def test_few_contexts_tell_no_interval_and_no_answer_tells_nothing() -> None:
    portions = [Portion(CELL, place, 5, 5.0) for place in range(19)]
    found = estimate(portions, {CELL: 1.0})
    assert found is not None
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert estimate(portions, {CELL: 1.0, (2, 7): 1.0}) is None, "a rater of the panel was never asked"
    assert estimate(portions, {}) is None
    assert estimate([], {CELL: 3.0}) is None
    assert estimate([Portion(CELL, 1, 1, float("nan"))], {CELL: 1.0}) is None


def test_a_forecast_holds_what_the_rest_takes_in_nineteen_of_twenty_worlds() -> None:
    """60 contexts of 4 answers come, 200 further contexts follow; both vary within and between contexts."""
    chance, held = random.Random(3), 0

    def context() -> list[float]:
        base = chance.gauss(500, 80)
        return [base + chance.gauss(0, 40) for _ in range(4)]

    for _ in range(400):
        seen = [Portion(CELL, place, 4, sum(context())) for place in range(60)]
        rest = sum(sum(context()) for _ in range(200))
        found = estimate(seen, {CELL: 800.0}, foresees=True)
        assert found is not None and found.low is not None and found.high is not None  # noqa: PT018
        held += found.low <= rest <= found.high
    assert 0.92 <= held / 400 <= 0.98
