"""A judge on a fresh random sample: does it err more than was promised, or more than another sample showed?

Both tests are exact and one-sided: p is the probability of a count at least as bad as the one seen, if nothing were
amiss. A level shared by several criteria is divided among them (Bonferroni), so a sound judge is called degraded on
any of them with at most that probability.
"""

from __future__ import annotations

from scipy.stats import binom, hypergeom

from judge.errors import InputError

#: With at most this probability a judge that is as good as it was is called degraded, over all criteria together.
LEVEL = 0.05


def above(n_errors: int, n: int, *, alpha: float) -> float:
    """p of "the risk is at most alpha": P(Binomial(n, alpha) ≥ n_errors); 1 where nothing was counted.

    >>> round(above(3, 10, alpha=.1), 4)  # 1 − .9¹⁰ − 10·.1·.9⁹ − 45·.1²·.9⁸
    0.0702
    """
    _check(n_errors, n)
    return float(binom.sf(n_errors - 1, n, alpha))


def worse(n_errors: int, n: int, *, before: tuple[int, int]) -> float:
    """p of "the risk is no higher than it was", given ``before`` = (errors, cases) of an earlier sample; Fisher's test.

    With m errors among the n + n₀ cases of both, X ~ Hypergeometric(n + n₀, m, n): p = P(X ≥ n_errors). Fisher (1935).

    >>> worse(2, 2, before=(0, 2))  # 1 / C(4, 2)
    0.1666...
    """
    before_errors, before_n = before
    _check(n_errors, n)
    _check(before_errors, before_n)
    return float(hypergeom.sf(n_errors - 1, n + before_n, n_errors + before_errors, n))


def _check(n_errors: int, n: int) -> None:
    if not 0 <= n_errors <= n:
        raise InputError(f"{n_errors} errors in {n} cases", expected="a count between 0 and all")
