"""A rubric as a record: the criteria an item must pass, as a lead wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from judge.rules.scales import Question

TASKS = ("interest", "tag", "explanation", "explanation-v2", "pairwise", "custom")


@dataclass(frozen=True, slots=True)
class RubricRecord:
    """One version of a rubric, before it is stored; ``language`` is that of the original text."""

    name: str
    questions: tuple[Question, ...]
    task: str = "custom"
    language: str = "en"

    @property
    def question_keys(self) -> tuple[str, ...]:
        return tuple(question.key for question in self.questions)
