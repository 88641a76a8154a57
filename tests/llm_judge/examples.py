"""A small rubric and its cases, shared by the tests about machines."""

from __future__ import annotations

from dataclasses import replace

from judge.rules.scales import Example, Question, ScaleKind, ScaleLabel
from llm_judge.rules.configuration import BackendKind, Decoding, RaterConfiguration, ScoringRule
from llm_judge.rules.scoring import JudgeCase
from llm_judge.rules.templates import SHIPPED

FIT = Question(
    key="fit",
    question="Does the tag fit the product?",
    labels=(ScaleLabel("fits", True, "Fits", "the title says so"), ScaleLabel("weak", False, "Weak")),
    guidance="Read the title only.",
    examples=(
        Example("fits", "Title: red wool scarf", "Colour: red"),
        Example("weak", "Title: red wool scarf", "Colour: blue"),
    ),
    translations={
        "zh": Question(
            key="fit",
            question="标签符合商品吗？",
            labels=(ScaleLabel("fits", True, "符合"), ScaleLabel("weak", False, "不符")),
            guidance="只看标题。",
        )
    },
)

REASON = Question(
    key="reason",
    question="How strong is the reason?",
    kind=ScaleKind.GRADED,
    labels=(
        ScaleLabel("strongly_related", True),
        ScaleLabel("weakly_related", False),
        ScaleLabel("unrelated", False),
        ScaleLabel("unfounded", False),
    ),
)

BETTER = Question(
    key="better",
    question="Which tag fits better?",
    kind=ScaleKind.PREFERENCE,
    labels=(ScaleLabel("a", None, "A is better"), ScaleLabel("equal", None), ScaleLabel("b", None, "B is better")),
)


def make_rater(rule: ScoringRule = ScoringRule.CHOICE, **changes: object) -> RaterConfiguration:
    decoding = Decoding(temperature=1.0, samples=5) if rule is ScoringRule.SAMPLED else Decoding()
    rater = RaterConfiguration(BackendKind.SCRIPTED, "scripted", SHIPPED[rule.value], rule, decoding=decoding)
    return replace(rater, **changes)  # type: ignore[arg-type]


def make_pair(a: object = "Colour: red", b: object = "Gift: winter", *, question: Question = BETTER) -> JudgeCase:
    return JudgeCase("1", question, {"title": "red wool scarf"}, {"a": a, "b": b})


def make_case(case_id: str = "1", question: Question = FIT, output: object = "Colour: red") -> JudgeCase:
    return JudgeCase(case_id, question, {"title": "red wool scarf"}, output)
