"""What an export says of itself, by hand, and what it says where too little is known."""

from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.estimation import Stratum, estimate_pass_rate, estimate_quality, estimate_with_predictions
from judge.stats.exact import count_in_population


def test_checked_labels_are_corrected_so_the_rest_holds_what_they_held_not() -> None:
    # 100 labels, all but 10 checked with 9 wrong: 0 to 10 errors are left in the 10, whatever the sample's share
    found = estimate_quality([Stratum("judge", 10, n_checked=90, n_wrong=9)])
    low, high = count_in_population(9, 90, 100)
    assert (found.low, found.high) == pytest.approx(((low - 9) / 10, (high - 9) / 10))
    assert found.value == pytest.approx((9 / 90 * 100 - 9) / 10)


def test_strata_share_the_doubt_and_reference_labels_have_none() -> None:
    strata = [
        Stratum("judge", 900, n_checked=100, n_wrong=5),
        Stratum("single", 180, n_checked=20, n_wrong=1),
        Stratum("adjudicated", 50, is_reference=True),
        Stratum("audited", 100, is_reference=True),
        Stratum("consensus", 0),
    ]
    found = estimate_quality(strata)
    low, high = count_in_population(5, 100, 1000, confidence=0.975)  # H = 2: .05/2 each
    assert (found.strata[0].low, found.strata[0].high) == pytest.approx(((low - 5) / 900, (high - 5) / 900))
    assert [(each.low, each.high) for each in found.strata[2:]] == [(0.0, 0.0)] * 3
    assert found.n_labels == 1230
    assert found.high == pytest.approx((found.strata[0].high * 900 + found.strata[1].high * 180) / 1230)
    assert found.value == pytest.approx((0.05 * 900 + 0.05 * 180) / 1230)


def test_stratum_that_nobody_checked_is_not_guessed() -> None:
    found = estimate_quality([Stratum("judge", 60), Stratum("adjudicated", 40, is_reference=True)])
    assert found.value is None
    assert (found.low, found.high) == (0.0, 0.6)


def test_bound_from_elsewhere_takes_the_place_of_the_sample() -> None:
    found = estimate_quality([Stratum("judge", 90, n_checked=10, n_wrong=1, bound=0.2)])
    assert (found.low, found.high, found.value) == (0.0, 0.2, pytest.approx((10 - 1) / 90))


def test_labels_seen_beyond_the_sample_count_as_known() -> None:
    # 40 of 100 in the sample with 4 wrong, 50 more seen with 6 wrong, 10 left: K ≤ 16 and 10 are known
    found = estimate_quality([Stratum("judge", 10, n_checked=40, n_wrong=4, n_seen=50, n_seen_wrong=6)])
    low, high = count_in_population(4, 40, 100)
    assert found.strata[0].low == max(0.0, (low - 10) / 10)
    assert found.strata[0].high == pytest.approx(min(1.0, (high - 10) / 10))


def test_no_label_no_estimate() -> None:
    assert estimate_quality([]) is None
    assert estimate_quality([Stratum("judge", 0, n_checked=5)]) is None


def test_impossible_strata_are_refused() -> None:
    with pytest.raises(InputError, match="stratum judge: 3 of 2"):
        estimate_quality([Stratum("judge", 10, n_checked=2, n_wrong=3)])
    with pytest.raises(InputError, match=r"stratum judge: the bound is 1\.5"):
        estimate_quality([Stratum("judge", 10, bound=1.5)])


def test_pass_rate_stands_beside_the_judges_own() -> None:
    # weights 1, 1, 4: 2/6, while the judge lets everything pass
    found = estimate_pass_rate([True, True, False], [1, 1, 0.25], judge_says_pass=[True] * 6)
    assert (found.value, found.judge_rate, found.n) == (pytest.approx(1 / 3), 1.0, 3)
    assert found.low < 1 / 3 < found.high
    assert estimate_pass_rate([], []) is None
    assert estimate_pass_rate([True], [1]).judge_rate is None


def test_predictions_are_used_only_with_twenty_of_either_kind() -> None:
    said = np.linspace(0, 1, 100)
    for n_errors, is_shown in ((19, False), (20, True), (80, True), (81, False), (0, False), (100, False)):
        found = estimate_with_predictions(np.arange(100) < n_errors, said, said)
        assert (found is not None) == is_shown


def test_constant_predictions_change_nothing() -> None:
    wrong = np.arange(100) < 30
    found = estimate_with_predictions(wrong, np.full(100, 0.2), np.full(900, 0.2))
    assert (found.value, found.weight) == (pytest.approx(0.3), 0.0)


def test_good_predictions_narrow_the_interval_and_it_covers() -> None:
    chance = np.random.default_rng(8)
    covered, narrower = 0, 0
    for _ in range(300):
        said = chance.beta(0.3, 1.2, 3000)
        wrong = chance.random(3000) < said
        found = estimate_with_predictions(wrong[:300], said[:300], said[300:])
        alone = 1.96 * np.sqrt(wrong[:300].var(ddof=1) / 300)
        covered += found.low <= 0.2 <= found.high  # mean of Beta(.3, 1.2)
        narrower += (found.high - found.low) / 2 < 0.85 * alone
    assert covered / 300 >= 0.95 - 3 * (0.95 * 0.05 / 300) ** 0.5
    assert narrower > 250


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="2 answers and 1 predictions"):
        estimate_with_predictions([True, False], [0.5], [0.5])
