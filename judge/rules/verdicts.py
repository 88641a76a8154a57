"""How machine answers to one case become the judge's verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """One machine rater's answer: probabilities over the scale, or unscored (``probs`` empty)."""

    probs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict before it is a row. Unscored: no label, no confidence."""

    label: str | None = None
    probs: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None


def opine(answers: Sequence[Answer], calibrator: Mapping[str, object]) -> Opinion:
    """The verdict of a judge with one rater and the identity calibrator.

    An unscored answer makes an unscored verdict: nothing is guessed in its place.
    """
    kind = calibrator.get("kind", "identity")
    if kind != "identity" or len(answers) != 1:
        raise ValueError(f"a judge of {len(answers)} raters with calibrator {kind!r} cannot be computed yet")
    (answer,) = answers
    if not answer.probs:
        return Opinion()
    label = max(answer.probs, key=lambda key: answer.probs[key])
    return Opinion(label, answer.probs, min(1.0, answer.probs[label]))
