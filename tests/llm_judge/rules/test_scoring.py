from __future__ import annotations

import math

import pytest

from judge.errors import InputError
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import (
    CompletionFailure,
    CompletionResult,
    Reply,
    Scored,
    TokenChoice,
    Unscored,
    UnscoredReason,
)
from llm_judge.rules.scoring import check_fit, conclude, pick_examples, plan_calls
from tests.llm_judge.examples import FIT, REASON, make_case, make_rater


def make_reply(text: str, shares: dict[str, float] | None) -> CompletionResult:
    pairs = tuple((token, math.log(share)) for token, share in (shares or {}).items())
    return CompletionResult(text=text, tokens=(TokenChoice(text, -0.1, pairs),))


def judge(*replies: Reply, rule: ScoringRule = ScoringRule.CHOICE) -> Scored | Unscored:
    return conclude(make_case(), make_rater(rule), replies)


def test_answer_becomes_probabilities_over_labels() -> None:
    # .6 + .2 = .8 lies on labels: .6/.8 = .75, and .2 stays outside
    answer = judge(make_reply("Yes", {"Yes": 0.6, "No": 0.2, "I": 0.1}))
    assert isinstance(answer, Scored)
    assert answer.probs == pytest.approx({"fits": 0.75, "weak": 0.25})
    assert answer.outside_mass == pytest.approx(0.2)
    assert (answer.label, answer.text) == ("fits", "Yes")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (make_reply("Perhaps", {"Yes": 0.9, "Perhaps": 0.1}), "off_menu"),
        (make_reply("Yes, since", {"Yes": 0.9}), "off_menu"),
        (make_reply("Yes", {"I": 0.8, "We": 0.1}), "off_menu"),
        (make_reply("Yes", {"Yes": 0.9}), "no_logprobs"),
        (make_reply("Yes", None), "no_logprobs"),
        (CompletionResult("Yes", ()), "no_logprobs"),
        (make_reply("  ", {"Yes": 0.9}), "empty_answer"),
        (CompletionFailure(UnscoredReason.TIMEOUT, "no answer within 60 seconds"), "timeout"),
    ],
)
def test_what_is_no_answer_is_never_guessed(reply: Reply, reason: str) -> None:
    answer = judge(reply)
    assert isinstance(answer, Unscored)
    assert answer.reason == reason
    assert answer.detail


def test_choice_is_one_chat_call_held_to_the_words() -> None:
    (call,) = plan_calls(make_case("7"), make_rater(ScoringRule.CHOICE))
    assert [message.role for message in call.messages] == ["system", "user"]
    assert (call.answers, call.prompt, call.reference) == (("Yes", "No"), "", "7")
    assert call.top_logprobs >= 10


def test_few_shot_is_one_raw_completion_after_the_examples() -> None:
    (call,) = plan_calls(make_case(), make_rater(ScoringRule.FEW_SHOT))
    assert call.answers == (" Yes", " No")
    assert call.prompt.count("Colour: red") == 2  # the worked example and the case
    assert not call.prompt.endswith(" ")


def test_pmi_weighs_the_same_text_with_and_without_its_context() -> None:
    given, alone = plan_calls(make_case(), make_rater(ScoringRule.PMI))
    assert given.forced == alone.forced == " Colour: red"
    assert given.prompt.endswith("Title: red wool scarf\n=>")
    assert alone.prompt.endswith("N/A\n=>")


def test_pmi_is_the_mean_gain_per_token() -> None:
    # (-1 - 1) - (-3 - 2) = 3 over two tokens = 1.5; logistic(1.5) = .8176
    given, alone = (
        CompletionResult("Colour: red", tuple(TokenChoice("t", logprob) for logprob in logprobs))
        for logprobs in ((-1.0, -1.0), (-3.0, -2.0))
    )
    answer = judge(given, alone, rule=ScoringRule.PMI)
    assert isinstance(answer, Scored)
    assert answer.probs == pytest.approx({"fits": 0.8176, "weak": 0.1824}, abs=1e-4)


@pytest.mark.parametrize("logprob", [math.nan, -math.inf])
def test_pmi_without_finite_log_probabilities_is_unscored(logprob: float) -> None:
    given, alone = CompletionResult("t", (TokenChoice("t", logprob),)), CompletionResult("t", (TokenChoice("t", -1.0),))
    answer = judge(given, alone, rule=ScoringRule.PMI)
    assert isinstance(answer, Unscored)
    assert answer.reason is UnscoredReason.NO_LOGPROBS


def test_pmi_refuses_a_longer_scale_before_the_run() -> None:
    with pytest.raises(InputError, match=r'pmi cannot judge criterion "reason".*Use choice or few_shot'):
        check_fit(REASON, make_rater(ScoringRule.PMI))


def test_pmi_shows_only_examples_that_pass() -> None:
    assert [each.label for each in pick_examples(make_case(), make_rater(ScoringRule.PMI))] == ["fits"]


def test_chinese_cases_fall_back_to_the_criterions_own_examples() -> None:
    case = make_case()
    assert pick_examples(case, make_rater()) == FIT.examples


def test_one_failed_call_of_two_makes_the_case_unscored() -> None:
    failed = CompletionFailure(UnscoredReason.RATE_LIMITED, "the server answered 429")
    answer = judge(make_reply("red", None), failed, rule=ScoringRule.PMI)
    assert answer == Unscored(UnscoredReason.RATE_LIMITED, "the server answered 429")
