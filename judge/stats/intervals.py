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
