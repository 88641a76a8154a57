"""Slices of audits: what evidence is worth, and that many slices and many looks do not fool anybody."""

from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats import slices
from judge.stats.slices import Slice, evidence, rank


def test_evidence_is_the_mean_of_what_six_bettors_own() -> None:
    # alpha .1, one error, one not. λ·alpha = .05, .1, .2, .3, .4, .6; (1 + 9f)(1 − f):
    # 1.45·.95, 1.9·.9, 2.8·.8, 3.7·.7, 4.6·.6, 6.4·.4 = 1.3775, 1.71, 2.24, 2.59, 2.76, 2.56; sum 13.2375
    assert evidence(2, 1, alpha=0.1) == pytest.approx(13.2375 / 6)
    # no error in 3: f = .05 … .6: mean of .95³, .9³, .8³, .7³, .6³, .4³ = 2.4054 / 6
    assert evidence(3, 0, alpha=0.1) == pytest.approx((0.857375 + 0.729 + 0.512 + 0.343 + 0.216 + 0.064) / 6)


def test_no_audit_is_no_evidence_and_beyond_measure_is_kept_finite() -> None:
    assert evidence(0, 0, alpha=0.3) == 1.0
    assert evidence(100_000, 100_000, alpha=0.01) == pytest.approx(slices.HIGHEST)


@pytest.mark.parametrize(("n", "errors", "alpha"), [(1, 2, 0.1), (1, -1, 0.1), (1, 1, 0.0), (1, 1, 1.0)])
def test_numbers_that_cannot_be_are_refused(n: int, errors: int, alpha: float) -> None:
    with pytest.raises(InputError):
        evidence(n, errors, alpha=alpha)


def test_most_evidence_comes_first_and_e_bh_flags_what_stands_out() -> None:
    found = rank(
        [Slice("language", "en", 200, 10), Slice("language", "zh", 40, 16), Slice("category", "tents", 30, 3)],
        alpha=0.1,
    )
    assert [each.slice.value for each in found] == ["zh", "tents", "en"]
    # m = 3, level .1: the first needs E ≥ 3 / (1 · .1) = 30
    assert [each.is_flagged for each in found] == [True, False, False]
    assert found[0].evidence >= 30 > found[1].evidence


def test_flagged_together_two_slices_need_half_as_much_each() -> None:
    # m = 40, level .1: alone a slice needs 40 / .1 = 400, as the second of two 40 / (2 · .1) = 200
    assert 200 < evidence(8, 5, alpha=0.1) < 400
    quiet = [Slice("category", f"c{i}", 20, 0) for i in range(38)]
    one = rank([Slice("language", "zh", 8, 5), *quiet, Slice("language", "en", 50, 1)], alpha=0.1)
    two = rank([Slice("language", "zh", 8, 5), *quiet, Slice("language", "en", 8, 5)], alpha=0.1)
    assert sum(each.is_flagged for each in one) == 0
    assert sum(each.is_flagged for each in two) == 2


def test_no_slice_is_no_ranking() -> None:
    assert rank([], alpha=0.1) == []


def test_slices_that_keep_the_promise_are_hardly_ever_flagged() -> None:
    chance = np.random.default_rng(5)
    any_flagged = 0
    for _ in range(20):
        sizes = chance.integers(1, 60, 1_000)
        counts = enumerate(zip(sizes, chance.binomial(sizes, 0.1), strict=True))
        found = rank([Slice("category", str(i), int(n), int(k)) for i, (n, k) in counts], alpha=0.1)
        any_flagged += any(each.is_flagged for each in found)
    # any flag is a false one here: expected in at most level = .1 of the worlds; 2 + 3 s.e. (1.3)
    assert any_flagged <= 6


def test_whoever_looks_after_every_audit_is_fooled_no_more_often() -> None:
    chance = np.random.default_rng(6)
    fooled = 0
    for _ in range(200):
        errors = np.cumsum(chance.random(150) < 0.1)
        fooled += any(evidence(n, int(errors[n - 1]), alpha=0.1) >= 20 for n in range(1, 151))
    # Ville: P(ever E ≥ 20) ≤ 1/20; 10 + 3 s.e. (3.1) of 200
    assert fooled <= 19
