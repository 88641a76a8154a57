"""What answers are worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.skills import UNKNOWN, Said, Skills, calibrated, prior_mean, soft_label, with_calibration

LABELS = ("yes", "no", "maybe")


def test_soft_label_of_unknown_people_by_hand() -> None:
    # three labels: C[k|k] = 4/6, C[l|k] = 1/6; answers yes, yes, no
    # q(yes) ∝ 4·4·1 = 16, q(no) ∝ 1·1·4 = 4, q(maybe) ∝ 1 → 16/21, 4/21, 1/21
    soft = soft_label([Said("yes"), Said("yes"), Said("no")], LABELS)
    assert soft == pytest.approx({"yes": 16 / 21, "no": 4 / 21, "maybe": 1 / 21})


def test_soft_label_of_known_people_and_a_machine_by_hand() -> None:
    # rater 1 tells yes from no nine times in ten, rater 2 says yes to everything, rater 3 is unknown (.8 : .2)
    skills = Skills({1: [[0.9, 0.1], [0.1, 0.9]], 2: [[1, 0], [1, 0]]})
    answers = [Said("no", 1), Said("yes", 2), Said("yes", 3)]
    # yes: .3 · .1 · 1 · .8 = .024; no: .7 · .9 · 1 · .2 = .126 → .16, .84
    soft = soft_label(answers, ("yes", "no"), prior={"yes": 0.3, "no": 0.7}, skills=skills)
    assert soft == pytest.approx({"yes": 0.16, "no": 0.84})


def test_nobody_vetoes_a_label_for_good() -> None:
    skills = Skills({1: [[1, 0], [0, 1]]})
    soft = soft_label([Said("yes", 1)] * 2, ("yes", "no"), prior={"no": 1.0}, skills=skills)
    # yes 1e-6 · 1 · 1, no 1 · 1e-6 · 1e-6
    assert soft["yes"] == pytest.approx(1 / (1 + 1e-6))


def test_no_answers_leave_the_prior() -> None:
    assert soft_label([], LABELS) == pytest.approx(dict.fromkeys(LABELS, 1 / 3))
    assert soft_label([], LABELS, prior={"yes": 0.5, "no": 0.3, "maybe": 0.2}) == pytest.approx(
        {"yes": 0.5, "no": 0.3, "maybe": 0.2}
    )


def test_what_is_not_calibrated_says_so() -> None:
    assert calibrated(0.9, 2, UNKNOWN) is None
    three = Skills(calibration={3: [(0.4, 0.5), (0.9, 0.7)]})
    assert calibrated(0.9, 2, three) is None
    assert [calibrated(q, n, three) for q, n in ((0.1, 3), (0.65, 4), (1.0, 9))] == [0.5, 0.6, 0.7]


def test_calibration_of_a_step_takes_the_step() -> None:
    step = Skills(calibration={2: [(0.5, 0.6), (0.5, 0.9)]})
    assert [calibrated(q, 2, step) for q in (0.4, 0.5, 0.6)] == [0.6, 0.9, 0.9]


def test_others_share_the_rest_evenly_where_q_had_nothing_for_them() -> None:
    assert with_calibration({"yes": 1.0, "no": 0.0, "maybe": 0.0}, "yes", 0.9) == pytest.approx(
        {"yes": 0.9, "no": 0.05, "maybe": 0.05}
    )


answers = st.lists(st.builds(Said, st.sampled_from(LABELS), st.none() | st.integers(1, 3)), max_size=6)
priors = st.none() | st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(
    lambda parts: {label: part / sum(parts) for label, part in zip(LABELS, parts, strict=True)}
)


@given(answers, priors, st.none() | st.floats(0, 1))
def test_a_soft_label_is_a_distribution_whatever_was_said(
    said: list[Said], prior: dict[str, float] | None, share: float | None
) -> None:
    soft = soft_label(said, LABELS, prior=prior, skills=Skills({1: prior_mean(3), 2: [[1, 0, 0]] * 3}))
    for each in (soft, with_calibration(soft, "no", share)):
        assert sum(each.values()) == pytest.approx(1)
        assert all(0 <= value <= 1 for value in each.values())


@given(answers, priors)
def test_the_order_of_people_does_not_matter(said: list[Said], prior: dict[str, float] | None) -> None:
    skills = Skills({1: prior_mean(3), 2: [[0.5, 0.25, 0.25]] * 3})
    one, other = (soft_label(order, LABELS, prior=prior, skills=skills) for order in (said, said[::-1]))
    assert one == pytest.approx(other)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6).map(
    lambda points: list(zip(sorted(q for q, _ in points), sorted(p for _, p in points), strict=True))
), st.floats(0, 1), st.floats(0, 1))  # fmt: skip
def test_calibration_never_turns_the_order_round(points: list[tuple[float, float]], one: float, other: float) -> None:
    skills = Skills(calibration={2: points})
    low, high = (calibrated(q, 2, skills) for q in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high + 1e-8
