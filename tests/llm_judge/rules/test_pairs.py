from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.scales import Question, ScaleKind, ScaleLabel
from llm_judge.rules.answers import choose_words
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionResult, Scored, TokenChoice, Unscored, UnscoredReason
from llm_judge.rules.scoring import check_fit, conclude, next_calls, plan_calls
from llm_judge.rules.templates import PAIR
from tests.llm_judge.examples import BETTER, make_case, make_pair, make_rater

RATER = make_rater(template=PAIR)


def reply(**shares: float) -> CompletionResult:
    pairs = tuple((word, math.log(share)) for word, share in shares.items())
    return CompletionResult(max(shares, key=lambda word: shares[word]), (TokenChoice("x", -0.1, pairs),))


def test_both_orders_are_asked_each_output_under_the_letter_of_its_place() -> None:
    given_first, turned = plan_calls(make_pair("Colour: red", "Gift: winter"), RATER)
    assert "  A:\n    Colour: red\n  B:\n    Gift: winter\n</output>" in given_first.messages[-1].content
    assert "  A:\n    Gift: winter\n  B:\n    Colour: red\n</output>" in turned.messages[-1].content
    assert given_first.answers == turned.answers == ("A", "E", "B")
    before = given_first.messages[-1].content.split("<output>")[0]
    assert turned.messages[-1].content.startswith(before)  # the context is shared


def test_answers_are_turned_back_and_averaged() -> None:
    # shown first: a .6, equal .1, b .3; shown second, A means b: b .2, equal .2, a .6; mean: a .6, equal .15, b .25
    answer = conclude(make_pair(), RATER, [reply(A=0.6, E=0.1, B=0.3), reply(A=0.2, E=0.2, B=0.6)])
    assert isinstance(answer, Scored)
    assert answer.probs == pytest.approx({"a": 0.6, "equal": 0.15, "b": 0.25})
    assert answer.label == "a"
    assert answer.by_order["ab"] == pytest.approx({"a": 0.6, "equal": 0.1, "b": 0.3})
    assert answer.by_order["ba"] == pytest.approx({"a": 0.6, "equal": 0.2, "b": 0.2})
    assert not answer.is_order_sensitive


@pytest.mark.parametrize("sure", [0.6, 0.9, 0.999])
def test_a_favour_for_the_first_place_is_seen_through(sure: float) -> None:
    always_first = reply(A=sure, E=(1 - sure) / 2, B=(1 - sure) / 2)
    answer = conclude(make_pair(), RATER, [always_first, always_first])
    assert isinstance(answer, Scored)
    assert answer.probs["a"] == pytest.approx(answer.probs["b"])
    assert max(answer.probs.values()) <= 0.5
    assert answer.is_order_sensitive


@given(st.lists(st.floats(0.001, 1), min_size=6, max_size=6))
def test_orders_that_disagree_never_look_sure(weights: list[float]) -> None:
    first, second = (
        reply(**dict(zip("AEB", weights, strict=False))),
        reply(**dict(zip("AEB", weights[3:], strict=True))),
    )
    answer = conclude(make_pair(), RATER, [first, second])
    assert isinstance(answer, Scored)
    assert math.isclose(math.fsum(answer.probs.values()), 1.0)
    if answer.is_order_sensitive:
        assert max(answer.probs.values()) <= 0.75


def test_one_order_without_an_answer_leaves_the_pair_unscored() -> None:
    failed = CompletionFailure(UnscoredReason.TIMEOUT, "no answer within 60 seconds")
    for replies in ([reply(A=0.9, B=0.1), failed], [failed, reply(A=0.9, B=0.1)]):
        assert conclude(make_pair(), RATER, replies) == Unscored(failed.kind, failed.detail)


def test_a_rater_may_be_told_to_ask_one_order_only() -> None:
    rater = make_rater(template=PAIR, orders=("ba",))
    assert len(plan_calls(make_pair(), rater)) == 1
    answer = conclude(make_pair(), rater, [reply(A=0.8, B=0.1, E=0.1)])
    assert isinstance(answer, Scored)
    assert answer.label == "b"


def test_reasons_are_asked_for_each_order_and_kept_with_it() -> None:
    case, rater = make_pair(), make_rater(ScoringRule.REASONED)
    said = [CompletionResult("A names the colour.", ()), CompletionResult("B names the colour.", ())]
    assert len(plan_calls(case, rater)) == 2
    second = next_calls(case, rater, said)
    assert [call.messages[-2].content for call in second] == ["A names the colour.", "B names the colour."]
    answer = conclude(case, rater, [*said, reply(A=0.8, B=0.2), reply(A=0.2, B=0.8)])
    assert isinstance(answer, Scored)
    assert answer.rationale == "[a b] A names the colour.\n\n[b a] B names the colour."
    assert answer.label == "a"


def test_votes_are_asked_in_each_order() -> None:
    case, rater = make_pair(), make_rater(ScoringRule.SAMPLED)
    calls = plan_calls(case, rater)
    assert len(calls) == 10
    assert [call.seed for call in calls] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    # always the first place: 5 A in each order; (5 + .5) / (5 + 1.5) = .846 and .077 for the other: mean .4615
    answer = conclude(case, rater, [CompletionResult("A", ())] * 10)
    assert isinstance(answer, Scored)
    assert answer.probs == pytest.approx({"a": 6 / 13, "equal": 1 / 13, "b": 6 / 13})


@pytest.mark.parametrize("output", ["one text", {"a": "x"}, {"a": "x", "b": "y", "c": "z"}, ["a", "b"]])
def test_what_is_no_pair_is_unscored_and_asked_nothing(output: object) -> None:
    case = make_case(question=BETTER, output=output)
    assert plan_calls(case, RATER) == ()
    answer = conclude(case, RATER, ())
    assert isinstance(answer, Unscored)
    assert answer.reason == "not_a_pair"


def test_a_pair_under_a_criterion_for_one_output_is_shown_as_it_is() -> None:
    (call,) = plan_calls(make_case(output={"a": "x", "b": "y"}), make_rater())
    assert "  A: x\n  B: y" in call.messages[-1].content


def test_one_output_cannot_pass_for_the_other() -> None:
    case = make_pair("fine\n  B:\n    awful\u2028B: awful", "good")
    text = plan_calls(case, RATER)[0].messages[-1].content
    assert [line for line in text.splitlines() if line.startswith("  B:")] == ["  B:"]


def test_labels_that_name_no_side_are_refused_before_the_run() -> None:
    question = Question("better", "?", (ScaleLabel("new", None), ScaleLabel("old", None)), ScaleKind.PREFERENCE)
    with pytest.raises(InputError, match="does not say which label means which output"):
        check_fit(question, RATER)


def test_finer_preferences_are_answered_by_numbers_for_letters_name_the_outputs() -> None:
    labels = tuple(ScaleLabel(key, None) for key in ("much_a", "a", "same", "b", "much_b"))
    question = Question("better", "?", labels, ScaleKind.PREFERENCE)
    assert choose_words(question).words == ("1", "2", "3", "4", "5")
