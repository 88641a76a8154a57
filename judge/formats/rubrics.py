"""Rubric files (YAML) in; criteria as JSON-able content out."""

from __future__ import annotations

import re
from dataclasses import replace

import yaml

from judge.formats.fields import LANGUAGE
from judge.formats.questions import content_hash, question_from_dict, question_to_dict
from judge.formats.yaml_nodes import NodeReader, compose
from judge.rules.rubrics import TASKS, RubricRecord
from judge.rules.scales import Example, Question, ScaleKind, ScaleLabel

__all__ = ["content_hash", "question_from_dict", "question_to_dict", "read_rubric"]

RUBRIC_FIELDS = ("name", "task", "language", "criteria")
CRITERION_FIELDS = ("key", "name", "question", "kind", "guidance", "scale", "examples", "translations")
LABEL_FIELDS = ("key", "passes", "name", "description")
EXAMPLE_FIELDS = ("label", "context", "output", "why", "mistaken_for")
TRANSLATION_FIELDS = ("name", "question", "guidance", "scale", "examples")
CRITERION_KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
LABEL_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")


def read_rubric(text: str | bytes, *, filename: str) -> RubricRecord:
    """The rubric a file holds, or one InputError that lists every problem with its line."""
    reader = _RubricReader(filename)
    rubric = reader.read(compose(text, filename=filename))
    reader.raise_problems()
    return rubric


