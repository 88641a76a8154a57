"""Prompt templates: immutable, named, checked when they are made. ``sheets`` puts cases into them.

The part that many cases share comes first (instructions, worked examples, context) and the output last, so that a
server's prefix cache serves the cases of one context, and of one criterion, almost for free.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from judge.errors import InputError

RUBRIC_VARIABLES = ("criterion", "question", "guidance", "labels", "answers", "examples")
BODY_VARIABLES = (*RUBRIC_VARIABLES, "context", "output")
EXAMPLE_VARIABLES = ("question", "context", "output", "answer", "why")
TAIL_VARIABLES = ("criterion", "question", "answers")  # short, and the same for all cases of a criterion
SYSTEM_VARIABLES = RUBRIC_VARIABLES[:-1]


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A prompt in one language: ``system`` (may be empty), one worked ``example``, and the ``body``.

    Variables stand in braces; ``{context}`` comes before ``{output}``, after which only fixed words and a reminder of
    the question may follow. ``closing`` is for the rule *reasoned* alone: it asks for the answer once the model has
    given its reasons.
    """

    system: str
    example: str
    body: str
    closing: str = ""

    def as_record(self) -> list[str]:
        texts = [self.system, self.example, self.body]
        return [*texts, self.closing] if self.closing else texts


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """An immutable, named prompt, checked when it is made: a wrong variable is refused with the allowed ones."""

    name: str
    texts: Mapping[str, TemplateText]
    fenced: bool = True

    def __post_init__(self) -> None:
        if not self.texts:
            raise InputError(
                "the prompt has no text", where=f'prompt "{self.name}"', expected="a text for one language"
            )
        for language, text in self.texts.items():
            where = f'prompt "{self.name}" ({language})'
            _check(text.system, SYSTEM_VARIABLES, f"{where}, system")
            _check(text.example, EXAMPLE_VARIABLES, f"{where}, example")
            _check_body(_check(text.body, BODY_VARIABLES, f"{where}, body"), f"{where}, body")
            _check(text.closing, TAIL_VARIABLES, f"{where}, closing")

    def in_language(self, language: str) -> TemplateText:
        """The text for ``zh-hans`` is that for ``zh``, or else English, or else the first."""
        short = language.split("-")[0]
        found = self.texts.get(language) or self.texts.get(short) or self.texts.get("en")
        return found or next(iter(self.texts.values()))

    def as_record(self) -> dict[str, Any]:
        texts = {key: text.as_record() for key, text in sorted(self.texts.items())}
        return {"name": self.name, "fenced": self.fenced, "texts": texts}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> PromptTemplate:
        texts = {key: TemplateText(*parts) for key, parts in record["texts"].items()}
        return cls(name=record["name"], texts=texts, fenced=record["fenced"])

    @property
    def version(self) -> str:
        """Twelve hex digits of the text's hash: two prompts with one version are the same prompt."""
        canonical = json.dumps(self.as_record(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _check(text: str, allowed: Sequence[str], where: str) -> list[str]:
    expected = ", ".join(f"{{{name}}}" for name in allowed)
    try:
        parsed = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise InputError(f"the braces do not match ({error})", where=where, expected=expected) from None
    for _, name, form, conversion in parsed:
        if name not in allowed or form or conversion:
            shown = f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"
            raise InputError(f"unknown variable {{{shown}}}", where=where, expected=expected)
    return [str(name) for _, name, _, _ in parsed]


def _check_body(names: Sequence[str], where: str) -> None:
    for needed in ("context", "output"):
        if names.count(needed) != 1:
            raise InputError(f"{{{needed}}} appears {names.count(needed)} times", where=where, expected="exactly once")
    late = [name for name in names[names.index("output") + 1 :] if name not in TAIL_VARIABLES]
    if late:
        expected = "{output} last, so that cases of one context share the rest"
        raise InputError(f"{{{late[0]}}} comes after {{output}}", where=where, expected=expected)
