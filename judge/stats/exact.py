"""Exact intervals: of a share (Clopper–Pearson) and of a count in a finite population (hypergeometric).

They live apart from :mod:`judge.stats.intervals`, which pages import: these need SciPy.
"""

from __future__ import annotations

from collections.abc import Callable

from scipy.special import betaincinv
from scipy.stats import hypergeom

from judge.errors import InputError
from judge.stats.intervals import Interval
from judge.stats.records import Share


def clopper_pearson(n_hits: float, n: float, *, confidence: float = 0.95) -> Interval:
    """The two-sided interval of a share: its ends are the shares that (1 − confidence)/2 would reject on each side.

    low = B⁻¹(a/2; k, n − k + 1), high = B⁻¹(1 − a/2; k + 1, n − k) with a = 1 − confidence and B⁻¹ the quantile of the
    beta distribution. Clopper & Pearson (1934), Biometrika 26:404-413. [0, 1] where n is 0. Effective counts that are
    no whole numbers are taken as they are.

    >>> clopper_pearson(0, 10)  # 1 − .025^(1/10)
    Interval(low=0.0, high=0.308...)
    """
    _check(n_hits, n)
    tail = (1 - confidence) / 2
    return Interval(
        lower_bound(n_hits, n, confidence=1 - tail),
        upper_bound(n_hits, n, confidence=1 - tail),
    )


def upper_bound(n_hits: float, n: float, *, confidence: float = 0.95) -> float:
    """One-sided: with ``confidence`` the share is not above it.

    >>> round(upper_bound(0, 22, confidence=.9), 4)  # 1 − .1^(1/22)
    0.0994
    """
    _check(n_hits, n)
    return 1.0 if n_hits == n else float(betaincinv(n_hits + 1, n - n_hits, confidence))


def lower_bound(n_hits: float, n: float, *, confidence: float = 0.95) -> float:
    """One-sided: with ``confidence`` the share is not below it."""
    return 1 - upper_bound(n - n_hits, n, confidence=confidence)


def share(n_hits: int, n: int, *, confidence: float = 0.95) -> Share:
    """A share with its two-sided Clopper–Pearson interval."""
    ends = clopper_pearson(n_hits, n, confidence=confidence)
    return Share(n_hits, n, ends.low, ends.high, confidence)


def count_in_population(n_hits: int, n: int, total: int, *, confidence: float = 0.95) -> tuple[int, int]:
    """The least and the most hits among ``total`` of which a simple random sample of ``n`` held ``n_hits``.

    With X ~ Hypergeometric(total, K, n): the counts K with P_K(X ≥ k) > a/2 and P_K(X ≤ k) > a/2, a = 1 − confidence.
    It knows the sample to be a part of the population: a full count leaves no doubt. Buonaccorsi (1987), A note on
    confidence intervals for proportions in finite populations, The American Statistician 41:215-218.

    >>> count_in_population(3, 10, 10), count_in_population(0, 5, 10)  # C(6, 5)/C(10, 5) = .024 rejects 4
    ((3, 3), (0, 3))
    """
    _check(n_hits, n)
    if n > total:
        raise InputError(f"a sample of {n} from {total}", expected="a sample of at most all")
    tail, least, most = (1 - confidence) / 2, n_hits, total - (n - n_hits)
    low = _first(least, most, lambda count: hypergeom.sf(n_hits - 1, total, count, n) > tail)
    high = _first(least, most, lambda count: hypergeom.cdf(n_hits, total, count + 1, n) <= tail)
    return low, high


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The least whole number in [low, high) where ``holds``, which must not turn false again; else ``high``."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _check(n_hits: float, n: float) -> None:
    if not 0 <= n_hits <= n:
        raise InputError(f"{n_hits} of {n}", expected="a count between 0 and all")
