"""How a judge's calibrator turns what its raters said into probabilities: stored numbers, plain Python. Pure.

Two forms. A *pool* weighs the raters' log-probabilities and is kind, temperature or identity. A *stack* weighs more of
what is known of an answer, and may straighten what comes out by a monotone table: :class:`Stack`. Workers fit them:
judge.stats.pooling, judge.stats.calibrators.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from judge.errors import InputError

#: Probabilities below this count as this much: no single rater may veto a label for good.
FLOOR = 1e-6
#: Pseudo-votes for each label where a rater gave a label and no probabilities (Jeffreys' prior).
PSEUDO_VOTES = 0.5

#: Label → probability.
type Probs = Mapping[str, float]
#: (p before, p after), by p before.
type Breakpoints = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One machine rater's answer: probabilities over the scale, a bare label, or unscored (both empty).

    ``is_suspicious``: the item's text tries to command the rater. ``by_order``: probabilities for each order in which
    the outputs of a pair were shown. ``outside``: the probability of anything but a label of the scale.
    """

    probs: Probs = field(default_factory=dict)
    label: str | None = None
    is_suspicious: bool = False
    by_order: Mapping[str, Probs] = field(default_factory=dict)
    outside: float = 0.0


@dataclass(frozen=True, slots=True)
class Pool:
    """Logarithmic opinion pool: z_k = b_k + Σ_r w_r · log p_r(k); p̂ = softmax(z / T).

    ``weights`` in the order of the judge's raters, empty: 1/R each. One rater with weight 1, T = 1 and no bias is the
    identity. Genest & Zidek (1986), Combining probability distributions; Guo et al. (2017) for the temperature.
    """

    weights: tuple[float, ...] = ()
    bias: Mapping[str, float] = field(default_factory=dict)
    temperature: float = 1.0

    @property
    def is_identity(self) -> bool:
        return self.temperature == 1.0 and not self.bias and self.weights in ((), (1.0,))


@dataclass(frozen=True, slots=True)
class Seat:
    """What one rater's answer counts: ``slopes`` by order of presentation ("" where there is none), ``vote`` for a bare
    label, ``outside`` for how much more or less its log-probabilities count for each unit of mass outside the scale."""

    slopes: Mapping[str, float]
    vote: float = 0.0
    outside: float = 0.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A conditional logit whose slopes are the same for every label k (McFadden 1974), and tables g_k on top:

        z_k = b_k + Σ_r x_r(k) + (c/R) ℓ Σ_r log p_r(k),    p = softmax(z),    p̂_k ∝ g_k(p_k)
        x_r(k) = Σ_o s_ro log p_ro(k) + v_r · outside_r · log p_r(k),    or u_r · 1[label_r = k] of a bare label

    o: orders of presentation. ℓ = (log(1 + length) − centre) / spread of the item's text, 0 where it is not told.
    ``tables``: g_k by label, linear between its breakpoints, as it is for labels without one.
    """

    seats: tuple[Seat, ...]
    bias: Mapping[str, float]
    length_slope: float = 0.0
    length_centre: float = 0.0
    length_spread: float = 1.0
    tables: Mapping[str, Breakpoints] = field(default_factory=dict)


type Calibrator = Pool | Stack


def combine(answers: Sequence[Answer], calibrator: Calibrator, labels: Sequence[str], length: int | None) -> Probs:
    """The judge's probabilities, of answers of which none is unscored. Raises InputError if it has other raters."""
    if isinstance(calibrator, Stack):
        return _stack(answers, calibrator, labels or tuple(calibrator.bias), length)
    if len(answers) == 1 and calibrator.is_identity and answers[0].probs:
        return answers[0].probs
    return _mix([spread(each, labels) for each in answers], calibrator)


def spread(answer: Answer, labels: Sequence[str]) -> Probs:
    """A bare label as (1 + ½) / (1 + K/2) for it and ½ / (1 + K/2) for each other: one vote, no certainty."""
    if answer.probs:
        return answer.probs
    total = 1.0 + PSEUDO_VOTES * len(labels)
    return {key: ((key == answer.label) + PSEUDO_VOTES) / total for key in labels}


def scaled_length(length: int | None, centre: float, spread_: float) -> float:
    return 0.0 if length is None else (math.log1p(length) - centre) / spread_


def interpolate(points: Breakpoints, x: float) -> float:
    """Linear between the breakpoints, constant beyond them.

    >>> interpolate([(.25, 0), (.75, .5)], .5), interpolate([(.25, 0), (.75, .5)], .9)
    (0.25, 0.5)
    """
    place = bisect_right(points, x, key=lambda point: point[0])
    if place in (0, len(points)):
        return points[max(place - 1, 0)][1]
    (left, low), (right, high) = points[place - 1], points[place]
    return low + (high - low) * (x - left) / (right - left)


def _mix(distributions: Sequence[Probs], pool: Pool) -> Probs:
    weights = pool.weights or (1.0 / len(distributions),) * len(distributions)
    _check_seats(len(weights), len(distributions))
    return softmax({key: _score(key, distributions, weights, pool) for key in distributions[0]})


def _score(key: str, distributions: Sequence[Probs], weights: Sequence[float], pool: Pool) -> float:
    said = math.fsum(weight * _log(each, key) for weight, each in zip(weights, distributions, strict=True))
    return (pool.bias.get(key, 0.0) + said) / pool.temperature


def _stack(answers: Sequence[Answer], stack: Stack, labels: Sequence[str], length: int | None) -> Probs:
    _check_seats(len(stack.seats), len(answers))
    long = stack.length_slope * scaled_length(length, stack.length_centre, stack.length_spread) / len(answers)
    probs = softmax(
        {
            key: stack.bias.get(key, 0.0)
            + math.fsum(_seat(each, seat, key) for each, seat in zip(answers, stack.seats, strict=True))
            + (long * math.fsum(_log(spread(each, labels), key) for each in answers) if long else 0.0)
            for key in labels
        }
    )
    raised = {
        key: max(FLOOR, interpolate(stack.tables[key], p)) if key in stack.tables else p for key, p in probs.items()
    }
    total = math.fsum(raised.values())
    return {key: value / total for key, value in raised.items()}


def _seat(answer: Answer, seat: Seat, key: str) -> float:
    if not answer.probs:
        return seat.vote * (answer.label == key)
    said = math.fsum(
        slope * _log(answer.by_order.get(order) or answer.probs, key) for order, slope in seat.slopes.items()
    )
    return said + seat.outside * answer.outside * _log(answer.probs, key)


def softmax(scores: Mapping[str, float]) -> dict[str, float]:
    top = max(scores.values())
    raised = {key: math.exp(score - top) for key, score in scores.items()}
    total = math.fsum(raised.values())
    return {key: value / total for key, value in raised.items()}


def _log(probs: Probs, key: str) -> float:
    return math.log(max(probs.get(key, 0.0), FLOOR))


def _check_seats(told: int, wanted: int) -> None:
    if told != wanted:
        raise InputError(f"the calibrator has {told} weights", expected=f"one for each of {wanted}")
