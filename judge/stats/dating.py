"""When did risk change? The audits of an alarm, cut in two where the cut explains them best.

Of audits 0 … t−1 in acceptance order, e_i = 1 where people disagree. Suppose risk was r_0 before audit j and r_1 from j
on, r_1 > r_0 and r_1 ≥ alpha. With k_0 errors among the j before and k_1 among the t − j after:

    ℓ(j) = max over r_0, r_1 of the log likelihood = h(k_0, j) + h(k_1, t − j)
    h(k, n) = k log(k/n) + (n − k) log(1 − k/n)

The likeliest j has the greatest ℓ; plausible are all j with ℓ(j) ≥ max ℓ − log ``SUPPORT`` (Hinkley 1970, Biometrika
57:1-17; support intervals: Royall 1997, Statistical Evidence). An audit is drawn by chance alone, so its e says the
same whatever its probability was. docs/adr/0010 says why
judge.stats.drift.estimate_change does not date what is doubted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from judge.errors import InputError

type Rows = NDArray[np.float64]

#: How many times less likely than the likeliest a date may be and still be plausible: so the true date is among them in
#: 92 to 98 % of simulated changes (docs/adr/0010).
SUPPORT = 100.0


@dataclass(frozen=True, slots=True)
class Change:
    """Places (from 0) of the first audit after the change. Doubt what was accepted from ``earliest`` on; rely for a new
    certificate on nothing before ``latest``."""

    earliest: int
    likeliest: int
    latest: int


def date_change(is_error: ArrayLike, *, alpha: float) -> Change:
    """Date the change in audits up to an alarm. All of them, where no cut leaves a risk above alpha after it.

    >>> date_change([0] * 40 + [1, 1, 1, 1], alpha=.1)
    Change(earliest=38, likeliest=40, latest=40)
    """
    errors = np.asarray(is_error, dtype=np.float64)
    if errors.ndim != 1 or not errors.size or not np.isin(errors, (0, 1)).all():
        raise InputError("no audits, or one that is neither an error nor none", expected="0 or 1 for each")
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}", expected="between 0 and 1")
    n_before = np.arange(len(errors))
    n_after = len(errors) - n_before
    before = np.cumsum(errors) - errors
    after = errors.sum() - before
    likelihood = _fitted(before, n_before) + _fitted(after, n_after)
    rises = after / n_after >= np.maximum(alpha, before / np.maximum(n_before, 1))
    if not rises.any():
        return Change(0, 0, 0)
    likelihood[~rises] = -np.inf
    best = int(likelihood.argmax())
    plausible = np.flatnonzero(likelihood >= likelihood[best] - np.log(SUPPORT))
    return Change(int(plausible[0]), best, int(plausible[-1]))


def _fitted(hits: Rows, n: NDArray[np.int64]) -> Rows:
    share = hits / np.maximum(n, 1)
    logs: Rows = xlogy(hits, share) + xlogy(n - hits, 1 - share)
    return logs
