"""How machine answers to one case become the judge's verdict. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from judge.rules.calibrator_records import read_calibrator
from judge.rules.calibrators import FLOOR, PSEUDO_VOTES, Answer, Calibrator, Pool, Probs, Stack, combine

__all__ = ["FLOOR", "PSEUDO_VOTES", "Answer", "Doubt", "Opinion", "Pool", "Stack", "opine", "read_calibrator"]


class Doubt(StrEnum):
    """Why a verdict is never accepted, however confident. A certificate must count such a case as score −∞."""

    NONE = ""
    JUDGES_DISAGREE = "judges_disagree"
    SUSPICIOUS = "suspicious"


#: Raters who hold this share of a judge's weight and name another label leave its verdict in doubt.
DISSENT = 0.25


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict before it is a row. Unscored: no label, no confidence."""

    label: str | None = None
    probs: Probs = field(default_factory=dict)
    confidence: float | None = None
    doubt: Doubt = Doubt.NONE


def opine(
    answers: Sequence[Answer], calibrator: Calibrator, labels: Sequence[str] = (), *, length: int | None = None
) -> Opinion:
    """The verdict of a judge whose raters gave ``answers``, in the order of its seats; ``labels`` is the scale.

    ``length``: characters of the item's text, for calibrators that look at it. An unscored answer makes an unscored
    verdict: nothing is guessed in its place. Text that commands the judge leaves the verdict in doubt, and so do raters
    who together hold a quarter of the judge's weight and name another label.

    >>> two = [Answer({"yes": .9, "no": .1}), Answer({"yes": .5, "no": .5})]
    >>> opinion = opine(two, Pool())  # √(.9·.5) : √(.1·.5) = 3 : 1
    >>> opinion.label, round(opinion.confidence, 3)
    ('yes', 0.75)
    """
    doubt = Doubt.SUSPICIOUS if any(each.is_suspicious for each in answers) else Doubt.NONE
    if not answers or any(not each.probs and each.label is None for each in answers):
        return Opinion(doubt=doubt)
    probs = combine(answers, calibrator, labels, length)
    label = max(probs, key=lambda key: probs[key])
    if doubt is Doubt.NONE and _dissent(answers, calibrator, label) >= DISSENT:
        doubt = Doubt.JUDGES_DISAGREE
    return Opinion(label, probs, min(1.0, probs[label]), doubt)


def _dissent(answers: Sequence[Answer], calibrator: Calibrator, label: str) -> float:
    """The share of the judge's weight that names another label than the verdict. A rater whom people's labels gave no
    weight is not heard: it would send every case to people. 0 for a single rater."""
    if len(answers) == 1 or len({_choice(each) for each in answers}) == 1:
        return 0.0
    weights = _weights(answers, calibrator)
    against = math.fsum(w for w, each in zip(weights, answers, strict=True) if _choice(each) != label)
    return against / (math.fsum(weights) or 1.0)


def _weights(answers: Sequence[Answer], calibrator: Calibrator) -> Sequence[float]:
    """What each rater counts, in the order of the seats."""
    if isinstance(calibrator, Stack):
        return [math.fsum(seat.slopes.values()) + seat.vote for seat in calibrator.seats]
    return calibrator.weights or [1.0] * len(answers)


def _choice(answer: Answer) -> str | None:
    return answer.label or max(answer.probs, key=lambda key: answer.probs[key])
