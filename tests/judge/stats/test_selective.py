"""Certificates: the fallback procedure by hand, what is refused, and what never depends on order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from judge.errors import InputError
from judge.stats.selective import (
    Certificate,
    attainable_coverage,
    binomial_tail,
    certify,
    labels_needed,
    make_grid,
    share_of_delta,
)

#: A grid of 101 distinct thresholds 1.00, .99, …, .00: the starts wait at .80, .57, .33 and .10.
GRID = [round(1 - i / 100, 2) for i in range(101)]


def certify_groups(groups: list[tuple[float, int, int]], *, grid: list[float] = GRID, **terms: float) -> Certificate:
    """Certify cases given as (confidence, how many, how many of them wrong)."""
    confidence = [score for score, n, _ in groups for _ in range(n)]
    right = [i >= wrong for _, n, wrong in groups for i in range(n)]
    return certify(confidence=confidence, is_correct=right, grid=grid, **({"alpha": 0.1, "delta": 0.1} | terms))


def test_starts_share_delta_and_a_run_carries_what_it_won() -> None:
    # 100 right cases at .95: p = .9¹⁰⁰ = 2.7e-5 at every threshold ≤ .95; .80, .57, .33 and .10 have .025 each
    found = certify_groups([(0.95, 100, 0)])
    assert (found.threshold, found.n, found.errors, found.coverage) == (0.0, 100, 0, 1.0)
    levels = {step.threshold: step.level for step in found.steps}
    assert [levels[at] for at in (0.80, 0.58, 0.57, 0.33, 0.10)] == pytest.approx([0.025, 0.025, 0.05, 0.075, 0.1])
    assert (found.start, found.level) == (0.20, pytest.approx(0.1))
    assert found.steps[0].p_value == pytest.approx(0.9**100)


def test_nothing_above_the_first_start_is_tested() -> None:
    found = certify_groups([(0.95, 100, 0)])
    assert max(step.threshold for step in found.steps) == 0.80


def test_dip_at_the_top_does_not_stop_the_later_starts() -> None:
    # At .80 and above: 40 cases, 12 wrong, p = P(Bin(40, .1) ≤ 12) = .9998 > .025: the run from .20 ends at once.
    # From .57 on: 340 cases with 12 wrong, 3.5 %: p = P(Bin(340, .1) ≤ 12) < 1e-4 ≤ .025
    found = certify_groups([(0.9, 40, 12), (0.6, 300, 0)])
    assert found.start == 0.43
    assert (found.n, found.errors, found.threshold) == (340, 12, 0.0)
    assert [step.is_rejected for step in found.steps[:2]] == [False, True]
    assert found.steps[1].level == pytest.approx(0.025)


def test_run_that_ends_loses_its_level_and_the_next_start_has_its_own_only() -> None:
    # .80: 60 right, p = .9⁶⁰ = .0018, won. .50: 200 wrong join, lost; .33 and .10 have .025 and lose as well.
    found = certify_groups([(0.85, 60, 0), (0.5, 200, 200)])
    assert (found.threshold, found.start, found.n) == (0.51, 0.20, 60)
    by_threshold = {step.threshold: step for step in found.steps}
    assert by_threshold[0.51].is_rejected
    assert by_threshold[0.51].level == pytest.approx(0.05)  # .025 of .80 and .025 of .57
    assert not by_threshold[0.50].is_rejected
    assert by_threshold[0.33].level == pytest.approx(0.025)
    assert 0.49 not in by_threshold  # a threshold without a level is not tested


def test_level_decides_to_the_last_case() -> None:
    # One start's share is .025: .9³⁵ = .02503 > .025 fails, .9³⁶ = .02253 passes. All at .85, and 1000 wrong ones at
    # .6 so that no later start can pass.
    fails, passes = (certify_groups([(0.85, n, 0), (0.6, 1000, 1000)]) for n in (35, 36))
    assert not fails.is_certified
    assert (passes.threshold, passes.n) == (0.61, 36)


def test_starts_keep_their_place_when_ties_are_removed() -> None:
    # 58 of 101 thresholds are 1.0: starts 20 and 43 both wait there, 67 and 90 at .33 and .10
    grid = [1.0] * 58 + [round(1 - i / 100, 2) for i in range(58, 101)]
    found = certify_groups([(1.0, 30, 0)], grid=grid)
    assert found.n_thresholds == 44
    assert found.steps[0].threshold == 1.0
    assert found.steps[0].level == pytest.approx(0.05)  # .9³⁰ = .0424 ≤ .05 and > .025
    assert found.steps[0].is_rejected


def test_constant_confidence_is_one_test_with_all_of_delta() -> None:
    # .9²² = .0985 ≤ .1 < .9²¹ = .1094
    assert certify_groups([(0.7, 22, 0)], grid=[0.7] * 101).threshold == 0.7
    assert not certify_groups([(0.7, 21, 0)], grid=[0.7] * 101).is_certified


def test_too_few_labels_accept_nothing() -> None:
    for groups in ([], [(0.9, 5, 0)]):
        found = certify_groups(groups)
        assert found.threshold == math.inf
        assert (found.n, found.errors, found.coverage, found.start, found.level) == (0, 0, 0.0, None, None)
        assert len(found.steps) == 4  # each start was tried with its own share, and lost


def test_all_agree_and_all_disagree() -> None:
    assert certify_groups([(0.3, 500, 0)]).coverage == 1.0
    assert not certify_groups([(0.3, 500, 500)]).is_certified


def test_unscored_cases_are_never_accepted_and_are_counted() -> None:
    confidence = [0.9] * 80 + [math.nan] * 15 + [-math.inf] * 5
    found = certify(
        confidence=confidence, is_correct=[True] * 80 + [False] * 20, grid=[0.9] * 101, alpha=0.1, delta=0.1
    )
    assert (found.n_certify, found.n_unscored, found.n, found.errors, found.coverage) == (100, 20, 80, 0, 0.8)


def test_case_exactly_at_the_threshold_is_accepted() -> None:
    # the score came through a file as text and is the same number
    score = float(repr(0.1 + 0.2))
    assert certify_groups([(score, 50, 0)], grid=[0.1 + 0.2] * 101).n == 50


def test_empty_grid_accepts_nothing() -> None:
    found = certify_groups([(0.9, 500, 0)], grid=[])
    assert (found.is_certified, found.n_thresholds, found.steps) == (False, 0, ())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"confidence": [0.5]}, "1 confidences and 2 answers"),
        ({"confidence": [0.5, 1.2]}, "case 2: the confidence is 1.2"),
        ({"confidence": [-0.1, 0.5]}, "case 1: the confidence is -0.1"),
        ({"confidence": [0.5, math.inf]}, "case 2: the confidence is inf"),
        ({"is_correct": [1, 2]}, "case 2: the answer is 2"),
        ({"is_correct": [1.0, math.nan]}, "case 2: the answer is nan"),
        ({"is_correct": [True, None]}, "case 2: the answer is None"),
        ({"grid": [0.4, 0.5]}, "the grid of thresholds rises"),
        ({"grid": [0.5, math.nan]}, "no confidence"),
        ({"grid": [1.5, 0.5]}, "no confidence"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"delta": 1.0}, "delta is 1.0"),
    ],
)
def test_what_cannot_be_certified_says_why(changed: dict[str, object], told: str) -> None:
    given_ = {"confidence": [0.5, 0.6], "is_correct": [True, False], "grid": [0.6, 0.5], "alpha": 0.1, "delta": 0.1}
    with pytest.raises(InputError, match=told) as caught:
        certify(**(given_ | changed))  # type: ignore[arg-type]
    assert "expected: " in str(caught.value)


CASES = st.lists(st.tuples(st.integers(0, 20).map(lambda i: i / 20), st.booleans()), max_size=120)


@given(CASES, st.floats(0.02, 0.5), st.floats(0.01, 0.5), st.randoms())
def test_certificate_depends_on_no_order_and_tells_the_truth_about_its_region(
    cases: list[tuple[float, bool]], alpha: float, delta: float, chance: object
) -> None:
    grid = make_grid([i / 20 for i in range(21)])
    found = _certify(cases, grid, alpha, delta)
    chance.shuffle(cases)  # type: ignore[attr-defined]
    assert _certify(cases, grid, alpha, delta) == found
    inside = [right for score, right in cases if score >= found.threshold]
    assert (found.n, found.errors) == (len(inside), inside.count(False))
    if found.is_certified:
        assert binom.cdf(found.errors, found.n, alpha) <= found.level + 1e-12
        assert found.level <= delta + 1e-12


@given(CASES, st.integers(0, 119))
def test_one_error_less_never_accepts_less(cases: list[tuple[float, bool]], place: int) -> None:
    better = [(score, right or i == place) for i, (score, right) in enumerate(cases)]
    grid = make_grid([i / 20 for i in range(21)])
    assert _certify(better, grid, 0.2, 0.2).threshold <= _certify(cases, grid, 0.2, 0.2).threshold


def _certify(cases: list[tuple[float, bool]], grid: tuple[float, ...], alpha: float, delta: float) -> Certificate:
    scores, right = [score for score, _ in cases], [right for _, right in cases]
    return certify(confidence=scores, is_correct=right, grid=grid, alpha=alpha, delta=delta)


@given(st.integers(0, 400), st.integers(0, 400), st.floats(0.01, 0.9))
def test_tail_is_that_of_scipy(one: int, other: int, alpha: float) -> None:
    k, n = min(one, other), max(one, other)
    assert binomial_tail(np.array([k]), np.array([n]), alpha)[0] == pytest.approx(binom.cdf(k, n, alpha), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=200, max_size=400))
def test_grid_is_the_quantiles_of_numpy_and_observed(scores: list[float]) -> None:
    grid = make_grid(scores)
    assert len(grid) == 101
    assert set(grid) <= set(scores)
    assert list(grid) == sorted(grid, reverse=True)
    assert (grid[0], grid[-1]) == (max(scores), min(scores))
    # the quantile "higher" at i/100 has at least that share of the scores at or below it
    for i, threshold in enumerate(reversed(grid)):
        assert sum(score <= threshold for score in scores) - 1 >= i * (len(scores) - 1) / 100


def test_grid_of_few_scores_comes_from_train() -> None:
    train = [i / 100 for i in range(101)]
    assert make_grid([0.5] * 199, train) == tuple(reversed(train))
    assert set(make_grid([0.5] * 200, train)) == {0.5}
    assert set(make_grid([0.5] * 10)) == {0.5}


def test_unscored_cases_make_no_threshold() -> None:
    assert min(make_grid([0.5] * 200 + [math.nan] * 300)) == 0.5
    assert make_grid([math.nan] * 300) == ()


def test_share_of_delta_sums_to_delta_over_all_judges_and_looks() -> None:
    # Σ 1/v² = π²/6; the first of one look: .1 · 6/π² = .0608, a quarter of it .0152
    assert share_of_delta(0.1) == pytest.approx(0.06079, abs=1e-5)
    spent = sum(4 * share_of_delta(0.1, tested_judges=v, looks=4) for v in range(1, 20_000))
    assert spent == pytest.approx(0.1, rel=1e-4)
    assert spent < 0.1
    with pytest.raises(InputError, match="0 judges"):
        share_of_delta(0.1, tested_judges=0)


def test_labels_needed_are_those_of_the_table() -> None:
    table = {
        0.05: [45, 132, 377, 1180, 2825],
        0.10: [22, 65, 187, 566, 1356],
        0.15: [15, 43, 116, 361, 852],
        0.20: [11, 32, 86, 259, 611],
    }
    for alpha, expected in table.items():
        found = [labels_needed(alpha, part * alpha, 0.10) for part in (0, 0.25, 0.5, 0.7, 0.8)]
        assert found == expected


def test_no_number_of_labels_proves_what_is_not_so() -> None:
    assert labels_needed(0.1, 0.1, 0.1) is None
    assert labels_needed(0.1, 0.2, 0.1) is None


@pytest.mark.parametrize(("mu", "expected"), [(0.05, 1.0), (0.1, 1.0), (0.28, 0.8), (0.55, 0.5), (1.0, 0.0)])
def test_attainable_coverage(mu: float, expected: float) -> None:
    # 1 − (mu − .1)/.9
    assert attainable_coverage(mu, 0.1) == pytest.approx(expected)
