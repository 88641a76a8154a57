from __future__ import annotations

from llm_judge.rules.sheets import render
from llm_judge.rules.templates import FEW_SHOT
from tests.llm_judge.examples import FIT


def test_few_shot_ends_where_the_answer_begins() -> None:
    for language in ("en", "zh"):
        prompt = render(FIT, context="c", output="o", template=FEW_SHOT, examples=FIT.examples, language=language)
        ending = prompt.text.rsplit("\n", 1)[-1]
        assert ending.endswith(":")
        assert FIT.in_language(language).question in ending


def test_worked_examples_look_like_the_case_that_follows() -> None:
    """A small model goes on with the pattern it sees: example and case differ in the answer alone."""
    asked = FIT.examples[0]
    shown = render(FIT, context=asked.context, output=asked.output, template=FEW_SHOT, examples=[asked]).text
    first, second = shown.split("Context:\n")[1:]
    assert first.rstrip() == f"{second} Yes"
