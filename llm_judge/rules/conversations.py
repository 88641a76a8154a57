"""A case with its right answer, as a conversation: a judge is fine-tuned on the very words that it will be asked in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from judge.rules.scales import Question, ScaleKind, mirror
from llm_judge.rules import templates
from llm_judge.rules.asking import Desk, JudgeCase, find_desk, show_output
from llm_judge.rules.configuration import ORDERS, BackendKind, RaterConfiguration, ScoringRule


def write(question: Question, *, context: Any, output: Any, language: str, label: str) -> list[list[tuple[str, str]]]:
    """(role, text) of the shipped prompt for one constrained answer, which comes last; a pair in both orders.

    ``label`` is one of the question's. Raises InputError for a scale that no machine can be asked about.
    """
    case = JudgeCase("", question, context, output, language)
    desk = find_desk(question, language, _rater(compares=question.kind is ScaleKind.PREFERENCE))
    return [_conversation(case, desk, order, label) for order in (ORDERS if case.is_pair else ("",))]


def _conversation(case: JudgeCase, desk: Desk, order: str, label: str) -> list[tuple[str, str]]:
    shown = mirror(case.question)[label] if order == "ba" else label
    asked = desk.sheet.fill(case.context, show_output(case, order))
    opening = [(each.role, each.content) for each in desk.system]
    return [*opening, ("user", asked.body), ("assistant", desk.words.word_of(shown))]


@lru_cache(maxsize=2)
def _rater(*, compares: bool) -> RaterConfiguration:
    """One object for each, so that its desks are found again."""
    template = templates.shipped_for(ScoringRule.CHOICE, compares=compares)
    return RaterConfiguration(BackendKind.OPENAI_HTTP, "", template, ScoringRule.CHOICE)
