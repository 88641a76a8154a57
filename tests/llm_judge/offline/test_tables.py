"""Cases and answers as rows: what went in comes out, and what was changed by hand is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.formats.questions import content_hash
from llm_judge.backends.judging import CaseAnswer
from llm_judge.offline.tables import Order, answer_of, case_of, item_record, judgment_record
from llm_judge.rules.records import (
    CompletionFailure,
    CompletionResult,
    Reply,
    Scored,
    Unscored,
    UnscoredReason,
)
from tests.llm_judge.examples import FIT, make_case, make_rater

RATER = make_rater()
FIT_HASH = content_hash(FIT)
ORDER = Order("0123456789ab", "tags", 1, RATER.content_hash(), RATER, {FIT_HASH: FIT})
SCORED = Scored({"fits": 0.75, "weak": 0.25}, 0.1, "fits", "Yes", "because", {"ab": {"fits": 1.0, "weak": 0.0}})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def answered(said: Scored | Unscored, *replies: Reply) -> CaseAnswer:
    return CaseAnswer("17", said, (), replies)


@given(json_values, json_values, st.sampled_from(["en", "zh"]))
def test_a_case_comes_back_as_it_was(context: Any, output: Any, language: str) -> None:
    case = replace(make_case("17", output=output), context=context, language=language)
    assert case_of(item_record(case, FIT_HASH), {FIT_HASH: FIT}) == case


def test_a_case_of_an_unknown_question_is_refused() -> None:
    with pytest.raises(InputError, match=r"a question that rater\.json does not hold"):
        case_of(item_record(make_case(), "0" * 64), {FIT_HASH: FIT})


def test_an_answer_comes_back_with_what_it_cost() -> None:
    replies = [CompletionResult(each, (), 100, 1, 64, latency_ms=5.0) for each in ("because", "Yes")]
    retried = replace(replies[1], retried=(UnscoredReason.TIMEOUT,))
    found = answer_of(judgment_record(answered(SCORED, replies[0], retried), ORDER), FIT.label_keys)
    assert found.answer == SCORED
    assert (found.prompt_tokens, found.completion_tokens, found.latency_ms) == (200, 2, 10.0)
    assert found.retried == (UnscoredReason.TIMEOUT,)
    assert [each.text for each in found.replies if isinstance(each, CompletionResult)] == ["because\nYes"]


@pytest.mark.parametrize("reason", UnscoredReason)
def test_no_answer_keeps_its_reason(reason: UnscoredReason) -> None:
    said = Unscored(reason, "it said so")
    found = answer_of(judgment_record(answered(said, CompletionFailure(reason, "it said so")), ORDER), FIT.label_keys)
    assert found.answer == said
    assert found.was_sent


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("label", "weak", "weak is not the likeliest label"),
        ("probs", '{"fits": 0.9, "weak": 0.9}', "its probabilities are none"),
        ("probs", '{"fits": 1.0}', "its probabilities are none"),
        ("probs", '{"fits": NaN, "weak": 0.5}', "its probabilities are none"),
        ("probs", "[1]", "cannot be read"),
        ("by_order", '{"ab": {"fits": 2}}', "its probabilities are none"),
        ("latency_ms", None, "cannot be read"),
        ("retried", "tired", "cannot be read"),
    ],
)
def test_a_row_that_cannot_be_an_answer_is_refused(column: str, value: Any, said: str) -> None:
    record = judgment_record(answered(SCORED, CompletionResult("Yes", ())), ORDER)
    with pytest.raises(InputError, match=said):
        answer_of(record | {column: value}, FIT.label_keys)


def test_an_order_comes_back_as_it_was() -> None:
    assert Order.from_json(ORDER.as_json()) == ORDER


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rater": "0" * 64}, "the configuration is not that of rater 0000000000000000"),
        ({"format": 2}, r"the format is 2 \(expected: 1\)"),
        ({"questions": {"0" * 64: json.loads(ORDER.as_json())["questions"][FIT_HASH]}}, "questions were changed: fit"),
        ({"configuration": {}}, "cannot be read"),
    ],
)
def test_an_order_that_was_changed_by_hand_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Order.from_json(json.dumps(json.loads(ORDER.as_json()) | change))
