"""What people's answers are worth, and how sure they make us of a label. Pure; workers fit the tables (STATISTICS §5).

Person j gives the answer a to a case whose label is k with probability C_j[a | k]. A person of whom nothing is known
has the prior mean of Dawid & Skene's model with Dirichlet 4 on the diagonal and 1 beside it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Dirichlet prior of a person's answers: an unknown person is right 4 : 1 against each other label.
PRIOR_RIGHT, PRIOR_WRONG = 4.0, 1.0
#: Probabilities below this count as this much: neither a machine nor a person vetoes a label for good.
FLOOR = 1e-6
#: More people than this share a table of calibration.
MOST_COUNTED = 3

#: Rows: the label of the case; columns: the answer; both in the scale's order.
type Confusion = Sequence[Sequence[float]]
#: (q, share of such labels that adjudicators found right), by q.
type Breakpoints = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Said:
    """One person's answer; ``rater`` is None for somebody whose skill nobody could know."""

    label: str
    rater: int | None = None


@dataclass(frozen=True, slots=True)
class Skills:
    """What is known of people on one criterion.

    ``confusions``: by rater. ``calibration``: by number of people, ``MOST_COUNTED`` standing for more; a number that
    is missing is not calibrated.
    """

    confusions: Mapping[int, Confusion] = field(default_factory=dict)
    calibration: Mapping[int, Breakpoints] = field(default_factory=dict)


#: Nobody is known and nothing is calibrated.
UNKNOWN = Skills()


def prior_mean(n_labels: int) -> Confusion:
    """How somebody unknown answers.

    >>> prior_mean(2)
    ((0.8, 0.2), (0.2, 0.8))
    """
    total = PRIOR_RIGHT + PRIOR_WRONG * (n_labels - 1)
    places = range(n_labels)
    return tuple(tuple((PRIOR_RIGHT if k == a else PRIOR_WRONG) / total for a in places) for k in places)


def soft_label(
    answers: Sequence[Said],
    labels: Sequence[str],
    *,
    prior: Mapping[str, float] | None = None,
    skills: Skills = UNKNOWN,
) -> dict[str, float]:
    """q(k) ∝ p̂(k) · Π_j C_j[answer of j | k]: the probability of each label of the scale ``labels``, not calibrated.

    ``prior`` is p̂ of the judge in force, uniform where there is none. Dawid & Skene (1979), Maximum likelihood
    estimation of observer error-rates, eq. 2.5, with the machine as the case's prior and never as one of the people.

    >>> round(soft_label([Said("yes"), Said("yes")], ["yes", "no"])["yes"], 4)  # 4·4 : 1·1
    0.9412
    >>> round(soft_label([Said("yes")], ["yes", "no"], prior={"yes": .2, "no": .8})["yes"], 4)  # .2·4 : .8·1
    0.5
    """
    unknown = prior_mean(len(labels))
    given = [(skills.confusions.get(each.rater or 0, unknown), labels.index(each.label)) for each in answers]
    scores = [
        math.log(max((prior or {}).get(label, 0.0), FLOOR) if prior else 1.0)
        + math.fsum(math.log(max(confusion[k][a], FLOOR)) for confusion, a in given)
        for k, label in enumerate(labels)
    ]
    raised = [math.exp(score - max(scores)) for score in scores]
    total = math.fsum(raised)
    return {label: each / total for label, each in zip(labels, raised, strict=True)}


def calibrated(q: float, n_people: int, skills: Skills) -> float | None:
    """The share of labels given by so many people with this q that adjudicators find right; None where unknown.

    Linear between the breakpoints, constant beyond them.

    >>> skills = Skills(calibration={2: [(.5, .6), (.9, .8)]})
    >>> calibrated(.7, 2, skills), calibrated(.99, 2, skills), calibrated(.7, 3, skills)
    (0.7, 0.8, None)
    """
    points = skills.calibration.get(min(n_people, MOST_COUNTED))
    if not points:
        return None
    place = bisect_right(points, q, key=lambda point: point[0])
    if place in (0, len(points)):
        return points[max(place - 1, 0)][1]
    (left, low), (right, high) = points[place - 1], points[place]
    return round(low + (high - low) * (q - left) / (right - left), 9)


def with_calibration(soft: Mapping[str, float], label: str, share: float | None) -> dict[str, float]:
    """``soft`` with ``label`` at its calibrated ``share``; the other labels divide the rest as they did before.

    >>> with_calibration({"a": .5, "b": .3, "c": .2}, "a", .8)
    {'a': 0.8, 'b': 0.12, 'c': 0.08}
    """
    if share is None:
        return dict(soft)
    others = math.fsum(value for key, value in soft.items() if key != label)
    even = 1 / max(len(soft) - 1, 1)
    return {
        key: share if key == label else round((1 - share) * (value / others if others else even), 12)
        for key, value in soft.items()
    }
