"""What is kept from case to case must never show in an answer."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from llm_judge.rules import asking, sheets
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.prompting import PromptTemplate, TemplateText
from llm_judge.rules.scoring import JudgeCase, plan_calls
from llm_judge.rules.sheets import render
from llm_judge.rules.templates import CHOICE
from tests.llm_judge.examples import FIT, make_case, make_rater

VALUES = st.recursive(
    st.sampled_from([True, False, 1, 0, 1.0, None, "", "1", "yes"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(st.lists(VALUES, min_size=2, max_size=8))
def test_contexts_that_python_calls_equal_are_shown_as_what_they_are(contexts: list[object]) -> None:
    """True == 1 == 1.0, but a reader sees "yes", "1" and "1.0"."""
    for context in contexts:
        asked = plan_calls(JudgeCase("1", FIT, context, "x"), make_rater(template=CHOICE))
        expected = render(FIT, context=context, output="x", template=CHOICE, examples=FIT.examples)
        assert asked[0].messages[-1].content == expected.body


def test_criteria_raters_and_languages_do_not_mix() -> None:
    raters = [make_rater(), make_rater(max_examples=1), make_rater(ScoringRule.FEW_SHOT)]
    other = replace(FIT, key="other", question="Is it cheap?")
    cases = [make_case(), make_case(question=other), replace(make_case(), language="zh")]
    first = [plan_calls(case, rater) for case in cases for rater in raters]
    assert [plan_calls(case, rater) for case in cases for rater in raters] == first
    assert len({each[0] for each in first}) == len(first)


def test_memory_stays_flat_however_many_criteria_and_contexts_pass() -> None:
    rater = make_rater()
    for number in range(600):
        plan_calls(JudgeCase("1", replace(FIT, key=f"k{number}"), {"title": number}, "x"), rater)
    assert len(asking._desks) <= 256
    assert len(sheets._shown) <= 16


def test_a_changed_context_object_is_read_again() -> None:
    context = {"title": "red scarf"}
    case, rater = JudgeCase("1", FIT, context, "x"), make_rater()
    plan_calls(case, rater)
    context["title"] = "blue scarf"
    assert "blue scarf" in plan_calls(case, rater)[0].messages[-1].content


def test_braces_doubled_around_a_name_are_no_gap() -> None:
    template = PromptTemplate("mine", {"en": TemplateText("", "", "{{output}} {labels} {context} | {output}")})
    prompt = render(FIT, context="c", output="o", template=template)
    assert prompt.text.startswith("{output} ")
    assert prompt.text.endswith("  c |   o")