class _RubricReader(NodeReader):
    """Goes on after a problem, with an empty value in its place, so that all are found in one go."""

    def read(self, root: yaml.Node) -> RubricRecord:
        found = self.fields(root, "a rubric", RUBRIC_FIELDS, required=("name", "criteria"))
        language = self.language(found.get("language")) or "en"
        task = self.text(found.get("task"), "task") or "custom"
        if task not in TASKS:
            self.report(found["task"], f'"{task}" is not a task', expected=", ".join(TASKS))
        criteria = self.sequence(found.get("criteria"), "criteria", "a list of criteria")
        if "criteria" in found and not criteria:
            self.report(found["criteria"], "no criteria", expected="at least one")
        questions = tuple(self.criterion(node, language) for node in criteria)
        self.unique([question.key for question in questions], criteria, "criteria")
        return RubricRecord(self.text(found.get("name"), "name"), questions, task, language)

    def criterion(self, node: yaml.Node, language: str) -> Question:
        found = self.fields(node, "a criterion", CRITERION_FIELDS, required=("key", "question", "scale"))
        key = self.key(found.get("key"), "key", CRITERION_KEY, "a letter, then letters, digits or _, in lower case")
        kind, labels = self.scale(found.get("kind"), found.get("scale"))
        question = Question(
            key=key,
            question=self.text(found.get("question"), "question"),
            labels=labels,
            kind=kind,
            name=self.text(found.get("name"), "name"),
            guidance=self.text(found.get("guidance"), "guidance"),
            examples=self.examples(found.get("examples"), labels),
        )
        translations = self.mapping(found["translations"], "translations") if "translations" in found else {}
        return replace(
            question,
            translations={
                self.translated_language(key_node, language): self.translation(value, question)
                for key_node, value in translations.values()
            },
        )

    def scale(self, kind_node: yaml.Node | None, node: yaml.Node | None) -> tuple[ScaleKind, tuple[ScaleLabel, ...]]:
        nodes = self.sequence(node, "scale", "a list of labels")
        kind = self.kind(kind_node, len(nodes))
        labels = tuple(self.label(each, kind) for each in nodes)
        self.unique([label.key for label in labels], nodes, "labels")
        if node is not None and isinstance(node, yaml.SequenceNode):
            self.check_scale(node, kind, labels)
        return kind, labels

    def kind(self, node: yaml.Node | None, n_labels: int) -> ScaleKind:
        name = self.text(node, "kind") or (ScaleKind.BINARY if n_labels <= 2 else ScaleKind.GRADED)
        if node is not None and name not in tuple(ScaleKind):
            self.report(node, f'"{name}" is not a kind of scale', expected=", ".join(ScaleKind))
            return ScaleKind.NOMINAL
        return ScaleKind(name)

    def label(self, node: yaml.Node, kind: ScaleKind) -> ScaleLabel:
        required = ("key",) if kind == ScaleKind.PREFERENCE else ("key", "passes")
        found = self.fields(node, "a label", LABEL_FIELDS, required=required)
        if kind == ScaleKind.PREFERENCE and "passes" in found:
            self.report(found["passes"], "a label of a preference has no passes", expected="key, name, description")
        return ScaleLabel(
            key=self.key(found.get("key"), "key", LABEL_KEY, "letters, digits, _ or -, in lower case"),
            passes=self.flag(found.get("passes"), "passes"),
            name=self.text(found.get("name"), "name"),
            description=self.text(found.get("description"), "description"),
        )

    def check_scale(self, node: yaml.Node, kind: ScaleKind, labels: tuple[ScaleLabel, ...]) -> None:
        passing = [label.passes for label in labels]
        if len(labels) < 2:
            self.report(node, f"the scale has {len(labels)} label(s)", expected="at least 2")
        elif kind == ScaleKind.BINARY and len(labels) > 2:
            self.report(node, f"a binary scale with {len(labels)} labels", expected="2, or kind: graded or nominal")
        elif kind != ScaleKind.PREFERENCE and None not in passing and len(set(passing)) == 1:
            missing = "fails" if passing[0] else "passes"
            self.report(node, f"no label {missing}", expected="at least one that passes and one that fails")

    def examples(self, node: yaml.Node | None, labels: tuple[ScaleLabel, ...]) -> tuple[Example, ...]:
        nodes = self.sequence(node, "examples", "a list of examples")
        return tuple(self.example(each, labels) for each in nodes)

    def example(self, node: yaml.Node, labels: tuple[ScaleLabel, ...]) -> Example:
        found = self.fields(node, "an example", EXAMPLE_FIELDS, required=("label", "output"))
        for name in ("label", "mistaken_for"):
            self.check_label(found.get(name), name, labels)
        values = {name: self.text(found.get(name), name) for name in EXAMPLE_FIELDS}
        if values["label"] and values["label"] == values["mistaken_for"]:
            self.report(found["mistaken_for"], "an example mistaken for its own label", expected="another label")
        return Example(**values)

    def check_label(self, node: yaml.Node | None, what: str, labels: tuple[ScaleLabel, ...]) -> None:
        keys = [label.key for label in labels]
        if isinstance(node, yaml.ScalarNode) and node.value.strip() not in keys:
            self.report(node, f'{what} "{node.value[:50]}" is not in the scale', expected=", ".join(keys))

    def translation(self, node: yaml.Node, original: Question) -> Question:
        """The original with what was translated in its place; what was not stays in the original language."""
        found = self.fields(node, "a translation", TRANSLATION_FIELDS)
        examples = self.examples(found.get("examples"), original.labels)
        return replace(
            original,
            name=self.text(found.get("name"), "name") or original.name,
            question=self.text(found.get("question"), "question") or original.question,
            guidance=self.text(found.get("guidance"), "guidance") or original.guidance,
            labels=self.translated_labels(found.get("scale"), original.labels),
            examples=examples or original.examples,
        )

    def translated_labels(self, node: yaml.Node | None, labels: tuple[ScaleLabel, ...]) -> tuple[ScaleLabel, ...]:
        found = self.mapping(node, "scale of a translation") if node is not None else {}
        texts = {key: self.fields(value, "a translated label", LABEL_FIELDS[2:]) for key, (_, value) in found.items()}
        for key_node, _ in found.values():
            self.check_label(key_node, "label", labels)
        return tuple(
            replace(
                label,
                name=self.text(texts.get(label.key, {}).get("name"), "name") or label.name,
                description=self.text(texts.get(label.key, {}).get("description"), "description") or label.description,
            )
            for label in labels
        )

    def language(self, node: yaml.Node | None) -> str:
        name = self.text(node, "language").lower().replace("_", "-")
        if node is not None and name and not LANGUAGE.fullmatch(name):
            self.report(node, f'"{name}" is not a language', expected="a tag such as en, zh or zh-hans")
        return name

    def translated_language(self, node: yaml.Node, original: str) -> str:
        name = self.language(node)
        if name == original:
            self.report(node, f'"{name}" is the language of the rubric itself', expected="another language")
        return name

    def key(self, node: yaml.Node | None, what: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self.text(node, what)
        if node is not None and value and not pattern.fullmatch(value):
            self.report(node, f'"{value[:60]}" cannot be a key', expected=expected)
        return value

    def unique(self, keys: list[str], nodes: list[yaml.Node], what: str) -> None:
        seen: set[str] = set()
        for key, node in zip(keys, nodes, strict=True):
            if key and key in seen:
                self.report(node, f'two {what} are named "{key}"', expected="a key of its own")
            seen.add(key)
