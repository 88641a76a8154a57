from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.comparison import compare


def test_only_cases_on_which_the_judges_differ_count() -> None:
    # 9 cases only the second gets right, 1 only the first: p = 2 · P(Binomial(10, ½) ≤ 1) = 2 · 11/1024
    first = [True] * 90 + [True] + [False] * 9
    second = [True] * 90 + [False] + [True] * 9
    found = compare(first_is_right=first, second_is_right=second, groups=range(100))
    assert (found.n, found.n_both, found.n_first_only, found.n_second_only, found.n_flips) == (100, 90, 1, 9, 10)
    assert found.p_value == pytest.approx(22 / 1024)
    assert found.difference == pytest.approx(0.08)
    assert 0 < found.low < 0.08 < found.high < 0.16


def test_equal_judges_differ_in_nothing() -> None:
    found = compare(first_is_right=[1, 0, 1], second_is_right=[1, 0, 1], groups=[1, 2, 3])
    assert (found.difference, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_cases_of_one_context_are_one_observation_not_many() -> None:
    chance = np.random.default_rng(3)
    better = np.repeat(chance.random(20) < 0.7, 20)  # whole contexts are right or wrong together
    first = np.repeat(chance.random(20) < 0.5, 20)
    apart = compare(first_is_right=first, second_is_right=better, groups=range(400))
    together = compare(first_is_right=first, second_is_right=better, groups=[place // 20 for place in range(400)])
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_interval_holds_the_true_gain_nineteen_times_in_twenty() -> None:
    chance, held, runs = np.random.default_rng(5), 0, 300
    for _ in range(runs):
        first, second = chance.random(200) < 0.70, chance.random(200) < 0.80
        found = compare(first_is_right=first, second_is_right=second, groups=range(200), draws=400)
        held += found.low <= 0.10 <= found.high
    assert held / runs > 0.95 - 3 * (0.95 * 0.05 / runs) ** 0.5


@pytest.mark.parametrize(("first", "second", "groups"), [([1], [1, 0], [1, 2]), ([], [], [])])
def test_nothing_to_compare_is_refused(first: list[int], second: list[int], groups: list[int]) -> None:
    with pytest.raises(InputError):
        compare(first_is_right=first, second_is_right=second, groups=groups)
