"""Tests of a fresh sample against a promise, and against an earlier sample."""

from __future__ import annotations

import doctest
from math import comb

import pytest
from scipy.stats import binom, fisher_exact

from judge.errors import InputError
from judge.stats import milestones


def test_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(milestones, optionflags=doctest.ELLIPSIS).failed == 0


def test_as_many_errors_as_promised_are_no_news() -> None:
    assert milestones.above(10, 100, alpha=0.10) > 0.5
    assert milestones.above(0, 0, alpha=0.10) == 1


def test_a_sound_judge_is_called_degraded_at_most_as_often_as_the_level_says() -> None:
    """At the very edge of the promise: the sum of Binomial(150, .1) over the counts that are called degraded."""
    called = [k for k in range(151) if milestones.above(k, 150, alpha=0.10) <= milestones.LEVEL]
    share = sum(comb(150, k) * 0.1**k * 0.9 ** (150 - k) for k in called)
    assert 0.03 < share <= milestones.LEVEL


def test_a_judge_twice_as_bad_as_promised_is_found() -> None:
    found = sum(binom.pmf(k, 200, 0.2) for k in range(201) if milestones.above(k, 200, alpha=0.10) <= milestones.LEVEL)
    assert found > 0.98


@pytest.mark.parametrize(
    ("now", "before"), [((12, 80), (5, 100)), ((0, 30), (3, 30)), ((7, 7), (0, 40)), ((0, 0), (1, 9))]
)
def test_earlier_sample_is_held_against_as_fishers_exact_test_does(
    now: tuple[int, int], before: tuple[int, int]
) -> None:
    table = [[now[0], now[1] - now[0]], [before[0], before[1] - before[0]]]
    expected = fisher_exact(table, alternative="greater").pvalue
    assert milestones.worse(*now, before=before) == pytest.approx(expected)


def test_more_errors_than_cases_are_refused() -> None:
    with pytest.raises(InputError, match="5 errors in 4 cases"):
        milestones.above(5, 4, alpha=0.1)
    with pytest.raises(InputError, match="2 errors in 1 cases"):
        milestones.worse(0, 3, before=(2, 1))
