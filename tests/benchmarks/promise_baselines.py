"""The ways that others accept: what a certificate is measured against. No part of the product.

Each gives the threshold from which labels are accepted, ∞ for nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from judge.stats.selective import binomial_tail

type Numbers = NDArray[np.float64]


def tune(confidence: Numbers, is_correct: NDArray[np.bool_], alpha: float) -> float:
    """The lowest confidence from which the labelled cases themselves show at most alpha errors: no test at all."""
    order = np.argsort(-confidence, kind="stable")
    ordered = confidence[order]
    risk = np.cumsum(~is_correct[order]) / np.arange(1, len(order) + 1)
    is_last = np.append(ordered[1:] < ordered[:-1], True)  # cases with one confidence are accepted together
    good = np.flatnonzero(is_last & (risk <= alpha) & np.isfinite(ordered))
    return float(ordered[good[-1]]) if len(good) else math.inf


def descend(confidence: Numbers, is_correct: NDArray[np.bool_], grid: Numbers, alpha: float, delta: float) -> float:
    """Fixed-sequence testing: from the highest threshold down, each at all of delta, to the first that fails."""
    thresholds = -np.unique(-np.asarray(grid))
    n, errors = (
        len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")
        for scores in (confidence, confidence[~is_correct])
    )
    # a threshold with too few cases to ever pass would end it at once: it starts where one may (Angelopoulos et al.)
    passes = binomial_tail(errors, n, alpha) <= delta
    first = int(np.argmax((1 - alpha) ** n <= delta)) if ((1 - alpha) ** n <= delta).any() else len(n)
    failed = np.flatnonzero(~passes[first:])
    last = first + (int(failed[0]) if len(failed) else len(n) - first) - 1
    return float(thresholds[last]) if last >= first else math.inf
