"""Measures of calibration: identities, hand arithmetic, and what has no value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from judge.errors import InputError
from judge.stats.calibration import brier, confusion, confusion_table, diagram, smooth_ece

cases = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def draw(n: int, seed: int = 0, *, too_sure: float = 0.0) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    said = chance.uniform(0.5, 1, n)
    return {"confidence": said, "is_correct": chance.random(n) < said - too_sure}


@pytest.mark.parametrize(("said", "share"), [(0.9, 0.7), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_constant_confidence_errs_by_its_distance_from_the_share_right(said: float, share: float) -> None:
    # all residuals sit at one place, so the smoothed one keeps its sign and its mass |share − said| whatever σ
    right = [1] * round(100 * share) + [0] * round(100 * (1 - share))
    found = smooth_ece(confidence=[said] * 100, is_correct=right)
    assert found == pytest.approx(abs(share - said), abs=1e-3)


def test_smooth_ece_solves_its_equation() -> None:
    """The integral by quadrature: the kernel with its images at −s and 2 − s (σ is small)."""
    given_cases = draw(300, too_sure=0.1)
    sigma = smooth_ece(**given_cases)
    said, right = given_cases["confidence"], given_cases["is_correct"]
    t = np.linspace(0, 1, 4001)[:, None]
    kernel = sum(norm.pdf(t, centre, sigma) for centre in (said, -said, 2 - said))
    assert np.trapezoid(np.abs((kernel * (right - said)).mean(axis=1)), t[:, 0]) == pytest.approx(sigma, abs=1e-3)


def test_smooth_ece_is_small_for_honest_confidences_and_finds_the_gap_of_others() -> None:
    assert smooth_ece(**draw(20_000)) < 0.015
    assert smooth_ece(**draw(20_000, too_sure=0.2)) == pytest.approx(0.2, abs=0.01)


def test_smooth_ece_moves_little_when_confidences_do() -> None:
    given_cases = draw(500, too_sure=0.1)
    moved = given_cases | {"confidence": np.clip(given_cases["confidence"] + 0.003, 0, 1)}
    assert smooth_ece(**moved) == pytest.approx(smooth_ece(**given_cases), abs=0.01)


def test_brier_by_hand() -> None:
    # s = .2, .4, .6; y = 0, 1, 0. c: 0, then (1, 0) pooled: ½, ½. S = (.04 + .36 + .36) / 3
    # S_c = (0 + .25 + .25) / 3; ȳ = 1/3: S_r = (1/9 + 4/9 + 1/9) / 3 = 2/9
    found = brier(confidence=[0.2, 0.4, 0.6], is_correct=[0, 1, 0])
    assert found.score == pytest.approx(0.76 / 3)
    assert found.miscalibration == pytest.approx(0.26 / 3)
    assert found.discrimination == pytest.approx(2 / 9 - 0.5 / 3)
    assert found.uncertainty == pytest.approx(2 / 9)


@given(cases)
def test_brier_is_the_sum_of_its_parts_and_none_is_negative(given_cases: list[tuple[float, bool]]) -> None:
    said, right = zip(*given_cases, strict=True)
    found = brier(confidence=said, is_correct=right)
    assert found.score == pytest.approx(found.miscalibration - found.discrimination + found.uncertainty)
    assert min(found.miscalibration, found.discrimination, found.uncertainty) >= -1e-12
    assert 0 <= smooth_ece(confidence=said, is_correct=right) <= 1


def test_constant_confidence_tells_nothing_apart() -> None:
    found = brier(confidence=[0.8] * 10, is_correct=[1] * 6 + [0] * 4)
    assert found.discrimination == pytest.approx(0)
    assert found.miscalibration == pytest.approx(0.04)  # (.8 − .6)²


def test_bands_hold_honest_confidences_and_miss_others() -> None:
    honest, others = diagram(**draw(4000)), diagram(**draw(4000, too_sure=0.15))
    inside = (honest.low <= honest.share_right) & (honest.share_right <= honest.high)
    assert inside.mean() > 0.8
    assert ((others.low <= others.share_right) & (others.share_right <= others.high)).mean() < 0.2
    assert len(honest.confidence) <= 201
    assert honest.times.sum() == 4000
    assert (np.diff(honest.share_right) >= 0).all()


def test_diagram_of_one_confidence_is_one_point() -> None:
    found = diagram(confidence=[0.9] * 50, is_correct=[1] * 40 + [0] * 10)
    assert found.confidence.tolist() == [0.9]
    assert found.share_right == pytest.approx([0.8])
    assert found.low[0] <= 0.9 <= found.high[0]


def test_judge_that_passes_everything_has_a_fine_accuracy_and_no_true_negatives() -> None:
    found = confusion(says_pass=[True] * 10, is_pass=[True] * 8 + [False] * 2)
    assert found.accuracy.value == 0.8
    assert found.true_negative.value == 0
    assert found.true_negative.n == 2
    assert (found.n_both_pass, found.n_judge_alone_passes, found.n_people_alone_pass) == (8, 2, 0)


def test_rate_without_cases_has_no_value_and_the_widest_interval() -> None:
    found = confusion(says_pass=[True], is_pass=[True]).true_negative
    assert (found.value, found.low, found.high) == (None, 0, 1)


def test_tables_count_every_case_once() -> None:
    assert confusion_table(said=[0, 2, 2], label=[0, 1, 2], n_labels=3).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"confidence": [1.2, 0.5]}, "confidence is out of range"),
    ({"confidence": [float("nan"), 0.5]}, "confidence is out of range"),
    ({"is_correct": [0.5, 1]}, "neither true nor false"),
    ({"is_correct": [float("nan"), 1]}, "neither true nor false"),
    ({"is_correct": [1]}, "one of each per case"),
    ({"confidence": [], "is_correct": []}, "there is no case"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
@pytest.mark.parametrize("measure", [smooth_ece, brier, diagram])
def test_what_cannot_be_is_refused(measure, change: dict[str, object], message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        measure(**{"confidence": [0.5, 0.9], "is_correct": [0, 1]} | change)


def test_tables_of_what_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="out of range"):
        confusion_table(said=[3], label=[0], n_labels=3)
    with pytest.raises(InputError, match="one of each"):
        confusion(says_pass=[1, 0], is_pass=[1])
