"""What a certificate would let through: hand arithmetic, the same test as certify() runs, and a band that holds."""

from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats import exact, prospects, selective
from judge.stats.prospects import Point, certify_cases_needed, easiest, risk_curve


def draw(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Confidences that mean what they say."""
    chance = np.random.default_rng(seed)
    said = chance.uniform(0.5, 1, n)
    return {"confidence": said, "is_correct": chance.random(n) < said}


def test_risk_over_coverage_is_counted_from_the_top() -> None:
    found = risk_curve(confidence=[0.9, 0.9, 0.7, 0.6, np.nan], is_correct=[1, 1, 0, 1, 1])
    # 2 of 5 at .9 or above, none wrong; 3 of 5 from .7, one wrong; 4 of 5 from .6; the unscored case is in none
    assert [(each.threshold, each.coverage, each.risk.n_hits, each.risk.n) for each in found] == [
        (0.9, 0.4, 0, 2), (0.7, 0.6, 1, 3), (0.6, 0.8, 1, 4),
    ]  # fmt: skip
    assert found[0].risk.high == pytest.approx(1 - 0.025**0.5)  # Clopper–Pearson of 0 in 2


def test_without_a_scored_case_there_is_no_curve_and_no_prospect() -> None:
    nothing = {"confidence": [np.nan, np.nan], "is_correct": [True, False]}
    assert risk_curve(**nothing) == []
    assert prospects.prospects(**nothing, alphas=[0.1], delta=0.1, n_certify=100) == []
    assert risk_curve(confidence=[], is_correct=[]) == []


def test_one_class_and_one_case_have_values() -> None:
    (all_wrong,) = prospects.prospects(
        confidence=[0.9] * 50, is_correct=[False] * 50, alphas=[0.1], delta=0.1, n_certify=50
    )
    assert (all_wrong.certified, all_wrong.coverage, all_wrong.thresholds) == (0.0, 0.0, (None, None, None))
    (one,) = prospects.prospects(confidence=[0.9], is_correct=[True], alphas=[0.1], delta=0.1, n_certify=60)
    assert one.certified == 1.0  # every draw is sixty times that case: .9⁶⁰ = .0018


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="2 confidences and 1 answers"):
        risk_curve(confidence=[0.9, 0.8], is_correct=[True])


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("delta", [0.1, 0.9])
def test_many_samples_are_tested_as_certify_tests_each(alpha: float, delta: float) -> None:
    """100 samples of 1 to 80 cases with many ties, some unscored."""
    chance = np.random.default_rng(5)
    for _ in range(100):
        n = int(chance.integers(1, 81))
        scores, right = chance.choice([0.5, 0.6, 0.7, 0.8, 0.9, np.nan], n), chance.random(n) < chance.random()
        grid = selective.make_grid(scores)
        alone = selective.certify(confidence=scores, is_correct=right, grid=grid, alpha=alpha, delta=delta)
        thresholds, starts = selective.spread_starts(np.array(grid))
        known = selective.read_scores(scores)
        seen, errors = selective.count_from(known, thresholds), selective.count_from(known[~right], thresholds)
        (place,) = prospects._last_rejected(seen[None], errors[None], starts, alpha, delta)
        assert (thresholds[place] if place >= 0 else np.inf) == alone.threshold


def test_more_disagreement_allowed_accepts_no_less() -> None:
    found = prospects.prospects(**draw(400), alphas=[0.05, 0.1, 0.2, 0.3], delta=0.06, n_certify=400)
    shares = [each.coverage for each in found]
    assert shares == sorted(shares)
    assert all(each.low <= each.coverage <= each.high for each in found)


def test_band_holds_what_real_tests_accept() -> None:
    """60 worlds: prospects from 400 train and gold cases; then a certify sample of 400 others is drawn and tested, and
    what it accepts is known: s is uniform on [.5, 1], so the share at or above t is 2(1 − t)."""
    inside = 0
    for seed in range(60):
        (told,) = prospects.prospects(**draw(400, seed), alphas=[0.2], delta=0.0608, n_certify=400, seed=seed)
        fresh = draw(400, 1000 + seed)
        grid = selective.make_grid(draw(5000, 2000)["confidence"])
        found = selective.certify(**fresh, grid=grid, alpha=0.2, delta=0.0608)
        accepted = 2 * (1 - found.threshold) if found.is_certified else 0.0
        inside += told.low - 0.02 <= accepted <= told.high + 0.02  # a step of either grid
    assert inside / 60 >= 0.8 - 2 * (0.8 * 0.2 / 60) ** 0.5  # 80 % less two standard errors of 60 worlds


def test_cases_needed_follow_from_the_table_of_labels() -> None:
    at_half = Point(0.8, 200, exact.share(5, 100))  # risk .05 = half of alpha: 187 labels, where half of all cases are
    assert certify_cases_needed(at_half, alpha=0.10, level=0.10) == 2 * 187
    assert certify_cases_needed(Point(0.8, 100, exact.share(10, 100)), alpha=0.10, level=0.10) is None
    assert certify_cases_needed(Point(0.8, 1000, exact.share(99, 1000)), alpha=0.10, level=0.10) is None  # over 100,000


def test_easiest_point_weighs_room_below_alpha_against_the_cases_there() -> None:
    few, many = Point(0.9, 100, exact.share(0, 10)), Point(0.7, 100, exact.share(4, 80))
    # (.1 − 0)² · .1 = .0010; (.1 − .05)² · .8 = .0020
    assert easiest([few, many], 0.10) is many
    assert easiest([few, many], 0.05) is few
    assert easiest([many], 0.05) is None
