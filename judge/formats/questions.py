"""A criterion's content as plain JSON and back, and the hash by which an unchanged criterion is known again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.formats.json_text import digest
from judge.rules.scales import Example, Question, ScaleKind, ScaleLabel


def question_to_dict(question: Question) -> dict[str, Any]:
    """Everything the question says, as values that JSON can hold."""
    return {
        "key": question.key,
        "kind": question.kind.value,
        "name": question.name,
        "question": question.question,
        "guidance": question.guidance,
        "labels": [_label_to_dict(label) for label in question.labels],
        "examples": [_example_to_dict(example) for example in question.examples],
        "translations": {language: question_to_dict(each) for language, each in question.translations.items()},
    }


def question_from_dict(content: Mapping[str, Any]) -> Question:
    """The question that ``question_to_dict`` wrote down; optional parts may be missing."""
    return Question(
        key=content["key"],
        question=content["question"],
        labels=tuple(_label_from_dict(each) for each in content["labels"]),
        kind=ScaleKind(content.get("kind", ScaleKind.BINARY)),
        name=content.get("name", ""),
        guidance=content.get("guidance", ""),
        examples=tuple(_example_from_dict(each) for each in content.get("examples", ())),
        translations={language: question_from_dict(each) for language, each in content.get("translations", {}).items()},
    )


def content_hash(question: Question) -> str:
    """sha256 in hex: equal for equal content, whatever file, order of fields or version it came from."""
    return digest(question_to_dict(question))


def _label_to_dict(label: ScaleLabel) -> dict[str, Any]:
    return {"key": label.key, "passes": label.passes, "name": label.name, "description": label.description}


def _label_from_dict(content: Mapping[str, Any]) -> ScaleLabel:
    return ScaleLabel(content["key"], content["passes"], content.get("name", ""), content.get("description", ""))


def _example_to_dict(example: Example) -> dict[str, Any]:
    return {
        "label": example.label,
        "context": example.context,
        "output": example.output,
        "why": example.why,
        "mistaken_for": example.mistaken_for,
    }


def _example_from_dict(content: Mapping[str, Any]) -> Example:
    return Example(
        label=content["label"],
        context=content["context"],
        output=content["output"],
        why=content.get("why", ""),
        mistaken_for=content.get("mistaken_for", ""),
    )
