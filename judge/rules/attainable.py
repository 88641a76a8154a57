"""What any judge could be certified for, before there are labels, and how many labels a certificate takes.

Plain Python, because pages compute it; judge.stats.selective has the same numbers from SciPy, and a test compares them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

#: True risks of the accepted region that the page tells of, in parts of alpha.
PARTS = (0.0, 0.25, 0.5, 0.7, 0.8)
#: Four starts of the grid share what a test may spend (judge.stats.selective).
STARTS = 4
#: Nobody labels more than this for one certificate.
MOST_LABELS = 100_000


def most_attainable(mu: float, alpha: float) -> float:
    """The most that any method can accept of a judge that errs on the share ``mu`` of all cases.

    Leaving out 1 − c of the cases leaves out errors only, at best: (mu − (1 − c))/c ≤ alpha, so
    c ≤ 1 − (mu − alpha)/(1 − alpha).

    >>> most_attainable(.28, .10), most_attainable(.05, .10)
    (0.8, 1.0)
    """
    return min(1.0, 1 - (mu - alpha) / (1 - alpha))


def level_at_start(delta: float, *, judges_tested: int = 1, looks: int = 1) -> float:
    """What the first test of a grid may spend: delta·6/(π²v²)/L, a quarter of it at each start.

    >>> round(level_at_start(.1), 4)
    0.0152
    """
    return delta * 6 / (math.pi * judges_tested) ** 2 / looks / STARTS


@lru_cache(maxsize=512)
def labels_needed(alpha: float, true_risk: float, level: float, power: float = 0.9) -> int | None:
    """How many labels the accepted region needs so that one test at ``level`` passes with probability ``power``.

    The least n with P(Binomial(n, true_risk) ≤ c) ≥ power, c the largest k with P(Binomial(n, alpha) ≤ k) ≤ level.
    None where the true risk is not below alpha, or where more than MOST_LABELS are too few.

    >>> labels_needed(.10, 0.0, .10)  # .9²² = .098
    22
    """
    if not 0 <= true_risk < alpha < 1:
        return None
    most, bad, good = -1, _Tail(alpha), _Tail(true_risk)
    for n in range(1, MOST_LABELS + 1):
        bad.add_case()
        good.add_case()
        if bad.with_one_more() <= level:  # one more label allows one more error, never two
            most += 1
            bad.add_error()
            good.add_error()
        if most >= 0 and good.total >= power:
            return n
    return None


def curve(alpha: float, errors: Iterable[float]) -> list[tuple[float, float]]:
    """The attainable share at each of these errors of a judge, and at its only corner, which is alpha."""
    return [(mu, most_attainable(mu, alpha)) for mu in sorted({alpha, *errors})]


@dataclass(slots=True)
class _Tail:
    """P(Binomial(n, p) ≤ k) while n and k grow by one at a time; begins at n = 0, k = −1.

    ``total`` is the tail, ``last`` and ``next`` the probabilities of exactly k and k + 1 errors, by which it is brought
    up to date: P(≤ k of n + 1) = P(≤ k of n) − p·P(k of n).
    """

    p: float
    n: int = 0
    k: int = -1
    total: float = 0.0
    last: float = 0.0
    next: float = 1.0

    def add_case(self) -> None:
        self.total -= self.p * self.last
        self.next = (1 - self.p) * self.next + self.p * self.last
        self.n += 1
        self.last *= (1 - self.p) * self.n / (self.n - self.k)

    def with_one_more(self) -> float:
        return self.total + self.next

    def add_error(self) -> None:
        self.total, self.last = self.with_one_more(), self.next
        self.k += 1
        self.next = self.last * (self.n - self.k) / (self.k + 1) * self.p / (1 - self.p)
