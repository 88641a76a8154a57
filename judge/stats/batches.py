"""A batch that waited for a certificate: may the rest of it be accepted, given a simple random sample that people saw?

A certificate that arrives late speaks of its frame; the cases that wait are what queues and retries left over. So they
are tested by themselves. N cases wait with K errors, K unknown; people answer a simple random sample of n and find X
errors; accepted would be the R = N − n others, whose K − X errors must not exceed alpha·R. With

    K_x = x + ⌊alpha·R⌋ + 1     the fewest errors in the batch at which x in the sample leave too many in the rest
    p(x) = P( Hypergeometric(N, K_x, n) ≤ x )

passing iff p(X) ≤ level holds P(passed and too many errors in the rest) ≤ level for every K: it happens iff
X ≤ min(c, m) with c the most errors that pass and m = K − ⌊alpha·R⌋ − 1; with x = min(c, m), K ≥ K_x and so
P_K(X ≤ x) ≤ p(x) ≤ p(c) ≤ level (p rises with x: one error more in the batch is at most one more in the sample).
No model of the errors is assumed: the sample's randomness is all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import hypergeom

from judge.errors import InputError
from judge.stats.selective import check_share

#: A waiting batch spends this part of delta.
BATCH_PART = 10


@dataclass(frozen=True, slots=True)
class BatchTest:
    """``n_accepted`` cases of the batch may be accepted: 0 where the sample did not pass."""

    n_waiting: int
    n_sampled: int
    errors: int
    alpha: float
    level: float
    p_value: float

    @property
    def is_passed(self) -> bool:
        return self.p_value <= self.level

    @property
    def n_accepted(self) -> int:
        return self.n_waiting - self.n_sampled if self.is_passed else 0


def check_batch(*, n_waiting: int, n_sampled: int, errors: int, alpha: float, delta: float) -> BatchTest:
    """The exact test at delta/10 of ``errors`` among ``n_sampled`` of ``n_waiting`` cases.

    >>> found = check_batch(n_waiting=1000, n_sampled=60, errors=0, alpha=.1, delta=.1)
    >>> found.is_passed, found.n_accepted
    (True, 940)
    """
    check_share("alpha", alpha)
    check_share("delta", delta)
    if not 0 <= errors <= n_sampled <= n_waiting:
        raise InputError(
            f"{errors} errors in a sample of {n_sampled} from {n_waiting}",
            where="waiting batch",
            expected="errors within the sample, the sample within the batch",
        )
    p_value = _p_value(n_waiting, n_sampled, errors, alpha)
    return BatchTest(n_waiting, n_sampled, errors, alpha, delta / BATCH_PART, p_value)


def sample_needed(n_waiting: int, *, alpha: float, true_risk: float, delta: float, power: float = 0.9) -> int | None:
    """How many waiting cases people must answer so that the rest passes with probability ``power``.

    A size that suffices; because counts are whole, a slightly smaller one may as well. None where no part of the batch
    does: the true risk is not below alpha, or the batch is so small that people answer all of it.
    """
    check_share("alpha", alpha)
    check_share("delta", delta)
    check_share("power", power)
    if not 0 <= true_risk < alpha or n_waiting < 2:
        return None
    level, wrong = delta / BATCH_PART, round(true_risk * n_waiting)
    size = 1
    while size < n_waiting and not _suffices(n_waiting, size, wrong, alpha, level, power):
        size = max(size + 1, size * 3 // 2)
    low, high = size * 2 // 3, min(size, n_waiting)
    while low < high:
        middle = (low + high) // 2
        if _suffices(n_waiting, middle, wrong, alpha, level, power):
            high = middle
        else:
            low = middle + 1
    return high if high < n_waiting else None


def _p_value(n_waiting: int, n_sampled: int, errors: int, alpha: float) -> float:
    rest = n_waiting - n_sampled
    if not rest:
        return 1.0  # nothing is left to be accepted
    fewest = errors + math.floor(alpha * rest + 1e-9) + 1
    return float(hypergeom.cdf(errors, n_waiting, fewest, n_sampled))


def _suffices(n_waiting: int, n_sampled: int, wrong: int, alpha: float, level: float, power: float) -> bool:
    most = _most_errors(n_waiting, n_sampled, alpha, level)
    return most >= 0 and float(hypergeom.cdf(most, n_waiting, wrong, n_sampled)) >= power


def _most_errors(n_waiting: int, n_sampled: int, alpha: float, level: float) -> int:
    """The most errors in the sample with which it passes; −1 where even none is not enough."""
    low, high = -1, n_sampled
    while low < high:
        middle = (low + high + 1) // 2
        if _p_value(n_waiting, n_sampled, middle, alpha) <= level:
            low = middle
        else:
            high = middle - 1
    return low
