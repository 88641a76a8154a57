"""Calibrators: what is fitted to how many labels, and that the door computes what was fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.verdicts import Answer, Stack, opine, read_calibrator
from judge.stats.calibrators import FittedCalibrator, Lesson, Stage, fit_calibrator, venn_abers
from judge.stats.designs import design

LABELS = ("yes", "no")


def says(yes: float, **more: object) -> Answer:
    return Answer({"yes": yes, "no": 1 - yes}, **more)  # type: ignore[arg-type]


def draw(n: int, *, sharpness: float = 2.0, raters: int = 1, seed: int = 0) -> list[Lesson]:
    """n cases, four to a context; each rater tells ``sharpness`` times the log-odds that there really are."""
    chance = np.random.default_rng(seed)
    odds = chance.normal(0.5, 1.2, n)
    labels = np.where(chance.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no")
    told = 1 / (1 + np.exp(-sharpness * (odds[:, None] + chance.normal(0, 0.1, (n, raters)))))
    return [Lesson([says(p) for p in told[i]], str(labels[i]), context=i // 4) for i in range(n)]


def log_loss(probabilities: np.ndarray, lessons: Sequence[Lesson]) -> float:
    return -float(
        np.mean([math.log(p[LABELS.index(each.label)]) for p, each in zip(probabilities, lessons, strict=True)])
    )


def as_door(fit: FittedCalibrator, lessons: Sequence[Lesson], labels: Sequence[str] = LABELS) -> np.ndarray:
    calibrator = read_calibrator(fit.record)
    return np.array([[opine(e.answers, calibrator, labels, length=e.length).probs[k] for k in labels] for e in lessons])


@pytest.mark.parametrize(
    ("n", "stage"), [(199, Stage.TEMPERATURE), (200, Stage.STACK), (1000, Stage.STACK), (1001, Stage.TABLES)]
)
def test_more_is_fitted_as_labels_come(n: int, stage: Stage) -> None:
    assert fit_calibrator(draw(n), LABELS).stage is stage


def test_temperature_finds_how_much_too_sure_a_rater_is() -> None:
    fit = fit_calibrator(draw(199, sharpness=3), LABELS)
    assert fit.record["kind"] == "temperature"
    assert fit.record["temperature"] == pytest.approx(3, rel=0.3)


@pytest.mark.parametrize("n", [150, 800, 1500])
def test_unseen_cases_lose_less_than_by_the_rater_alone(n: int) -> None:
    fit, unseen = fit_calibrator(draw(n, sharpness=3), LABELS), draw(4000, sharpness=3, seed=9)
    alone = np.array([[each.answers[0].probs[k] for k in LABELS] for each in unseen])
    ideal = np.exp(np.log(alone) / 3)  # three times too sure
    assert log_loss(as_door(fit, unseen), unseen) < log_loss(alone, unseen) - 0.1
    assert log_loss(as_door(fit, unseen), unseen) < log_loss(ideal / ideal.sum(axis=1, keepdims=True), unseen) + 0.02


@pytest.mark.parametrize("n", [100, 600, 1500])
def test_cross_fitted_loss_is_what_unseen_contexts_get(n: int) -> None:
    lessons, unseen = draw(n), draw(5000, seed=4)
    fit = fit_calibrator(lessons, LABELS)
    spread = 3 * 0.5 / math.sqrt(n)  # a case's log loss varies by about .5
    assert log_loss(fit.cross_fitted, lessons) == pytest.approx(log_loss(as_door(fit, unseen), unseen), abs=spread)


def test_cross_fitted_probabilities_saw_nothing_of_their_context() -> None:
    """Labels change in one context: what is said of its cases stays, as nothing else changed."""
    lessons = draw(400)
    changed = [replace(e, label="no" if e.label == "yes" else "yes") if e.context == 7 else e for e in lessons]
    one, two = fit_calibrator(lessons, LABELS).cross_fitted, fit_calibrator(changed, LABELS).cross_fitted
    assert np.array_equal(one[28:32], two[28:32])
    assert not np.allclose(one, two)


def test_tables_straighten_what_no_slope_can() -> None:
    """A rater that is right .9 of the time above .5 and .6 below, whatever it says: steps, not a line of log-odds."""
    chance = np.random.default_rng(0)
    said = chance.random(4000)
    truth = chance.random(4000) < np.where(said > 0.5, 0.9, 0.4)
    lessons = [
        Lesson([says(p)], "yes" if hit else "no", context=i) for i, (p, hit) in enumerate(zip(said, truth, strict=True))
    ]
    found = as_door(fit_calibrator(lessons, LABELS), [Lesson([says(p)], "yes", 0) for p in (0.2, 0.35, 0.65, 0.8)])
    assert found[:, 0] == pytest.approx([0.4, 0.4, 0.9, 0.9], abs=0.05)


def test_tables_keep_cases_in_order() -> None:
    fit = fit_calibrator(draw(1500), LABELS)
    calibrator = read_calibrator(fit.record)
    said = np.linspace(0.001, 0.999, 200)
    found = [opine([says(float(p))], calibrator, LABELS).probs["yes"] for p in said]
    assert (np.diff(found) > 0).all()


def test_rater_who_knows_nothing_and_one_who_is_upside_down_are_left_out() -> None:
    chance = np.random.default_rng(1)
    lessons = [
        replace(each, answers=[*each.answers, says(float(chance.random())), says(1 - each.answers[0].probs["yes"])])
        for each in draw(1000, sharpness=1)
    ]
    calibrator = read_calibrator(fit_calibrator(lessons, LABELS).record)
    assert isinstance(calibrator, Stack)
    good, blind, upside_down = (seat.slopes[""] for seat in calibrator.seats)
    assert good > 0.7
    assert blind < 0.15
    assert upside_down < 0.15


def test_each_order_of_presentation_has_its_own_slope() -> None:
    """What is said when b comes first is noise; the mean of both is worth less than the first alone."""
    chance = np.random.default_rng(2)
    lessons = []
    for each in draw(900, sharpness=1):
        first, noise = each.answers[0].probs, says(float(chance.random())).probs
        mean = {key: (first[key] + noise[key]) / 2 for key in LABELS}
        lessons.append(replace(each, answers=[Answer(mean, by_order={"ab": first, "ba": noise})]))
    fit = fit_calibrator(lessons, LABELS)
    calibrator = read_calibrator(fit.record)
    assert isinstance(calibrator, Stack)
    assert calibrator.seats[0].slopes["ab"] > 0.7
    assert calibrator.seats[0].slopes["ba"] < 0.15


def test_mass_outside_the_scale_and_long_texts_make_a_rater_count_less() -> None:
    """Where half the mass is outside, or the text is long, the label is a coin."""
    chance = np.random.default_rng(3)
    lessons = []
    for each in draw(1000, sharpness=1):
        strange, long = chance.random() < 0.3, chance.random() < 0.3
        coin = str(chance.choice(LABELS))
        answer = replace(each.answers[0], outside=0.5 if strange else 0.0)
        label = coin if strange or long else each.label
        lessons.append(replace(each, answers=[answer], label=label, length=2000 if long else 60))
    calibrator = read_calibrator(fit_calibrator(lessons, LABELS).record)
    assert isinstance(calibrator, Stack)
    assert calibrator.seats[0].outside < -0.5
    assert calibrator.length_slope < -0.1

    def sure(outside: float, length: int | None) -> float:
        return opine([says(0.9, outside=outside)], calibrator, LABELS, length=length).confidence or 0

    assert sure(0, 60) > max(sure(0.5, 60), sure(0, 2000)) + 0.1
    assert sure(0, 60) > sure(0, None) > sure(0, 2000), "a text of unknown length counts as one of middling length"


def test_bare_votes_count_by_how_often_they_are_right() -> None:
    # right 8 of 10 times on even labels: odds 4 : 1, so .8 for the label named
    chance = np.random.default_rng(4)
    truth, right = chance.random(1000) < 0.5, chance.random(1000) < 0.8
    named = np.where(truth == right, "yes", "no")
    lessons = [
        Lesson([Answer(label=str(vote))], "yes" if hit else "no", context=i)
        for i, (vote, hit) in enumerate(zip(named, truth, strict=True))
    ]
    found = as_door(fit_calibrator(lessons, LABELS), [Lesson([Answer(label="yes")], "yes", 0)])
    assert found[0, 0] == pytest.approx(0.8, abs=0.04)


chances = st.floats(0.01, 0.99)
answer = st.one_of(
    chances.map(says),
    st.sampled_from(LABELS).map(lambda label: Answer(label=label)),
    st.tuples(chances, chances, chances).map(
        lambda t: says(t[0], outside=t[2], by_order={"ab": says(t[0]).probs, "ba": says(t[1]).probs})
    ),
)
lesson = st.tuples(st.tuples(answer, answer), st.sampled_from(LABELS), st.integers(0, 5000) | st.none())


@pytest.mark.parametrize("stage", Stage)
@given(seed=st.integers(0, 3), strange=st.lists(lesson, min_size=4, max_size=12))
@settings(max_examples=4, deadline=None)
def test_door_computes_what_was_fitted(
    stage: Stage,
    seed: int,
    strange: list,
) -> None:  # type: ignore[type-arg]
    from judge.stats import calibrators

    kept = [Lesson(list(a), label, context=i % 3, length=size) for i, (a, label, size) in enumerate(strange)]
    lessons = [*kept, *draw(60, raters=2, seed=seed)]
    given_design = design(lessons, LABELS)
    fit = calibrators._fit(given_design, stage, 0)
    record = calibrators._record(fit, given_design, LABELS)
    found = as_door(FittedCalibrator(record, stage, len(lessons), np.empty(0)), lessons)
    assert np.allclose(found, calibrators._apply(fit, given_design), atol=1e-4)
    assert np.allclose(found.sum(axis=1), 1)


def test_three_labels_and_one_that_nobody_used() -> None:
    chance = np.random.default_rng(5)
    three = ("bad", "fair", "good")
    said = chance.dirichlet([1, 1, 0.3], 1500)
    truth = [three[int(chance.choice(2, p=p[:2] / p[:2].sum()))] for p in said]
    lessons = [
        Lesson([Answer(dict(zip(three, map(float, p), strict=True)))], t, i)
        for i, (p, t) in enumerate(zip(said, truth, strict=True))
    ]
    found = as_door(fit_calibrator(lessons, three), lessons, three)
    assert found[:, 2].mean() < 0.03
    assert (found[:, 2] > 0).all(), "rare is not impossible"


@pytest.mark.parametrize("n", [2, 20, 300, 1200])
def test_all_agree_is_answered_without_certainty(n: int) -> None:
    lessons = [Lesson([says(0.9)], "yes", context=i) for i in range(n)]
    found = as_door(fit_calibrator(lessons, LABELS), lessons)
    assert 0.9 <= found[0, 0] < 1 - 0.1 / n


@pytest.mark.parametrize("n", [20, 300, 1200])
def test_constant_confidence_becomes_the_share_of_labels(n: int) -> None:
    lessons = [Lesson([says(0.5)], "yes" if i % 4 else "no", context=i) for i in range(n)]
    found = as_door(fit_calibrator(lessons, LABELS), lessons)
    wanted = 0.5 if n < 200 else 0.75  # a temperature cannot lean
    assert found[:, 0] == pytest.approx(np.full(n, wanted), abs=0.02)


def test_weights_count_cases_and_zero_leaves_them_out() -> None:
    lessons = draw(300)
    wrong = [replace(each, label="no", weight=0.0) for each in draw(300, seed=1)]
    one, two = fit_calibrator(lessons, LABELS), fit_calibrator([*lessons, *wrong], LABELS)
    assert two.n == 300
    assert as_door(one, lessons) == pytest.approx(as_door(two, lessons), abs=1e-3)


BROKEN: list[tuple[list[Lesson], str]] = [
    ([], "no label to learn from"),
    ([Lesson([says(0.5)], "yes", 1)] * 5, "all labels are of one context"),
    ([Lesson([says(0.5)], "perhaps", 1)], '"perhaps" is not in the scale'),
    ([Lesson([says(0.5)], "yes", 1), Lesson([says(0.5)] * 2, "no", 2)], "case 1: 2 answers where others have 1"),
    ([Lesson([], "yes", 1)], "0 answers"),
    ([Lesson([Answer()], "yes", 1)], "an unscored answer"),
    ([Lesson([Answer(label="perhaps")], "yes", 1)], '"perhaps" is not in the scale'),
    ([Lesson([Answer({"yes": 1.5, "no": -0.5})], "yes", 1)], "probability 1.5"),
    ([Lesson([Answer({"yes": math.nan, "no": 0.5})], "yes", 1)], "probability nan"),
    ([Lesson([says(0.5, outside=math.nan)], "yes", 1)], "probability nan"),
    ([Lesson([says(0.5)], "yes", 1, weight=-1)], "weight -1"),
    ([Lesson([says(0.5)], "yes", 1, weight=math.nan)], "weight nan"),
    ([Lesson([says(0.5)], "yes", i, weight=0) for i in range(3)], "every case has weight 0"),
]


@pytest.mark.parametrize(("lessons", "message"), BROKEN)
def test_what_cannot_be_is_refused(lessons: list[Lesson], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_calibrator(lessons, LABELS)


def test_venn_abers_by_hand() -> None:
    # cases (.1, no), (.9, yes). At .9 with a no added: {.9: yes, no} = ½; with a yes: 1. So 1 / (1 − ½ + 1) = 2/3.
    # at .1: with a no 0, with a yes ½: ½ / (1 − 0 + ½) = 1/3. Between them: no added 0, yes added 1: 1 / 2.
    found = venn_abers(np.array([0.1, 0.9]), np.array([False, True]), np.ones(2), np.array([0.1, 0.5, 0.9]))
    assert found == pytest.approx([1 / 3, 1 / 2, 2 / 3])
