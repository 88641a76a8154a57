"""What an export says of itself: how many of its labels disagree with people, by stratum and overall.

A stratum is fixed by the decisions that made its labels. Labels that are the reference's own (adjudicated; audited and
corrected) hold no error. Of the others a simple random sample was checked and corrected; what is exported unchecked
is the rest. With M = rest + checked labels, k of n checked wrong, [K_low, K_high] the exact hypergeometric interval of
the errors among M (Clopper–Pearson for a finite population) at confidence 1 − .05/H over the H strata with a doubt:

    errors of the rest in [K_low − k − k', K_high − k − k'],     k' = errors among labels seen beyond that sample

The interval of a share of M would not do: what was checked is corrected, and where half was checked, the rest strays
from the sample by more than the sample strays from all. Overall: Σ ends / Σ labels, which holds because all H do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from judge.errors import InputError
from judge.stats.exact import count_in_population
from judge.stats.sampling import weighted_share
from judge.stats.selective import check_share

#: PPI++ leans on the normal curve; it is shown only with so many errors and so many others.
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Stratum:
    """``n_labels`` exported unchecked; ``n_wrong`` of ``n_checked`` in a simple random sample that people checked.

    ``n_seen`` and ``n_seen_wrong``: labels that people saw beyond that sample (see judge.stats.sampling.thin).
    ``is_reference``: the labels are the reference's own. ``bound``: an upper bound of the share of errors at
    confidence 1 − .05/H by another method (the running bound), to be taken instead of the sample.
    """

    name: str
    n_labels: int
    n_checked: int = 0
    n_wrong: int = 0
    n_seen: int = 0
    n_seen_wrong: int = 0
    is_reference: bool = False
    bound: float | None = None

    @property
    def is_in_doubt(self) -> bool:
        return self.n_labels > 0 and not self.is_reference


@dataclass(frozen=True, slots=True)
class StratumEstimate:
    """The share of errors of one stratum: ``value`` None where nothing was checked, and then [0, 1] is all known."""

    stratum: Stratum
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class QualityEstimate:
    """The share of the ``n_labels`` that disagree with people, with ``confidence`` for all strata at once."""

    strata: tuple[StratumEstimate, ...]
    n_labels: int
    value: float | None
    low: float
    high: float
    confidence: float


def estimate_quality(strata: Sequence[Stratum], *, confidence: float = 0.95) -> QualityEstimate | None:
    """None where there is no label at all.

    >>> strata = [Stratum("judge", 950, n_checked=50, n_wrong=2), Stratum("adjudicated", 50, is_reference=True)]
    >>> estimate_quality(strata).value  # (1000·2/50 − 2) / 1000
    0.038
    """
    check_share("confidence", confidence)
    n_labels = sum(stratum.n_labels for stratum in strata)
    if not n_labels:
        return None
    doubt = (1 - confidence) / max(1, sum(stratum.is_in_doubt for stratum in strata))
    found = tuple(_estimate(stratum, 1 - doubt) for stratum in strata)
    values = [each.value * each.stratum.n_labels for each in found if each.value is not None]
    return QualityEstimate(
        strata=found,
        n_labels=n_labels,
        value=sum(values) / n_labels if len(values) == len(found) else None,
        low=sum(each.low * each.stratum.n_labels for each in found) / n_labels,
        high=sum(each.high * each.stratum.n_labels for each in found) / n_labels,
        confidence=confidence,
    )


def _estimate(stratum: Stratum, confidence: float) -> StratumEstimate:
    _check(stratum)
    if not stratum.is_in_doubt:
        return StratumEstimate(stratum, 0.0, 0.0, 0.0)
    value = _rest(stratum, stratum.n_wrong / stratum.n_checked * _population(stratum)) if stratum.n_checked else None
    if stratum.bound is not None:
        return StratumEstimate(stratum, value, 0.0, stratum.bound)
    ends = count_in_population(stratum.n_wrong, stratum.n_checked, _population(stratum), confidence=confidence)
    return StratumEstimate(stratum, value, _rest(stratum, ends[0]), _rest(stratum, ends[1]))


def _population(stratum: Stratum) -> int:
    return stratum.n_labels + stratum.n_checked + stratum.n_seen


def _rest(stratum: Stratum, errors: float) -> float:
    """The share of errors in the rest, if there are so many ``errors`` in all."""
    return min(1.0, max(0.0, (errors - stratum.n_wrong - stratum.n_seen_wrong) / stratum.n_labels))


def _check(stratum: Stratum) -> None:
    checked_ok = 0 <= stratum.n_wrong <= stratum.n_checked and 0 <= stratum.n_seen_wrong <= stratum.n_seen
    if not checked_ok or stratum.n_labels < 0:
        raise InputError(
            f"{stratum.n_wrong} of {stratum.n_checked} and {stratum.n_seen_wrong} of {stratum.n_seen} wrong",
            where=f"stratum {stratum.name}",
            expected="no more errors than labels",
        )
    if stratum.bound is not None and not 0 <= stratum.bound <= 1:
        raise InputError(
            f"the bound is {stratum.bound}", where=f"stratum {stratum.name}", expected="a number in [0, 1]"
        )


@dataclass(frozen=True, slots=True)
class PassRate:
    """How much of what a generator wrote passes a criterion, beside what the judge alone would say."""

    value: float
    low: float
    high: float
    n: int
    effective_n: float
    judge_rate: float | None
    confidence: float


def estimate_pass_rate(
    passes: ArrayLike, probabilities: ArrayLike, *, judge_says_pass: ArrayLike = (), confidence: float = 0.95
) -> PassRate | None:
    """The share of passing cases from completed ones, each with the probability with which it was to be completed.

    ``judge_says_pass`` are all the judge's verdicts, completed or not: the raw rate. None without a completed case.

    >>> estimate_pass_rate([True, True, False], [1, 1, .25], judge_says_pass=[True] * 6).value  # 2 / (1 + 1 + 4)
    0.333...
    """
    check_share("confidence", confidence)
    found = weighted_share(np.asarray(passes, dtype=np.bool_), probabilities, confidence=confidence)
    if found is None:
        return None
    mean, low, high = found
    said = np.asarray(judge_says_pass, dtype=np.bool_).reshape(-1)
    raw = float(said.mean()) if len(said) else None
    return PassRate(mean.value, low, high, mean.n, mean.effective_n, raw, confidence)


@dataclass(frozen=True, slots=True)
class PpiEstimate:
    """Asymptotic: ``weight`` says how much the predictions were leaned on (0: not at all, 1: fully)."""

    value: float
    low: float
    high: float
    weight: float
    n_checked: int
    n_errors: int
    n_all: int


def estimate_with_predictions(
    is_error: ArrayLike, predicted: ArrayLike, predicted_unchecked: ArrayLike, *, confidence: float = 0.95
) -> PpiEstimate | None:
    """PPI++: the share of errors from few checked cases and predictions for all; None with under 20 of either kind.

    ``predicted`` (n) are the judge's probabilities of being wrong for the n checked cases, drawn at random,
    ``predicted_unchecked`` (N) those of the others:  θ = mean(e) − ω (mean f_n − mean f_N),
    ω = cov(e, f) / ((1 + n/N) var f) in [0, 1], variance var(e − ω f)/n + ω² var(f)/N.
    Angelopoulos, Duchi & Zrnic (2023), PPI++: Efficient prediction-powered inference.
    """
    check_share("confidence", confidence)
    wrong, said, others = (
        np.asarray(each, np.float64).reshape(-1) for each in (is_error, predicted, predicted_unchecked)
    )
    if len(wrong) != len(said):
        raise InputError(f"{len(wrong)} answers and {len(said)} predictions", expected="one of each a checked case")
    n, n_others, n_errors = len(wrong), len(others), int(wrong.sum())
    if min(n_errors, n - n_errors) < ENOUGH or not n_others:
        return None
    spread = np.concatenate([said, others]).var()
    weight = float(np.clip(np.cov(wrong, said)[0, 1] / ((1 + n / n_others) * spread), 0, 1)) if spread else 0.0
    value = float(wrong.mean() - weight * (said.mean() - others.mean()))
    variance = (wrong - weight * said).var(ddof=1) / n + weight**2 * others.var() / n_others
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    return PpiEstimate(value, max(0.0, value - reach), min(1.0, value + reach), weight, n, n_errors, n + n_others)
