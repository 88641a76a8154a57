"""Variational Dawid–Skene: skills are found, priors are heard, and every odd input has a defined answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import digamma

from judge.errors import InputError
from judge.stats.consensus import Consensus, dawid_skene
from tests.data.shared_sets import need, rows


def fit(table: Sequence[Sequence[int | None]], n_labels: int = 2, **more: object) -> Consensus:
    """``table``: a row per case, a column per person; None: no answer."""
    given = [(i, r, label) for i, row in enumerate(table) for r, label in enumerate(row) if label is not None]
    case, rater, label = zip(*given, strict=True) if given else ((), (), ())
    return dawid_skene(case=case, rater=rater, label=label, n_labels=n_labels, **more)  # type: ignore[arg-type]


def simulate(n: int, skills: Sequence[float], seed: int = 0) -> tuple[np.ndarray, list[list[int]]]:
    """Labels 0 and 1 of n cases, answered by each person with their skill."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 2, n)
    right = chance.random((n, len(skills))) < np.array(skills)
    return truth, np.where(right, truth[:, None], 1 - truth[:, None]).tolist()


def test_one_answer_of_one_person_by_hand() -> None:
    # first round from the vote, q = (1, 0): C[0, ·] ~ Dir(4 + 1, 1), C[1, ·] ~ Dir(1, 4).
    # answer 0: E[0, 0] = ψ(5) − ψ(6) = −1/5; E[1, 0] = ψ(1) − ψ(5) = −(1 + 1/2 + 1/3 + 1/4) = −25/12
    # q(0) = 1 / (1 + e^(−25/12 + 1/5)) = 1 / (1 + e^−1.8833) = .8680
    first = fit([[0]], rounds=1)
    assert first.posterior[0, 0] == pytest.approx(0.8680, abs=1e-4)
    assert digamma(5) - digamma(6) == pytest.approx(-1 / 5)
    assert not first.converged


def test_confusion_is_the_posterior_mean() -> None:
    # one case that is surely label 0 (prior 1), answered 1: C[0, ·] = (4, 1 + 1) / 6; nothing learned of C[1, ·]
    found = fit([[1]], prior=[[1, 0]]).confusion[0]
    assert found[0] == pytest.approx([4 / 6, 2 / 6], abs=1e-3)
    assert found[1] == pytest.approx([1 / 5, 4 / 5], abs=1e-3)


def test_two_good_people_outvote_three_who_guess() -> None:
    truth, answers = simulate(1_000, [0.95, 0.95, 0.5, 0.5, 0.5])
    found = fit(answers)
    majority = (np.array(answers).mean(axis=1) > 0.5).astype(int)
    assert (found.posterior.argmax(axis=1) == truth).mean() > (majority == truth).mean() + 0.04
    assert found.skill == pytest.approx([0.95, 0.95, 0.5, 0.5, 0.5], abs=0.06)


def test_somebody_who_always_says_the_opposite_is_read_backwards() -> None:
    truth, answers = simulate(300, [0.9, 0.9, 0.9, 0.05])
    found = fit(answers)
    assert found.skill[3] < 0.2
    assert (found.posterior.argmax(axis=1) == truth).mean() > 0.95


def test_prior_decides_where_people_are_even() -> None:
    found = fit([[0, 1], [0, 1]], prior=[[0.7, 0.3], [0.3, 0.7]])
    assert found.posterior.argmax(axis=1).tolist() == [0, 1]


def test_prior_of_zero_is_no_veto() -> None:
    # odds of the prior 1 : 1e6; of six people who are right 34 of 35 times about 34^6 = 1.5e9
    sure = [[0] * 6] * 30 + [[1] * 6] * 30
    found = fit([*sure, [1] * 6], prior=[*[[0.5, 0.5]] * 60, [1, 0]])
    assert 0.0 < found.posterior[-1, 0] < 0.01


def test_cases_of_weight_zero_teach_nothing_and_get_a_label() -> None:
    _, answers = simulate(200, [0.9, 0.9, 0.9])
    strange = [[0, 0, 1]] * 200  # the third always disagrees where people were asked because they disagreed
    found = fit(answers + strange, weight=[1.0] * 200 + [0.0] * 200)
    assert found.confusion == pytest.approx(fit(answers).confusion, abs=1e-3)
    assert found.posterior[200:].argmax(axis=1).tolist() == [0] * 200


