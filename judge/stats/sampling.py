"""Means of a population from cases that were drawn with known, unequal probabilities.

With inclusion probabilities π_i > 0 and weights w_i = 1/π_i over the drawn cases:

    Horvitz–Thompson   Σ w_i y_i / N             (1952, JASA 47:663-685)
    Hájek              Σ w_i y_i / Σ w_i = m     (1971), steadier where N̂ = Σ w_i varies with the draw

Draws are independent (Poisson sampling), so with r_i = y_i or y_i − m the variance is estimated by
Σ w_i² (1 − π_i) r_i² / N² (N̂² for Hájek); Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, §5.7.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from judge.errors import InputError
from judge.rules.streams import Stream, StreamRates
from judge.stats.exact import clopper_pearson

type Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """``effective_n``: as many cases drawn with equal probability would say as much; ∞ where all were drawn."""

    value: float
    variance: float
    n: int
    effective_n: float


def inclusion(rates: StreamRates, streams: Collection[Stream], *, audit_probability: float = 0.0) -> float:
    """The probability that an item falls into one of ``streams``, or is open, accepted and audited.

    >>> round(inclusion(StreamRates(.1, .2, .05), {Stream.CERTIFY, Stream.GOLD}, audit_probability=.1), 4)
    0.315
    """
    drawn = sum(rates.of(stream) for stream in streams)
    return drawn + (0.0 if Stream.OPEN in streams else rates.of(Stream.OPEN) * audit_probability)


def weigh(probabilities: ArrayLike) -> Numbers:
    """1/π for each case; a case that could not have been drawn has no weight that would mend that."""
    given = np.asarray(probabilities, dtype=np.float64).reshape(-1)
    wrong = ~((given > 0) & (given <= 1))
    if wrong.any():
        place = int(wrong.argmax())
        raise InputError(
            f"the probability is {given[place]}", where=f"case {place + 1}", expected="a number above 0, at most 1"
        )
    weights: Numbers = 1 / given
    return weights


def horvitz_thompson(values: ArrayLike, probabilities: ArrayLike, total: int) -> WeightedMean:
    """The mean over all ``total`` cases of the population.

    >>> horvitz_thompson([1, 0, 1], [.5, .5, .25], 10).value  # (2 + 0 + 4) / 10
    0.6
    """
    numbers, weights = _read(values, probabilities)
    if total < len(numbers) or not total:
        raise InputError(f"{len(numbers)} cases were drawn from {total}", expected="a population that holds them")
    variance = float((weights * (weights - 1) * numbers**2).sum()) / total**2
    return WeightedMean(float(weights @ numbers) / total, variance, len(numbers), _effective(weights))


def hajek(values: ArrayLike, probabilities: ArrayLike) -> WeightedMean | None:
    """The mean by the drawn cases' own weights; None without a case.

    >>> hajek([1, 0, 1], [.5, .5, .25]).value  # (2 + 4) / (2 + 2 + 4)
    0.75
    """
    numbers, weights = _read(values, probabilities)
    if not len(numbers):
        return None
    mean = float(weights @ numbers / weights.sum())
    variance = float((weights * (weights - 1) * (numbers - mean) ** 2).sum()) / float(weights.sum()) ** 2
    return WeightedMean(mean, variance, len(numbers), _effective(weights))


def weighted_share(
    hits: ArrayLike, probabilities: ArrayLike, *, confidence: float = 0.95
) -> tuple[WeightedMean, float, float] | None:
    """A share of the population with the ends of its interval; None without a case.

    Clopper–Pearson at the effective number of cases, the smaller of m(1 − m)/variance and (Σw)²/Σw²(1 − π): Korn &
    Graubard (1998), Survey Methodology 24:193-201. Unlike m ± 1.96 s.e. it says something where no hit was drawn.
    """
    found = hajek(hits, probabilities)
    if found is None:
        return None
    n, value = found.effective_n, min(1.0, found.value)  # where all are hits, rounding may leave a little more
    if found.variance > 0 and value < 1:
        n = min(n, value * (1 - value) / found.variance)
    if math.isinf(n):
        return replace(found, value=value), value, value
    ends = clopper_pearson(min(value * n, n), n, confidence=confidence)
    return WeightedMean(value, found.variance, found.n, n), ends.low, ends.high


def thin(probabilities: ArrayLike, uniforms: ArrayLike, *, least: float) -> NDArray[np.bool_]:
    """Which drawn cases form a sample of *equal* probability ``least``: each stays with probability least / π_i.

    ``least`` is the smallest π of any period, one without draws included; ``uniforms`` are independent of the draws and
    of the answers. What stays was drawn with the same probability whatever the day, so exact intervals hold for it
    under any drift; the others need no estimate, they were seen.
    """
    given, drawn = 1 / weigh(probabilities), np.asarray(uniforms, dtype=np.float64).reshape(-1)
    if len(given) != len(drawn):
        raise InputError(f"{len(given)} probabilities and {len(drawn)} uniform numbers", expected="one of each a case")
    if not 0 < least <= given.min(initial=1.0) + 1e-12:
        raise InputError(f"the least probability is {least}", expected="above 0 and no larger than any case's")
    stays: NDArray[np.bool_] = drawn * given < least
    return stays


def _effective(weights: Numbers) -> float:
    spread = float((weights * (weights - 1)).sum())
    return float(weights.sum()) ** 2 / spread if spread > 0 else math.inf


def _read(values: ArrayLike, probabilities: ArrayLike) -> tuple[Numbers, Numbers]:
    numbers, weights = np.asarray(values, dtype=np.float64).reshape(-1), weigh(probabilities)
    if len(numbers) != len(weights):
        raise InputError(f"{len(numbers)} values and {len(weights)} probabilities", expected="one of each a case")
    if not np.isfinite(numbers).all():
        raise InputError("a value is missing", expected="numbers; leave out cases that nobody completed")
    return numbers, weights
