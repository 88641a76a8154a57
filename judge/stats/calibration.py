"""Whether confidences mean what they say: smooth ECE, the Brier score in three parts with its diagram, pass rates.

``confidence`` (n) are numbers from 0 to 1, ``is_correct`` (n) whether people agree. Unscored verdicts have no
confidence and do not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct, idct
from scipy.optimize import brentq, isotonic_regression

from judge.errors import InputError
from judge.stats.intervals import wilson
from judge.stats.records import Share

type Rows = NDArray[np.float64]
type Flags = NDArray[np.bool_]

#: Places on [0, 1] to which residuals are rounded before they are smoothed.
_GRID = 4096
DRAWS = 400
#: A diagram has no more points than this.
POINTS = 200


def smooth_ece(*, confidence: ArrayLike, is_correct: ArrayLike) -> float:
    """The smooth calibration error: the σ at which it equals the error smoothed with σ.

        smECE_σ = ∫₀¹ |(1/n) Σ_i (y_i − s_i) K_σ(t, s_i)| dt,    smECE = the σ with smECE_σ = σ

    K_σ: the Gaussian kernel, reflected at 0 and 1 (in the cosine basis a factor e^{−π²k²σ²/2}). It has no bins to
    choose and moves little when confidences do; of calibrated ones it is small and, in a sample, never 0. Błasiok &
    Nakkiran (2024), Smooth ECE, ICLR.

    >>> round(smooth_ece(confidence=[.9] * 100, is_correct=[1] * 70 + [0] * 30), 3)  # .9 said, .7 true
    0.2
    """
    said, right = _read(confidence, is_correct)
    places = np.minimum((said * _GRID).astype(np.int64), _GRID - 1)
    waves = dct(np.bincount(places, weights=right - said, minlength=_GRID) / len(said), norm="ortho")
    squares = (np.pi * np.arange(_GRID)) ** 2 / 2

    def above(sigma: float) -> float:
        return float(np.abs(idct(waves * np.exp(-squares * sigma**2), norm="ortho")).sum()) - sigma

    return min(1.0, float(brentq(above, 0.0, 2.0, xtol=1e-6))) if above(0.0) > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Brier:
    """``score`` = ``miscalibration`` − ``discrimination`` + ``uncertainty``, over ``n`` cases."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    n: int


def brier(*, confidence: ArrayLike, is_correct: ArrayLike) -> Brier:
    """The Brier score in three parts, none of them below 0, by isotonic recalibration (CORP).

    With c the isotonic regression of y on s and ȳ the mean of y: S = mean (s − y)², S_c = mean (c − y)², S_r = mean
    (ȳ − y)²; MCB = S − S_c, DSC = S_r − S_c, UNC = S_r. Dimitriadis, Gneiting & Jordan (2021), PNAS 118:e2016191118.

    >>> found = brier(confidence=[.2, .2, .8, .8], is_correct=[0, 0, 1, 1])  # c = 0, 0, 1, 1
    >>> [round(each, 3) for each in (found.score, found.miscalibration, found.discrimination, found.uncertainty)]
    [0.04, 0.04, 0.25, 0.25]
    """
    said, right = _read(confidence, is_correct)
    _, inverse, times = np.unique(said, return_inverse=True, return_counts=True)
    straight = _recalibrate(np.bincount(inverse, weights=right), times)[inverse]
    score, best, flat = (float(np.mean((each - right) ** 2)) for each in (said, straight, right.mean()))
    return Brier(score, score - best, flat - best, flat, len(said))


@dataclass(frozen=True, slots=True)
class Diagram:
    """The reliability diagram: at each of ``confidence`` (rising) the isotonic share right, and the band in which that
    share lies with probability ``level`` at each point where confidences mean what they say; ``times``: cases there."""

    confidence: Rows
    share_right: Rows
    low: Rows
    high: Rows
    times: NDArray[np.int64]
    level: float


