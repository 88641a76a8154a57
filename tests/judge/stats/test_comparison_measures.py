from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.agreement import cohen_kappa
from judge.stats.comparison_measures import coverage, kappa


def test_kappa_is_that_of_the_table() -> None:
    # people: 50 y, 50 n; the judge says y on 40 of the y and on 10 of the n: p_o = .8, p_e = .5, kappa = .6
    truth = "y" * 50 + "n" * 50
    said = "y" * 40 + "n" * 10 + "y" * 10 + "n" * 40
    found = kappa(truth=truth, first=said, second=truth, groups=range(100))
    assert found is not None
    assert (found.first, found.second) == (pytest.approx(0.6), 1.0)
    assert found.first == pytest.approx(cohen_kappa([[40, 10], [10, 40]]))
    assert found.gain == pytest.approx(0.4)
    # the share right has standard error √(.8·.2/100) = .04, kappa about twice that: .4 ± 1.96·.08
    assert (found.low, found.high) == (pytest.approx(0.24, abs=0.03), pytest.approx(0.56, abs=0.03))
    assert found.second_low == found.second_high == 1


def test_an_unscored_case_agrees_with_nobody() -> None:
    # n = 4, agreed 3; margins y 2·2, n 2·1: p_e = 6/16; kappa = (3/4 − 6/16)/(10/16)
    found = kappa(truth="yynn", first=["y", "y", "n", None], second=list("yynn"), groups=range(4))
    assert found is not None
    assert found.first == pytest.approx(0.6)


def test_one_label_only_leaves_no_chance_to_beat() -> None:
    assert kappa(truth="yyy", first="yyy", second="yyy", groups=range(3)) is None


def test_equal_judges_gain_nothing_for_sure() -> None:
    found = kappa(truth="ynyn", first="ynny", second="ynny", groups=range(4))
    assert found is not None
    assert (found.gain, found.low, found.high) == (0, 0, 0)


def test_cases_of_one_context_are_one_observation_not_many() -> None:
    chance = np.random.default_rng(3)
    truth = "".join(chance.choice(list("yn"), 400))
    first = _said(truth, np.repeat(chance.random(20) < 0.5, 20))
    second = _said(truth, np.repeat(chance.random(20) < 0.7, 20))
    apart = kappa(truth=truth, first=first, second=second, groups=range(400))
    together = kappa(truth=truth, first=first, second=second, groups=[place // 20 for place in range(400)])
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_interval_of_the_gain_holds_the_true_one_nineteen_times_in_twenty() -> None:
    """Balanced labels: kappa = 2 · share right − 1, so the true gain is 2 · (.80 − .70)."""
    chance, held, runs = np.random.default_rng(5), 0, 300
    for _ in range(runs):
        truth = "".join(chance.choice(list("yn"), 200))
        first, second = (_said(truth, chance.random(200) < right) for right in (0.70, 0.80))
        found = kappa(truth=truth, first=first, second=second, groups=range(200), draws=400)
        assert found is not None
        held += found.low <= 0.20 <= found.high
    assert held / runs > 0.95 - 3 * (0.95 * 0.05 / runs) ** 0.5


def _said(truth: str, is_right: np.ndarray) -> str:
    return "".join(label if right else "yn"[label == "y"] for label, right in zip(truth, is_right, strict=True))


def test_coverage_is_the_most_that_keeps_the_error() -> None:
    # alpha .25: at .9 0 of 1 wrong, at .8 1 of 2, at .7 1 of 3, at .6 1 of 4 ≤ .25 → all 4 of 5; None never
    found = coverage(
        confidence=[[0.9, 0.8, 0.7, 0.6, None], [0.9, 0.9, 0.9, 0.9, 0.9]],
        is_right=[[True, False, True, True, True], [True, True, True, False, False]],
        groups=range(5), alpha=0.25,
    )  # fmt: skip
    assert found is not None
    assert (found.first, found.second) == (0.8, 0.0), "five of one confidence go together, two of them wrong"
    assert found.gain == pytest.approx(-0.8)
    assert found.low <= found.gain <= found.high


def test_a_judge_that_is_sure_of_nothing_covers_nothing() -> None:
    found = coverage(confidence=[[None, None]] * 2, is_right=[[True, True]] * 2, groups=range(2), alpha=0.1)
    assert found is not None
    assert (found.first, found.second, found.high) == (0, 0, 0)


@pytest.mark.parametrize(("first", "groups"), [("y", [1, 2]), ("yn", [1])])
def test_different_cases_are_refused(first: str, groups: list[int]) -> None:
    with pytest.raises(InputError, match="the same for both"):
        kappa(truth="yn", first=first, second="yn", groups=groups)
