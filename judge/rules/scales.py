"""A criterion's question and its scale of ordered labels. Pure records, shared by people's pages and prompts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ScaleKind(StrEnum):
    BINARY = "binary"  # two labels, one passes
    GRADED = "graded"  # ordered, worst to best or best to worst as listed
    NOMINAL = "nominal"  # named classes without an order
    PREFERENCE = "preference"  # which of two outputs is better; no label passes


@dataclass(frozen=True, slots=True)
class ScaleLabel:
    """One answer that a rater may give. ``passes`` is None on preference scales."""

    key: str
    passes: bool | None
    name: str = ""
    description: str = ""

    @property
    def title(self) -> str:
        return self.name or self.key.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Example:
    """An anchored example: an output with the label it deserves.

    ``mistaken_for`` names the label a hasty reader might choose instead: such an example is
    the *bad example* of that label, and a good one of ``label``.
    """

    label: str
    context: str
    output: str
    why: str = ""
    mistaken_for: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One criterion in one language: what is asked, how to answer, and the labels to choose from."""

    key: str
    question: str
    labels: tuple[ScaleLabel, ...]
    kind: ScaleKind = ScaleKind.BINARY
    name: str = ""
    guidance: str = ""
    examples: tuple[Example, ...] = ()
    translations: Mapping[str, Question] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.name or self.key.replace("_", " ")

    @property
    def label_keys(self) -> tuple[str, ...]:
        return tuple(label.key for label in self.labels)

    def passes(self, label: str | None) -> bool | None:
        """Whether a label passes; None for no label or a preference scale."""
        return next((each.passes for each in self.labels if each.key == label), None)

    def in_language(self, language: str) -> Question:
        """The question as readers of ``language`` see it: ``zh-hans`` falls back to ``zh``, then to the original."""
        short = language.split("-")[0]
        return self.translations.get(language) or self.translations.get(short) or self
