"""Rows that trainers want, one pure function per export format; names and order of fields are a promise.

How a row looks to another trainer than TRL says judge.formats.training_dialects.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

type Message = dict[str, str]
type Line = dict[str, object]

LABELS_COLUMNS: dict[str, str] = {  # field → type of its column in a table
    "item_id": "text", "context_id": "text", "context": "json", "output": "json", "criterion": "text", "label": "text",
    "passes": "bool", "probs": "json", "p_wrong": "float", "basis": "text", "n_people": "int", "confidence": "float",
    "raters": "json", "weight": "float", "judge_version": "text", "rubric_version": "text", "stream": "text",
    "audited": "bool", "split": "text", "round": "int", "generator": "text", "language": "text",
}  # fmt: skip
LABELS_FIELDS = tuple(LABELS_COLUMNS)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a generator is asked: the words of a user, after those of the system where there are any."""

    user: str
    system: str = ""

    @property
    def messages(self) -> list[Message]:
        opening = [message("system", self.system)] if self.system else []
        return [*opening, message("user", self.user)]

    @property
    def text(self) -> str:
        """All of it as one text, for trainers and fields that know no roles."""
        return f"{self.system}\n\n{self.user}" if self.system else self.user


def labels_row(**values: object) -> Line:
    """One live agreed label: exactly the promised fields, in their order; a missing or foreign one is a TypeError."""
    if wrong := values.keys() ^ set(LABELS_FIELDS):
        raise TypeError(f"labels_row: missing or unknown {', '.join(sorted(wrong))}")
    return {field: values[field] for field in LABELS_FIELDS}


def render(template: str, context: Mapping[str, object] | str) -> str:
    """The generator's prompt about a context. What stands in the context is never read as a part of the template.

    >>> render("Suggest a tag for: {context}", "tents {context}")
    'Suggest a tag for: tents {context}'
    """
    return template.replace("{context}", text_of(context))


def sft_row(*, prompt: str, output: Mapping[str, object] | str, system: str = "") -> Line:
    """A qualified output as a conversation: ``{"messages": [{"role", "content"}, …]}``."""
    return {"messages": [*Prompt(prompt, system).messages, message("assistant", text_of(output))]}


def judge_row(conversation: Iterable[tuple[str, str]]) -> Line:
    """What a judge is asked about a case and what people said, for its fine-tuning: ``{"messages": […]}``."""
    return {"messages": [message(role, content) for role, content in conversation]}


def judge_label_row(conversation: Iterable[tuple[str, str]], label: str) -> Line:
    """The same for a classifier: what is asked, without the answer, and the label's key beside it."""
    return {
        "messages": [message(role, content) for role, content in conversation if role != "assistant"],
        "label": label,
    }


def message(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def text_of(output: Mapping[str, object] | str) -> str:
    """An output as a model would have written it: text as it is, an object as JSON in its own order."""
    return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
