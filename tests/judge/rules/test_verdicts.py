"""From machine answers to a verdict: pools, doubt, and what is never guessed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.verdicts import Answer, Doubt, Pool, opine, read_calibrator

YES_NO = ("yes", "no")


def says(yes: float) -> Answer:
    return Answer({"yes": yes, "no": 1 - yes})


def test_one_rater_under_the_identity_is_taken_at_its_word() -> None:
    opinion = opine([says(0.8)], Pool())
    assert (opinion.label, opinion.confidence, dict(opinion.probs), opinion.doubt) == ("yes", 0.8, says(0.8).probs, "")


def test_a_temperature_cools_confidence_and_keeps_the_label() -> None:
    # log-odds log(.9/.1) = 2.197; halved by T = 2: 1 / (1 + e^-1.0986) = .75
    opinion = opine([says(0.9)], read_calibrator({"kind": "temperature", "temperature": 2.0}))
    assert opinion.label == "yes"
    assert math.isclose(opinion.confidence or 0, 0.75, abs_tol=1e-9)


def test_weights_decide_who_is_heard() -> None:
    pool = read_calibrator({"kind": "pool", "weights": [1.0, 0.0], "bias": {}, "temperature": 1.0})
    opinion = opine([says(0.9), says(0.01)], pool)
    assert math.isclose(opinion.probs["yes"], 0.9)
    assert opinion.doubt is Doubt.NONE, "who has no weight is not heard"


def test_one_unscored_rater_makes_the_panel_unscored() -> None:
    opinion = opine([says(0.9), Answer()], Pool())
    assert (opinion.label, opinion.confidence) == (None, None)


def test_bare_labels_count_as_one_vote_each() -> None:
    # (1 + ½) / (1 + 2·½) = .75 for the label named; three such votes with weight 1: .75³ : .25³ = 27 : 1
    pool = Pool(weights=(1.0, 1.0, 1.0))
    opinion = opine([Answer(label="no")] * 3, pool, labels=YES_NO)
    assert opinion.label == "no"
    assert math.isclose(opinion.probs["no"], 27 / 28)


def test_a_text_that_commands_the_judge_leaves_the_verdict_in_doubt() -> None:
    hostile = Answer({"yes": 0.99, "no": 0.01}, is_suspicious=True)
    assert opine([hostile], Pool()).doubt is Doubt.SUSPICIOUS
    assert opine([hostile, says(0.1)], Pool()).doubt is Doubt.SUSPICIOUS, "more urgent than a disagreement"


def test_each_criterion_has_its_own_calibrator() -> None:
    calibrator = {"kind": "by_criterion", "criteria": {"abc": {"kind": "temperature", "temperature": 3}}}
    assert read_calibrator(calibrator, "abc").temperature == 3
    assert read_calibrator(calibrator, "other").is_identity


BROKEN: list[dict[str, object]] = [
    {"kind": "guess"},
    {"kind": "temperature", "temperature": 0},
    {"kind": "pool", "temperature": "hot"},
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_calibrator_that_cannot_be_read_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError):
        read_calibrator(broken)


def test_a_pool_with_the_wrong_number_of_weights_is_refused() -> None:
    with pytest.raises(InputError, match="1 weights"):
        opine([says(0.4), says(0.6)], Pool(weights=(0.5,)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(0.05, 20))
def test_a_verdict_is_always_a_distribution(said: list[float], temperature: float) -> None:
    opinion = opine([says(each) for each in said], Pool(temperature=temperature))
    assert math.isclose(math.fsum(opinion.probs.values()), 1.0)
    assert opinion.label is not None
    assert opinion.probs[opinion.label] == max(opinion.probs.values())


STACK: dict[str, object] = {
    "kind": "stack",
    "seats": [{"slopes": {"": 0.5}, "vote": 2.0, "outside": -1.0}],
    "bias": {"yes": 0.0, "no": 0.25},
    "length": [0.1, 3.0, 2.0],
    "tables": {},
}


def test_a_stack_by_hand() -> None:
    # log-odds of yes log 9 = 2.1972. Outside .2 takes 1 · .2 of the slope .5; a text of e⁵ − 1 letters adds
    # .1 · (5 − 3) / 2 = .1: (.5 − .2 + .1) · 2.1972 − .25 = .62889; 1 / (1 + e^−.62889) = .65224
    answer = Answer({"yes": 0.9, "no": 0.1}, outside=0.2)
    opinion = opine([answer], read_calibrator(STACK), YES_NO, length=147)  # log(1 + 147) = 4.9972
    assert math.isclose(opinion.probs["yes"], 0.65224, abs_tol=1e-4)


def test_a_stack_gives_a_bare_vote_its_own_weight() -> None:
    # 2 − .25 = 1.75 for yes
    opinion = opine([Answer(label="yes")], read_calibrator(STACK), YES_NO)
    assert math.isclose(opinion.probs["yes"], 1 / (1 + math.exp(-1.75)))


def test_a_stack_weighs_each_order_of_presentation() -> None:
    # 1 · log(.8 / .2) + .5 · log(.6 / .4) = 1.3863 + .2027 = 1.5890
    stack = read_calibrator({**STACK, "seats": [{"slopes": {"ab": 1.0, "ba": 0.5}}], "bias": {}})
    both = Answer({"yes": 0.7, "no": 0.3}, by_order={"ab": says(0.8).probs, "ba": says(0.6).probs})
    assert math.isclose(opine([both], stack, YES_NO).probs["yes"], 1 / (1 + math.exp(-1.5890)), abs_tol=1e-4)
    # where the orders are not told, the one distribution stands for both: 1.5 · log(.7 / .3)
    assert math.isclose(opine([says(0.7)], stack, YES_NO).probs["yes"], 1 / (1 + (3 / 7) ** 1.5))


def test_tables_straighten_and_the_rest_is_scaled() -> None:
    # p = (.7, .3); g_yes(.7) = .6 halfway between .4 and .8; no keeps .3: .6 / .9
    plain = {**STACK, "seats": [{"slopes": {"": 1.0}}], "bias": {}}
    stack = read_calibrator({**plain, "tables": {"yes": [[0.5, 0.4], [0.9, 0.8]]}})
    assert math.isclose(opine([says(0.7)], stack, YES_NO).probs["yes"], 2 / 3)


BROKEN_STACKS: list[dict[str, object]] = [
    {"seats": None},
    {"seats": [{"slopes": {"": "much"}}]},
    {"seats": [{"slopes": {"": math.nan}}]},
    {"bias": 3},
    {"length": [0.0, 1.0]},
    {"length": [0.0, 1.0, 0.0]},
    {"tables": {"yes": []}},
    {"tables": {"yes": [[0.5, 0.4], [0.4, 0.8]]}},
    {"tables": {"yes": [[0.4, 0.8], [0.5, 0.4]]}},
]


@pytest.mark.parametrize("broken", BROKEN_STACKS)
def test_a_stack_that_cannot_be_read_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError):
        read_calibrator({**STACK, **broken})


def test_a_stack_with_the_wrong_number_of_seats_is_refused() -> None:
    with pytest.raises(InputError, match="1 weights"):
        opine([says(0.4), says(0.6)], read_calibrator(STACK), YES_NO)


def test_a_rater_without_weight_cannot_put_a_verdict_in_doubt() -> None:
    sure, coin = Answer({"yes": 0.9, "no": 0.1}), Answer({"yes": 0.4, "no": 0.6})
    assert opine([sure, coin], Pool(weights=(1.0, 0.0))).doubt is Doubt.NONE
    assert opine([sure, coin], Pool(weights=(1.0, 0.5))).doubt is Doubt.JUDGES_DISAGREE  # a third of the weight


def test_one_of_five_equal_raters_is_outvoted_and_one_of_four_is_heard() -> None:
    sure, other = Answer({"yes": 0.9, "no": 0.1}), Answer({"yes": 0.3, "no": 0.7})
    assert opine([sure] * 4 + [other], Pool()).doubt is Doubt.NONE  # .2 of the weight
    assert opine([sure] * 3 + [other], Pool()).doubt is Doubt.JUDGES_DISAGREE  # .25
