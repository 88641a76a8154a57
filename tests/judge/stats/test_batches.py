"""Waiting batches: the exact test speaks of the cases that would be accepted, not of those that people saw."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from judge.errors import InputError
from judge.stats.batches import check_batch, sample_needed


def check(n_waiting: int, n_sampled: int, errors: int, *, alpha: float = 0.1, delta: float = 0.1):
    return check_batch(n_waiting=n_waiting, n_sampled=n_sampled, errors=errors, alpha=alpha, delta=delta)


def test_by_hand() -> None:
    # 10 wait, 5 sampled without error, alpha .2: ⌊.2·5⌋ = 1 error may be in the rest, so K₀ = 2 break it.
    # p = C(8, 5)/C(10, 5) = 56/252 = .2222
    found = check(10, 5, 0, alpha=0.2)
    assert found.p_value == pytest.approx(56 / 252)
    assert not found.is_passed
    assert found.n_accepted == 0


def test_a_tenth_of_delta_is_spent() -> None:
    # large batch, no errors: .9⁴³ = .0108 fails at .01, .9⁴⁴ = .0097 passes
    assert not check(10**6, 43, 0).is_passed
    assert check(10**6, 44, 0).is_passed
    assert check(10**6, 44, 0).n_accepted == 10**6 - 44


def test_promise_about_the_rest_holds_for_every_number_of_errors() -> None:
    alpha, delta = 0.2, 0.9
    for n_waiting in (30, 60, 100):
        for n_sampled in range(5, n_waiting, 10):
            x = np.arange(n_sampled + 1)
            passed = np.array([check(n_waiting, n_sampled, int(k), alpha=alpha, delta=delta).is_passed for k in x])
            for wrong in range(n_waiting + 1):
                breaks = passed & (wrong - x > alpha * (n_waiting - n_sampled) + 1e-9)
                assert hypergeom.pmf(x, n_waiting, wrong, n_sampled)[breaks].sum() <= delta / 10 + 1e-12


def test_nothing_is_accepted_when_all_were_seen_or_none() -> None:
    assert not check(50, 50, 0).is_passed
    assert not check(50, 0, 0).is_passed


def test_sample_needed_reaches_the_power_and_little_less_does_not() -> None:
    needed = sample_needed(5000, alpha=0.1, true_risk=0.04, delta=0.1)
    assert needed is not None
    assert power(5000, needed, 200) >= 0.9
    assert power(5000, needed - 15, 200) < 0.9


def power(n_waiting: int, n_sampled: int, wrong: int) -> float:
    most = max(k for k in range(n_sampled) if k == 0 or check(n_waiting, n_sampled, k).is_passed)
    return float(hypergeom.cdf(most, n_waiting, wrong, n_sampled))


def test_small_batches_and_bad_judges_have_no_sample_that_suffices() -> None:
    assert sample_needed(40, alpha=0.1, true_risk=0.0, delta=0.1) is None
    assert sample_needed(5000, alpha=0.1, true_risk=0.1, delta=0.1) is None
    assert sample_needed(5000, alpha=0.1, true_risk=0.0, delta=0.1) == 44


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InputError, match="waiting batch: 3 errors in a sample of 2 from 10"):
        check(10, 2, 3)
