"""How often labels with a given q are right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.skills import Skills, calibrated
from judge.stats.label_calibration import calibrate_labels


def test_one_fold_less_each_time_by_hand() -> None:
    # two values of q, five cases of each; case i is in fold i mod 5, so each fold holds one of each.
    # q = .6: right 3 of 5 → folds without a right one say 3/4, without a wrong one 2/4: mean (2·.75 + 3·.5)/5 = .6
    # q = .9: all right → 1, told as (n' + 1)/(n' + 2) = 11/12
    q = [0.6] * 5 + [0.9] * 5
    right = [True, True, True, False, False] + [True] * 5
    assert calibrate_labels(q=q, is_right=right, weight=[1.0] * 10) == ((0.6, 0.6), (0.9, pytest.approx(11 / 12)))


def test_a_case_drawn_at_half_the_rate_counts_twice() -> None:
    # at one q: wrong ones of weight 2, right ones of weight 1, as many of each → a third is right
    q, right, weight = [0.7] * 20, [True, False] * 10, [1.0, 2.0] * 10
    ((place, share),) = calibrate_labels(q=q, is_right=right, weight=weight)
    assert place == 0.7
    assert share == pytest.approx(1 / 3, abs=0.01)


def test_where_nobody_erred_in_ninety_eight_cases_one_in_a_hundred_is_left() -> None:
    assert calibrate_labels(q=[0.9] * 98, is_right=[True] * 98, weight=[3.0] * 98) == ((0.9, 0.99),)


def test_uneven_weights_are_worth_fewer_cases() -> None:
    # (Σw)²/Σw² = (50·1 + 50·9)² / (50·1 + 50·81) = 250000 / 4100 = 60.98 → 61.98 / 62.98
    ((_, share),) = calibrate_labels(q=[0.9] * 100, is_right=[True] * 100, weight=[1.0, 9.0] * 50)
    assert share == pytest.approx(61.98 / 62.98, abs=1e-4)


def test_too_few_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="4 cases, 4 readings, 4 weights: expected 5 each"):
        calibrate_labels(q=[0.5] * 4, is_right=[True] * 4, weight=[1.0] * 4)


def test_overconfidence_is_taken_back() -> None:
    chance = np.random.default_rng(5)
    q = chance.uniform(0.5, 1, 4000)
    right = chance.random(4000) < 0.5 + 0.6 * (q - 0.5)  # q = 1 is right in .8 of the cases
    table = Skills(calibration={2: calibrate_labels(q=q, is_right=right, weight=np.ones(4000))})
    told = [calibrated(value, 2, table) for value in (0.6, 0.75, 0.95)]
    assert told == pytest.approx([0.56, 0.65, 0.77], abs=0.05)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.floats(1, 50)), min_size=5, max_size=60))
def test_the_table_rises_and_stays_inside(cases: list[tuple[float, bool, float]]) -> None:
    q, right, weight = zip(*cases, strict=True)
    table = calibrate_labels(q=q, is_right=right, weight=weight)
    places, shares = zip(*table, strict=True)
    assert list(places) == sorted(places)
    assert list(shares) == sorted(shares)
    assert 0 < shares[0] <= shares[-1] < 1
