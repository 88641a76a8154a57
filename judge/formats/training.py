"""Rows that trainers want, one pure function per export format; names and order of fields are a promise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

LABELS_COLUMNS: dict[str, str] = {  # field → type of its column in a table
    "item_id": "text", "context_id": "text", "context": "json", "output": "json", "criterion": "text", "label": "text",
    "passes": "bool", "probs": "json", "p_wrong": "float", "basis": "text", "n_people": "int", "confidence": "float",
    "raters": "json", "weight": "float", "judge_version": "text", "rubric_version": "text", "stream": "text",
    "audited": "bool", "split": "text", "round": "int", "generator": "text", "language": "text",
}  # fmt: skip
LABELS_FIELDS = tuple(LABELS_COLUMNS)


def labels_row(**values: object) -> dict[str, object]:
    """One live agreed label: exactly the promised fields, in their order; a missing or foreign one is a TypeError."""
    if wrong := values.keys() ^ set(LABELS_FIELDS):
        raise TypeError(f"labels_row: missing or unknown {', '.join(sorted(wrong))}")
    return {field: values[field] for field in LABELS_FIELDS}


def sft_row(*, prompt: str, output: Mapping[str, object] | str, system: str = "") -> dict[str, object]:
    """A qualified output as a conversation: ``{"messages": [{"role", "content"}, …]}``."""
    opening = [{"role": "system", "content": system}] if system else []
    asked = {"role": "user", "content": prompt}
    return {"messages": [*opening, asked, {"role": "assistant", "content": text_of(output)}]}


def judge_row(conversation: Iterable[tuple[str, str]]) -> dict[str, object]:
    """What a judge is asked about a case and what people said, for its fine-tuning: ``{"messages": […]}``."""
    return {"messages": [{"role": role, "content": content} for role, content in conversation]}


def text_of(output: Mapping[str, object] | str) -> str:
    """An output as a model would have written it: text as it is, an object as JSON in its own order."""
    return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
