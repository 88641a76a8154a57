"""Intervals for shares. Plain Python: pages show them too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def wilson(n_hits: int, n: int, *, confidence: float = 0.95) -> Interval | None:
    """The score interval of a share, None where n is 0; it stays within [0, 1], also for few and for none.

    (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n), two-sided. Wilson (1927), JASA 22:209-212.

    >>> wilson(8, 10)
    Interval(low=0.490..., high=0.943...)
    """
    if n == 0:
        return None
    z, share = NormalDist().inv_cdf((1 + confidence) / 2), n_hits / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Interval(max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale))


def newcombe(n_hits: int, n: int, other_hits: int, other_n: int, *, confidence: float = 0.95) -> Interval | None:
    """The interval of a difference of two shares of independent samples, None where either is empty.

    With p, q the shares and (l, u), (m, v) their score intervals:
    low = p − q − √((p − l)² + (v − q)²), high = p − q + √((u − p)² + (q − m)²). Newcombe (1998), Interval estimation
    for the difference between independent proportions, Statistics in Medicine 17:873-890, method 10.

    >>> newcombe(56, 70, 48, 80)  # the first example there: .0524 to .3339
    Interval(low=0.0524..., high=0.3338...)
    """
    own, other = wilson(n_hits, n, confidence=confidence), wilson(other_hits, other_n, confidence=confidence)
    if own is None or other is None:
        return None
    p, q = n_hits / n, other_hits / other_n
    return Interval(
        p - q - math.hypot(p - own.low, other.high - q),
        p - q + math.hypot(own.high - p, q - other.low),
    )