def diagram(
    *, confidence: ArrayLike, is_correct: ArrayLike, level: float = 0.9, draws: int = DRAWS, seed: int = 0
) -> Diagram:
    """CORP's diagram with consistency bands: quantiles of isotonic fits to labels drawn with P(right) = confidence.

    More than ``POINTS`` distinct confidences are rounded to 1/``POINTS`` for it. Dimitriadis, Gneiting & Jordan (2021).
    """
    said, right = _read(confidence, is_correct)
    if not 0 < level < 1:
        raise InputError(f"level is {level}", expected="between 0 and 1")
    if len(np.unique(said)) > POINTS:
        said = np.round(said * POINTS) / POINTS
    places, inverse, times = np.unique(said, return_inverse=True, return_counts=True)
    hits = np.random.default_rng(seed).binomial(times, places, size=(draws, len(places)))
    fits = np.array([_recalibrate(each, times) for each in hits])
    low, high = np.quantile(fits, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Diagram(places, _recalibrate(np.bincount(inverse, weights=right), times), low, high, times, level)


def _recalibrate(hits: ArrayLike, times: NDArray[np.int64]) -> Rows:
    fitted: Rows = isotonic_regression(np.asarray(hits) / times, weights=times).x
    return np.clip(fitted, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a judge says against what people say, pass or fail; each rate with its interval, None values where n is 0.

    ``true_negative``: of what people fail, the share that the judge fails too. A judge that passes everything has 0.
    """

    n_both_pass: int
    n_both_fail: int
    n_judge_alone_passes: int
    n_people_alone_pass: int
    accuracy: Share
    true_positive: Share
    true_negative: Share
    precision: Share


def confusion(*, says_pass: ArrayLike, is_pass: ArrayLike, confidence: float = 0.95) -> Confusion:
    """Count ``says_pass`` (the judge's, n) against ``is_pass`` (people's, n); Wilson intervals.

    >>> found = confusion(says_pass=[1, 1, 1, 1], is_pass=[1, 1, 1, 0])
    >>> found.accuracy.value, found.true_negative.value
    (0.75, 0.0)
    """
    said, right = _read_flags("says_pass", says_pass), _read_flags("is_pass", is_pass)
    if len(said) != len(right):
        raise InputError(f"{len(said)} verdicts, {len(right)} readings", expected="one of each per case")
    both, neither = int((said & right).sum()), int((~said & ~right).sum())
    over, under = int((said & ~right).sum()), int((~said & right).sum())

    def share(n_hits: int, n: int) -> Share:
        ends = wilson(n_hits, n, confidence=confidence)
        return Share(n_hits, n, ends.low if ends else 0.0, ends.high if ends else 1.0, confidence)

    return Confusion(
        both,
        neither,
        over,
        under,
        accuracy=share(both + neither, len(said)),
        true_positive=share(both, both + under),
        true_negative=share(neither, neither + over),
        precision=share(both, both + over),
    )


def confusion_table(*, said: ArrayLike, label: ArrayLike, n_labels: int) -> NDArray[np.int64]:
    """Counts (K × K): people's label × the judge's, codes from 0.

    >>> confusion_table(said=[0, 1, 1], label=[0, 0, 1], n_labels=2).tolist()
    [[1, 1], [0, 1]]
    """
    ours, theirs = np.asarray(said), np.asarray(label)
    if ours.shape != theirs.shape or ours.ndim != 1:
        raise InputError(f"{ours.shape} verdicts, {theirs.shape} labels", expected="one of each per case")
    if ours.size and not (min(ours.min(), theirs.min()) >= 0 and max(ours.max(), theirs.max()) < n_labels):
        raise InputError("a label's code is out of range", expected=f"0 to {n_labels - 1}")
    codes = (theirs * n_labels + ours).astype(np.int64)
    return np.bincount(codes, minlength=n_labels**2).reshape(n_labels, n_labels)


def _read(confidence: ArrayLike, is_correct: ArrayLike) -> tuple[Rows, Rows]:
    said, right = np.asarray(confidence, dtype=np.float64), _read_flags("is_correct", is_correct)
    if said.shape != right.shape:
        raise InputError(f"{said.shape} confidences, {right.shape} readings", expected="one of each per case")
    if not said.size:
        raise InputError("there is no case", expected="one at least")
    if not ((said >= 0) & (said <= 1)).all():
        raise InputError("a confidence is out of range", expected="from 0 to 1")
    return said, right.astype(np.float64)


def _read_flags(name: str, given: ArrayLike) -> Flags:
    flags = np.asarray(given)
    if flags.ndim != 1 or not np.isin(flags, (0, 1)).all():
        raise InputError(f"{name} holds what is neither true nor false", expected="one flag per case")
    return flags.astype(np.bool_)
