"""Weights by hand, refusals, and the coverage of weighted intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.streams import Stream, StreamRates
from judge.stats.exact import clopper_pearson
from judge.stats.sampling import hajek, horvitz_thompson, inclusion, thin, weigh, weighted_share


def test_means_by_hand() -> None:
    # weights 2, 2, 4. Horvitz–Thompson: (2·1 + 2·0 + 4·1)/10; Hájek: 6/8
    assert horvitz_thompson([1, 0, 1], [0.5, 0.5, 0.25], 10).value == pytest.approx(0.6)
    found = hajek([1, 0, 1], [0.5, 0.5, 0.25])
    # r = .25, −.75, .25 and w(w−1) = 2, 2, 12: (2/16 + 2·9/16 + 12/16)/64 = 2/64
    assert (found.value, found.variance) == (0.75, pytest.approx(2 / 64))
    assert found.effective_n == pytest.approx(64 / 16)  # (2+2+4)²/(2+2+12)


def test_full_count_has_no_variance_and_a_point_for_an_interval() -> None:
    mean, low, high = weighted_share([True, False], [1, 1])
    assert (mean.value, low, high, mean.effective_n) == (0.5, 0.5, 0.5, math.inf)


def test_equal_small_probabilities_are_clopper_pearson() -> None:
    _, low, high = weighted_share([True] * 3 + [False] * 37, [1e-9] * 40)
    ends = clopper_pearson(3, 40)
    assert (low, high) == pytest.approx((ends.low, ends.high), rel=1e-6)


def test_no_hit_still_has_an_interval() -> None:
    mean, low, high = weighted_share([False] * 20, [0.5] * 20)
    assert (mean.value, low) == (0.0, 0.0)
    assert high == pytest.approx(1 - 0.025 ** (1 / 40))  # as good as 40 from an endless population


def test_no_case_has_no_mean() -> None:
    assert hajek([], []) is None
    assert weighted_share([], []) is None


@pytest.mark.parametrize("probability", [0.0, -0.1, 1.1, math.nan])
def test_weights_need_a_probability(probability: float) -> None:
    with pytest.raises(InputError, match="case 2: the probability is"):
        weigh([0.5, probability])


def test_missing_values_and_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="a value is missing"):
        hajek([1, math.nan], [1, 1])
    with pytest.raises(InputError, match="1 values and 2"):
        hajek([1], [1, 1])
    with pytest.raises(InputError, match="2 cases were drawn from 1"):
        horvitz_thompson([1, 1], [1, 1], 1)


def test_inclusion_of_streams_and_audits() -> None:
    rates = StreamRates(train=0.1, certify=0.2, gold=0.05)
    assert inclusion(rates, {Stream.CERTIFY, Stream.GOLD}) == pytest.approx(0.25)
    assert inclusion(rates, {Stream.CERTIFY, Stream.GOLD}, audit_probability=0.1) == pytest.approx(0.315)
    assert inclusion(rates, set(Stream), audit_probability=0.1) == pytest.approx(1.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 1)), min_size=1, max_size=30))
def test_mean_lies_within_the_values_and_equal_weights_change_nothing(rows: list[tuple[float, float]]) -> None:
    values, probabilities = [value for value, _ in rows], [p for _, p in rows]
    assert min(values) - 1e-9 <= hajek(values, probabilities).value <= max(values) + 1e-9
    assert hajek(values, [0.3] * len(values)).value == pytest.approx(np.mean(values))


def test_thinned_draws_have_one_probability_whatever_the_day() -> None:
    chance = np.random.default_rng(3)
    rates = np.repeat([1.0, 0.2, 0.05], 20_000)
    drawn = chance.random(60_000) < rates
    stays = thin(rates[drawn], chance.random(int(drawn.sum())), least=0.05)
    kept = [(stays & (rates[drawn] == rate)).sum() / 20_000 for rate in (1.0, 0.2, 0.05)]
    assert kept == pytest.approx([0.05] * 3, abs=3 * (0.05 * 0.95 / 20_000) ** 0.5)
    assert stays[rates[drawn] == 0.05].all()
    with pytest.raises(InputError, match=r"least probability is 0\.3"):
        thin([0.2], [0.5], least=0.3)


def test_weighted_interval_covers_what_the_frame_holds() -> None:
    chance = np.random.default_rng(5)
    hits = chance.random(3000) < np.linspace(0.02, 0.3, 3000)
    probabilities = np.where(np.arange(3000) < 2000, 0.05, 0.5)  # the riskier cases are seen more often
    covered = 0
    for _ in range(300):
        drawn = chance.random(3000) < probabilities
        _, low, high = weighted_share(hits[drawn], probabilities[drawn])
        covered += low <= hits.mean() <= high
    assert covered / 300 >= 0.95 - 3 * (0.95 * 0.05 / 300) ** 0.5


@pytest.mark.parametrize(("probability", "n"), [(0.015, 24), (0.3, 56), (0.13, 8)])
def test_where_all_are_hits_rounding_makes_no_share_above_one(probability: float, n: int) -> None:
    found = hajek([1] * n, [probability] * n)
    assert found is not None
    assert found.value > 1, "a sum of weights by itself is a little more"
    mean, low, high = weighted_share([True] * n, [probability] * n)
    # as many cases as were drawn with replacement: n / (1 − π)
    assert (mean.value, mean.effective_n, high) == (1.0, pytest.approx(n / (1 - probability)), 1.0)
    assert low == pytest.approx(clopper_pearson(mean.effective_n, mean.effective_n).low)
