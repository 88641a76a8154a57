"""The alternative-annotator test: shares by hand, judges good and bad, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.alternative import Alternative, alternative_annotator_test, benjamini_yekutieli


def run(judge_skill: float, *, people: float = 0.85, n: int = 200, seed: int = 0, **more: float) -> Alternative:
    """Three people and a judge who are each right so often about labels 0 and 1."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 2, n)
    answers = np.where(chance.random((n, 3)) < people, truth[:, None], 1 - truth[:, None])
    said = np.where(chance.random(n) < judge_skill, truth, 1 - truth)
    case, rater = np.repeat(np.arange(n), 3), np.tile(np.arange(3), n)
    return alternative_annotator_test(case=case, rater=rater, label=answers.ravel(), judge=said, **more)


def test_shares_by_hand() -> None:
    # 30 cases, people say 0, 0, 1, the judge 0. Person 0: others (0, 1): both ½, a tie: 1 and 1. Person 1 alike.
    # Person 2: others (0, 0): the judge 1, the person 0.
    table = {"case": np.repeat(np.arange(30), 3), "rater": np.tile([0, 1, 2], 30), "label": np.tile([0, 0, 1], 30)}
    found = alternative_annotator_test(**table, judge=np.zeros(30, dtype=int))
    assert [(each.judge_share, each.person_share) for each in found.persons] == [(1, 1), (1, 1), (1, 0)]
    assert [each.p_value for each in found.persons] == [0, 0, 0], "d is always 0 or −1, below ε"
    assert (found.winning_rate, found.advantage, found.may_stand_in) == (1, 1, True)


def test_p_value_by_hand() -> None:
    # person 0 against one other: of 40 cases the person alone is with the other on 4, the judge alone on 2
    # d: 4 times 1, 2 times −1, 34 times 0: mean .05, variance (6 − 40 · .0025) / 39 = .15128
    # t = (.05 − .15) / √(.15128 / 40) = −1.6260; P(T_39 ≤ −1.6260) = .0560
    person, judge = np.zeros(40, dtype=int), np.zeros(40, dtype=int)
    judge[:4], person[4:6] = 1, 1
    case, rater = np.repeat(np.arange(40), 2), np.tile([0, 1], 40)
    label = np.column_stack([person, np.zeros(40, dtype=int)]).ravel()
    found = alternative_annotator_test(case=case, rater=rater, label=label, judge=judge)
    assert found.persons[0].p_value == pytest.approx(0.0560, abs=1e-4)


def test_good_judge_may_stand_in_and_a_bad_one_may_not() -> None:
    assert run(0.95).may_stand_in
    assert run(0.95).winning_rate == 1
    assert not run(0.6).may_stand_in
    assert run(0.6).advantage < run(0.95).advantage


def test_judge_on_the_edge_is_rarely_passed() -> None:
    """A judge worse than a person by just ε wins against each with 5 % at most."""
    # two of three people: S of the person against S of the judge differ on average by ε when skills differ by δ:
    # E d = (2p − 1)(p − j) summed over patterns; simulate it and set ε to it
    edge = np.mean([each.person_share - each.judge_share for each in run(0.7, n=200_000).persons])
    rejected = [run(0.7, seed=seed, n=300, epsilon=float(edge)).winning_rate for seed in range(60)]
    assert np.mean(rejected) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 180)


def test_unscored_verdicts_agree_with_nobody() -> None:
    table = {"case": np.repeat(np.arange(40), 2), "rater": np.tile([0, 1], 40), "label": np.zeros(80, dtype=int)}
    found = alternative_annotator_test(**table, judge=np.full(40, -1))
    assert (found.winning_rate, found.advantage) == (0, 0)
    assert [each.p_value for each in found.persons] == [1, 1]


def test_persons_with_few_cases_are_not_tested() -> None:
    case = [*np.repeat(np.arange(40), 2).tolist(), 0, 1]
    rater = [*np.tile([0, 1], 40).tolist(), 2, 2]
    found = alternative_annotator_test(case=case, rater=rater, label=[0] * 82, judge=[0] * 40)
    assert [each.rater for each in found.persons] == [0, 1]


def test_false_discoveries_by_hand() -> None:
    # m = 4, Σ 1/i = 2.0833: limits k · .05 / 8.3333 = .006, .012, .018, .024; the fourth holds, so all are rejected
    assert benjamini_yekutieli(np.array([0.02, 0.013, 0.019, 0.0241]), 0.05).tolist() == [False] * 4
    assert benjamini_yekutieli(np.array([0.02, 0.013, 0.019, 0.0239]), 0.05).tolist() == [True] * 4


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"judge": []}, "no code"),
    ({"rater": [0] * 59}, "one per answer"),
    ({"label": [0.5] * 60}, "no code"),
    ({"judge": [0] * 3}, "out of range"),
    ({"judge": [-2] * 60}, "out of range"),
    ({"epsilon": 1.0}, "between 0 and 1"),
    ({"epsilon": math.nan}, "between 0 and 1"),
    ({"case": [], "rater": [], "label": []}, "no code"),
    ({"case": list(range(60))}, "nobody can be tested"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    told: dict[str, object] = {
        "case": [i // 2 for i in range(60)],
        "rater": [i % 2 for i in range(60)],
        "label": [0] * 60,
        "judge": [0] * 60,
    }
    with pytest.raises(InputError, match=message):
        alternative_annotator_test(**told | change)  # type: ignore[arg-type]
