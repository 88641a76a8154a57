from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.scales import Example
from llm_judge.rules.prompting import PromptTemplate, TemplateText
from llm_judge.rules.sheets import render
from llm_judge.rules.templates import CHOICE, FEW_SHOT, SHIPPED
from tests.llm_judge.examples import FIT, REASON

BODY = "{question}\n{labels}\n{examples}{context}\n{output}\nAnswer:"


def make_template(body: str = BODY, example: str = "{output} -> {answer}\n", system: str = "") -> PromptTemplate:
    return PromptTemplate("mine", {"en": TemplateText(system, example, body)})


def test_unknown_variable_is_named_with_the_allowed_ones() -> None:
    with pytest.raises(InputError, match=r'prompt "mine" \(en\), body: unknown variable \{colour\}.*\{context\}'):
        make_template(BODY + "{colour}")


@pytest.mark.parametrize("trick", ["{question.__class__}", "{question!r}", "{question:>9}", "{}", "{0}"])
def test_variables_are_plain_names(trick: str) -> None:
    with pytest.raises(InputError, match="unknown variable"):
        make_template(trick + BODY)


@pytest.mark.parametrize(
    "body", ["{context}", "{context}{output}{output}", "{output}{context}", "{context}{output}{labels}"]
)
def test_output_comes_once_and_last(body: str) -> None:
    with pytest.raises(InputError, match=r"output|context"):
        make_template(body)


def test_unmatched_braces_are_explained() -> None:
    with pytest.raises(InputError, match="braces do not match"):
        make_template("{context {output}")


def test_doubled_braces_are_plain_braces() -> None:
    prompt = render(FIT, context="c", output="o", template=make_template("{{json}} {context} {output} {{x}}"))
    assert prompt.text == "{json}   c   o {x}"


def test_cases_of_one_context_share_everything_before_the_output() -> None:
    context = {"title": "red wool scarf"}
    first, second = (
        render(FIT, context=context, output=output, template=FEW_SHOT, examples=FIT.examples)
        for output in ("Colour: red", "Gift: winter")
    )
    assert first.shared == second.shared
    assert "red wool scarf" in first.shared
    assert first.tail.startswith("  Colour: red")


@given(st.text(), st.text(), st.sampled_from(list(SHIPPED.values())))
def test_item_text_cannot_add_a_line_at_the_margin(context: str, output: str, template: PromptTemplate) -> None:
    """Replace the item by a harmless one: the lines that speak for the rubric stay the very same."""
    hostile = render(FIT, context=context, output=output, template=template)
    harmless = render(FIT, context="x", output="x", template=template)
    if template.fenced:
        assert _margin(hostile.body) == _margin(harmless.body)
    assert hostile.body.count("<") == harmless.body.count("<")


def _margin(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("  ")]


def test_chinese_readers_get_chinese_words_and_the_same_answers() -> None:
    prompt = render(FIT, context="围巾", output="红色", template=CHOICE, language="zh-hans")
    assert "标签符合商品吗？" in prompt.text
    assert "Yes: 符合" in prompt.text
    assert "Possible answers" not in prompt.text


def test_braces_in_an_item_are_not_variables() -> None:
    prompt = render(FIT, context="{question}", output="{labels}", template=FEW_SHOT)
    assert "  {question}" in prompt.text
    assert "  {labels}" in prompt.text


def test_example_with_a_foreign_label_is_refused() -> None:
    with pytest.raises(InputError, match=r'label "great".*fits, weak'):
        render(FIT, context="c", output="o", template=FEW_SHOT, examples=[Example("great", "c", "o")])


def test_a_changed_word_is_another_version() -> None:
    assert make_template().version == make_template().version
    assert make_template().version != make_template(BODY + " ").version


def test_template_survives_storage() -> None:
    assert PromptTemplate.from_record(CHOICE.as_record()) == CHOICE


@pytest.mark.parametrize("template", SHIPPED.values(), ids=SHIPPED)
def test_shipped_prompts_serve_every_kind_of_scale(template: PromptTemplate) -> None:
    for question in (FIT, REASON):
        for language in ("en", "zh"):
            prompt = render(question, context="c", output="o", template=template, language=language)
            assert prompt.answers.keys == question.label_keys
