"""A criterion's question and its scale of ordered labels. Pure records, shared by people's pages and prompts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from judge.errors import InputError


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


#: Words in label keys that name the first and the second output of a pair.
_SIDES = (("a", "b"), ("first", "second"), ("left", "right"))


def mirror(question: Question) -> dict[str, str]:
    """What each label of a preference means when the two outputs of the pair change places.

    The sides are read off the keys: ``a`` and ``b``, ``much_a`` and ``much_b``, ``first`` and ``second``. A label
    that names no side (``equal``) stays itself. Raises InputError where no label names a side, or only one does.

    >>> mirror(Question("better", "Which?", tuple(ScaleLabel(key, None) for key in ("a", "equal", "b"))))
    {'a': 'b', 'equal': 'equal', 'b': 'a'}
    """
    swapped = {key: _swap_side(key) for key in question.label_keys}
    if set(swapped.values()) != set(swapped) or all(key == other for key, other in swapped.items()):
        raise InputError(
            f'criterion "{question.key}" does not say which label means which output of a pair',
            where=", ".join(question.label_keys),
            expected="labels such as a, b and equal",
        )
    return swapped


def depends_on_order(by_order: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether a rater's likeliest label for a pair changes with the order in which the two outputs are shown.

    >>> depends_on_order({"ab": {"a": 0.9, "b": 0.1}, "ba": {"a": 0.4, "b": 0.6}})
    True
    """
    return len({max(probs, key=lambda label: probs[label]) for probs in by_order.values() if probs}) > 1


def side_of(label: str) -> str:
    """``a`` or ``b`` for a label of a preference that names that output, else nothing."""
    words = _words(label)
    return next((side for pair in _SIDES for side, name in zip("ab", pair, strict=True) if name in words), "")


def expected_score(probs: Mapping[str, float], question: Question) -> float | None:
    """The mean place of the answer on the scale: 0 for the worst label, 1 for the best, equal steps between.

    E = Σ p(label) · rank(label) / (K - 1), rank counted from the worst. Which end is best is read off the labels that
    pass. None where labels have no order (nominal scales, preferences) or there are no probabilities.

    >>> graded = tuple(ScaleLabel(key, key != "bad") for key in ("excellent", "good", "bad"))
    >>> expected_score({"excellent": 0.5, "good": 0.25, "bad": 0.25}, Question("k", "?", graded, ScaleKind.GRADED))
    0.625
    """
    if question.kind not in (ScaleKind.BINARY, ScaleKind.GRADED) or not probs or len(question.labels) < 2:
        return None
    ranked = best_first(question)
    last = len(ranked) - 1
    return math.fsum(probs.get(key, 0.0) * (last - place) / last for place, key in enumerate(ranked))


def best_first(question: Question) -> tuple[str, ...]:
    """The labels of an ordered scale from best to worst: it may be written either way, passing labels are the better.

    >>> best_first(Question("k", "?", (ScaleLabel("bad", False), ScaleLabel("good", True)), ScaleKind.GRADED))
    ('good', 'bad')
    """
    places = [place for place, label in enumerate(question.labels) if label.passes]
    middle = (len(question.labels) - 1) / 2
    is_turned = bool(places) and sum(places) / len(places) > middle
    return question.label_keys[::-1] if is_turned else question.label_keys


def _words(key: str) -> list[str]:
    return key.replace("-", "_").split("_")


def _swap_side(key: str) -> str:
    """
    >>> _swap_side("much_a"), _swap_side("equal"), _swap_side("second")
    ('much_b', 'equal', 'first')
    """
    for first, second in _SIDES:
        other = {first: second, second: first}
        if set(_words(key)) & other.keys():
            return "".join(other.get(part, part) for part in re.split("([_-])", key))
    return key
