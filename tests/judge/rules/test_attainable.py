"""What is attainable before there are labels: the pages' plain Python says what SciPy says."""

from __future__ import annotations

import itertools

import pytest

from judge.rules import attainable
from judge.stats import selective


@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.10, 0.137, 0.15, 0.20, 0.5])
@pytest.mark.parametrize("level", [0.10, 0.0152, 0.0038, 0.05])
@pytest.mark.parametrize("part", attainable.PARTS)
def test_labels_needed_are_those_of_the_court_of_numbers(alpha: float, level: float, part: float) -> None:
    assert attainable.labels_needed(alpha, part * alpha, level) == selective.labels_needed(alpha, part * alpha, level)


def test_labels_needed_by_hand() -> None:
    # .9²¹ = .1094 > .10 ≥ .9²² = .0985: without an error 22 labels; .99^n ≤ .0152 from n = 417 on
    assert attainable.labels_needed(0.10, 0.0, 0.10) == 22
    assert attainable.labels_needed(0.01, 0.0, 0.0152) == 417


@pytest.mark.parametrize("true_risk", [0.10, 0.2, -0.1, 0.0999])
def test_where_no_number_of_labels_is_enough_there_is_none(true_risk: float) -> None:
    assert attainable.labels_needed(0.10, true_risk, 0.0152) is None


@pytest.mark.parametrize("mu", [0.0, 0.05, 0.1, 0.28, 0.6, 1.0])
def test_attainable_share_is_that_of_the_court_of_numbers(mu: float) -> None:
    assert attainable.most_attainable(mu, 0.1) == pytest.approx(selective.attainable_coverage(mu, 0.1))


def test_level_is_a_start_s_part_of_what_the_test_may_spend() -> None:
    for tested, looks in itertools.product((1, 2, 3), (1, 4)):
        spent = selective.share_of_delta(0.1, tested_judges=tested, looks=looks)
        level = attainable.level_at_start(0.1, judges_tested=tested, looks=looks)
        assert level == pytest.approx(spent / len(selective.STARTS))


def test_curve_is_flat_until_alpha_and_falls_in_a_line_afterwards() -> None:
    points = dict(attainable.curve(0.1, [0.0, 0.05, 0.55]))
    assert points == {0.0: 1.0, 0.05: 1.0, 0.1: 1.0, 0.55: pytest.approx(0.5)}  # 1 − (.55 − .1)/.9