def test_weights_of_zero_alone_leave_everybody_at_the_prior() -> None:
    found = fit([[0, 1], [0, 0]], weight=[0, 0])
    assert np.allclose(found.confusion, [[0.8, 0.2], [0.2, 0.8]])
    assert found.posterior[0] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([[0, 0], [0, 0]], [0, 0]),  # all agree, and label 1 is never used
        ([[0], [1], [0]], [0, 1, 0]),  # one rater only
        ([[2, 2, 2], [0, 0, 0]], [2, 0]),  # label 1 of three nobody used
        ([[0, None], [None, 1]], [0, 1]),  # two people who share no case
    ],
)
def test_thin_answers_still_have_a_label(answers: list[list[int | None]], expected: list[int]) -> None:
    found = fit(answers, n_labels=3)
    assert found.posterior.argmax(axis=1).tolist() == expected
    assert found.converged


def test_people_who_always_disagree_leave_the_case_open() -> None:
    # both are told apart by nothing but the order of labels: q stays ½
    assert fit([[0, 1], [1, 0]] * 20).posterior == pytest.approx(np.full((40, 2), 0.5))


def test_case_without_answers_keeps_its_prior_and_person_without_answers_the_prior_skill() -> None:
    found = dawid_skene(case=[1], rater=[1], label=[0], n_labels=2, prior=[[0.2, 0.8], [0.5, 0.5]])
    assert found.posterior[0] == pytest.approx([0.2, 0.8])
    assert np.allclose(found.confusion[0], [[0.8, 0.2], [0.2, 0.8]])
    nobody = dawid_skene(case=[], rater=[], label=[], n_labels=2, prior=[[0.2, 0.8]])
    assert nobody.posterior == pytest.approx(np.array([[0.2, 0.8]]))


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"label": [0, 2]}, "label code 2"),
    ({"label": [0, -1]}, "label is no list of codes"),
    ({"label": [0.0, 1.0]}, "label is no list of codes"),
    ({"label": [0]}, "2 cases, 2 raters, 1 labels"),
    ({"n_labels": 1}, "two labels at least"),
    ({"prior": [[0.5, 0.5]]}, "case code 1"),
    ({"prior": [[0.5, 0.5], [float("nan"), 0.5]]}, "case 1: prior"),
    ({"prior": [[0.5, 0.5], [1.2, -0.2]]}, "case 1: prior"),
    ({"prior": [[0.5, 0.5], [0.2, 0.2]]}, "case 1: prior"),
    ({"prior": [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]}, "prior has shape"),
    ({"weight": [1, -1]}, "weight"),
    ({"weight": [1, float("nan")]}, "weight"),
    ({"case": [], "rater": [], "label": []}, "no answer and no case"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"case": [0, 1], "rater": [0, 0], "label": [0, 1], "n_labels": 2}
    with pytest.raises(InputError, match=message):
        dawid_skene(**given | change)  # type: ignore[arg-type]


answers = st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 2))


@given(st.lists(answers, min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_order_of_answers_does_not_matter_and_all_are_distributions(given_answers: list, chance) -> None:  # type: ignore[type-arg, no-untyped-def]
    shuffled = given_answers.copy()
    chance.shuffle(shuffled)
    one, two = (
        dawid_skene(**dict(zip(("case", "rater", "label"), zip(*each, strict=True), strict=True)), n_labels=3)
        for each in (given_answers, shuffled)
    )
    assert np.allclose(one.posterior, two.posterior, atol=1e-6)
    assert np.allclose(one.posterior.sum(axis=1), 1)
    assert np.allclose(one.confusion.sum(axis=2), 1)
    assert (one.confusion > 0).all()


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "least"), [("crowd_rte", 0.927), ("crowd_bluebirds", 0.897)])
def test_accuracy_on_public_crowds(name: str, least: float) -> None:
    need(name)
    assert accuracy(name) >= least


def accuracy(name: str) -> float:
    """Share of a public set's cases whose likeliest label is the gold one."""
    gold = {row["item_id"]: row["label"] for row in rows(name, "gold")}
    codes: dict[str, dict[str, int]] = {"case": {}, "rater": {}, "label": {}}
    given = [
        [codes[kind].setdefault(row[key], len(codes[kind])) for kind, key in KEYS] for row in rows(name, "human_labels")
    ]
    case, rater, label = np.array(given).T
    found = dawid_skene(case=case, rater=rater, label=label, n_labels=len(codes["label"])).posterior.argmax(axis=1)
    return float(np.mean([found[place] == codes["label"][gold[item]] for item, place in codes["case"].items()]))


KEYS = (("case", "item_id"), ("rater", "annotator"), ("label", "label"))
