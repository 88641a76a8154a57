"""Exact intervals against closed forms, and their coverage counted out rather than simulated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, hypergeom

from judge.errors import InputError
from judge.stats.exact import clopper_pearson, count_in_population, lower_bound, share, upper_bound


def test_none_and_all_have_closed_forms() -> None:
    # 0 of 10: high = 1 − .025^(1/10) = .3085; 10 of 10: low = .025^(1/10)
    assert clopper_pearson(0, 10).high == pytest.approx(1 - 0.025**0.1)
    assert clopper_pearson(0, 10).low == 0.0
    assert clopper_pearson(10, 10).low == pytest.approx(0.025**0.1)
    assert clopper_pearson(10, 10).high == 1.0
    assert upper_bound(0, 22, confidence=0.9) == pytest.approx(1 - 0.1 ** (1 / 22))


def test_nothing_counted_says_nothing() -> None:
    found = share(0, 0)
    assert (found.low, found.high, found.value) == (0.0, 1.0, None)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.5, 0.99))
def test_interval_is_that_of_scipy(one: int, other: int, confidence: float) -> None:
    k, n = min(one, other), max(one, other, 1)
    found, expected = clopper_pearson(k, n, confidence=confidence), binomtest(k, n).proportion_ci(confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert lower_bound(k, n) == pytest.approx(binomtest(k, n, alternative="greater").proportion_ci(0.95).low, abs=1e-9)


@pytest.mark.parametrize("p", [0.01, 0.1, 0.37, 0.5])
def test_coverage_is_never_below_the_confidence(p: float) -> None:
    n, k = 40, np.arange(41)
    ends = [clopper_pearson(int(each), n, confidence=0.9) for each in k]
    assert binom.pmf(k, n, p)[[each.low <= p <= each.high for each in ends]].sum() >= 0.9


@settings(deadline=None)
@given(st.integers(1, 25), st.integers(0, 40))
def test_count_in_a_population_covers_every_count(n: int, more: int) -> None:
    total = n + more
    ends = [count_in_population(k, n, total, confidence=0.9) for k in range(n + 1)]
    for hits in range(total + 1):
        covered = [low <= hits <= high for low, high in ends]
        assert hypergeom.pmf(np.arange(n + 1), total, hits, n)[covered].sum() >= 0.9 - 1e-9


def test_full_count_leaves_no_doubt_and_none_leaves_all() -> None:
    assert count_in_population(7, 50, 50) == (7, 7)
    assert count_in_population(0, 0, 50) == (0, 50)


def test_large_population_is_that_of_clopper_pearson() -> None:
    low, high = count_in_population(90, 1000, 10_000_000)
    ends = clopper_pearson(90, 1000)
    assert (low / 1e7, high / 1e7) == pytest.approx((ends.low, ends.high), abs=1e-4)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="3 of 2"):
        clopper_pearson(3, 2)
    with pytest.raises(InputError, match="a sample of 3 from 2"):
        count_in_population(1, 3, 2)
