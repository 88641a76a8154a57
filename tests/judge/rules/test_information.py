"""What one more answer is expected to tell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.information import entropy, expected_information, share_of_most
from judge.rules.skills import prior_mean

CAREFUL = [[0.9, 0.1], [0.1, 0.9]]
GUESSING = [[0.5, 0.5], [0.5, 0.5]]
WEIGHTS = st.lists(st.floats(0.001, 1), min_size=2, max_size=5)


def normal(weights: list[float]) -> list[float]:
    return [weight / sum(weights) for weight in weights]


def test_entropy_by_hand() -> None:
    # ½·1 + ¼·2 + ¼·2 = 1.5 bits
    assert entropy([0.5, 0.25, 0.25]) == pytest.approx(1.5)
    assert entropy([1.0]) == 0


def test_information_by_hand() -> None:
    # p̂ = ½, ½ and C = .9, .1: P(a) = ½, so I = 1 − H(.9) = 1 − .46900 = .53100
    assert expected_information([0.5, 0.5], CAREFUL) == pytest.approx(0.53100, abs=1e-5)
    # p̂ = .8, .2: P(yes) = .8·.9 + .2·.1 = .74; H(.74) = .82675; I = .82675 − .46900 = .35775
    assert expected_information([0.8, 0.2], CAREFUL) == pytest.approx(0.35775, abs=1e-5)


def test_whoever_guesses_tells_nothing_and_a_known_label_leaves_nothing_to_tell() -> None:
    assert expected_information([0.5, 0.5], GUESSING) == pytest.approx(0, abs=1e-12)
    assert expected_information([1.0, 0.0], CAREFUL) == pytest.approx(0, abs=1e-12)


def test_a_person_who_is_always_right_tells_all_that_is_open() -> None:
    assert expected_information([0.5, 0.25, 0.25], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]) == pytest.approx(1.5)


@given(WEIGHTS)
def test_information_is_the_expected_fall_of_entropy(weights: list[float]) -> None:
    p_hat = normal(weights)
    skill = prior_mean(len(p_hat))
    left = 0.0
    for answer in range(len(p_hat)):
        joint = [p * skill[k][answer] for k, p in enumerate(p_hat)]
        left += sum(joint) * entropy(each / sum(joint) for each in joint)
    assert expected_information(p_hat, skill) == pytest.approx(entropy(p_hat) - left, abs=1e-9)


@given(WEIGHTS)
def test_nothing_tells_more_than_where_nothing_is_known(weights: list[float]) -> None:
    share = share_of_most({str(place): p for place, p in enumerate(normal(weights))})
    assert 0 <= share <= 1
    assert share_of_most({str(place): 1.0 for place in range(len(weights))}) == pytest.approx(1)


@given(st.floats(0.5, 1), st.floats(0.5, 1))
def test_the_surer_the_judge_the_less_an_answer_tells(one: float, other: float) -> None:
    less, more = (share_of_most({"yes": p, "no": 1 - p}) for p in sorted((one, other), reverse=True))
    assert less <= more + 1e-9


def test_no_answer_of_the_judge_means_that_nothing_is_known() -> None:
    assert share_of_most({}) == 1
    assert not math.isnan(share_of_most({"yes": 0.0, "no": 0.0}))
