"""How often labels with a given q are right: a monotone table, cross-fitted on cases that an adjudicator decided.

For labels i with q_i, r_i = 1 where the adjudicator agreed and weight w_i = 1 / probability of the draw: for each of F
folds the isotonic regression of the other folds, m_f = argmin over increasing m of Σ_{i not in f} w_i (r_i − m(q_i))²
(Barlow et al. 1972; calibration: Zadrozny & Elkan 2002, KDD), linear between its blocks. The table is the mean of the
m_f. With n' = (Σ w)² / Σ w² cases' worth of evidence (Kish 1965) no share is told beyond 1 / (n' + 2) and
(n' + 1) / (n' + 2), Laplace's rule of succession: that nobody erred in a block is no proof that nobody errs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import IsotonicRegression

FOLDS = 5

type Column = NDArray[np.float64]


def calibrate_labels(
    *, q: ArrayLike, is_right: Sequence[bool], weight: ArrayLike, folds: int = FOLDS
) -> tuple[tuple[float, float], ...]:
    """Breakpoints (q, share right) for judge.rules.skills.calibrated; every ``folds``-th case makes a fold.

    Raises ValueError for fewer cases than folds.

    >>> calibrate_labels(q=[.6] * 10, is_right=[True, False] * 5, weight=[1.0] * 10)  # folds with 4, 5 of 8 right
    ((0.6, 0.5),)
    """
    said, right = np.asarray(q, dtype=np.float64), np.asarray(is_right, dtype=np.float64)
    weights = np.asarray(weight, dtype=np.float64)
    if not len(said) == len(right) == len(weights) >= folds:
        raise ValueError(f"{len(said)} cases, {len(right)} readings, {len(weights)} weights: expected {folds} each")
    fold = np.arange(len(said)) % folds
    fits = [_fit(said[fold != f], right[fold != f], weights[fold != f]) for f in range(folds)]
    places: Column = np.unique(np.concatenate([fit.X_thresholds_ for fit in fits]))
    shares = np.mean([fit.predict(places) for fit in fits], axis=0)
    worth = weights.sum() ** 2 / (weights**2).sum()
    shares = np.clip(shares, 1 / (worth + 2), (worth + 1) / (worth + 2))
    return tuple((round(float(x), 6), round(float(y), 6)) for x, y in zip(places, shares, strict=True))


def _fit(q: Column, right: Column, weight: Column) -> IsotonicRegression:
    return IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(q, right, sample_weight=weight)
