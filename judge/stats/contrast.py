"""Two shares and their difference, where both were counted on cases of the same contexts.

With s_g hits of n_g cases on each side in group g (a context), the difference is Σ s'_g/Σ n'_g − Σ s_g/Σ n_g. Groups
are drawn with replacement, both sides together (Efron & Tibshirani 1993, percentile interval): what a context has in
common for both sides cancels, and groups that only one side knows count for that side alone. Of groups that both know,
a sign test says whether one side is ahead more often than chance: c ~ Binomial(b + c, ½), ties left out (Dixon & Mood
1946, JASA 41:557-566).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from judge.errors import InputError
from judge.stats.exact import share
from judge.stats.records import Share

DRAWS = 2_000
#: Numbers drawn at a time; bounds memory, not meaning.
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Contrast:
    """``difference`` is the second share less the first, with its 95 % interval; ``n_groups`` are known to both."""

    first: Share
    second: Share
    difference: float
    low: float
    high: float
    n_groups: int
    n_first_ahead: int
    n_second_ahead: int
    p_value: float


def contrast(
    first: Sequence[bool],
    second: Sequence[bool],
    *,
    first_groups: Sequence[Hashable],
    second_groups: Sequence[Hashable],
) -> Contrast | None:
    """None where one side has no case.

    >>> found = contrast([1, 0], [1, 1], first_groups="ab", second_groups="ab")
    >>> found.difference, found.n_second_ahead, found.p_value  # 1 − 1/2; b alone differs
    (0.5, 1, 1.0)
    """
    if len(first) != len(first_groups) or len(second) != len(second_groups):
        raise InputError("cases and groups differ in number", expected="a group for each case")
    if not len(first) or not len(second):
        return None
    names = {name: place for place, name in enumerate(dict.fromkeys([*first_groups, *second_groups]))}
    sides = [_sums(hits, [names[each] for each in groups], len(names))
             for hits, groups in ((first, first_groups), (second, second_groups))]  # fmt: skip
    low, high = _interval(*sides)
    both = (sides[0][1] > 0) & (sides[1][1] > 0)
    gain = np.sign(sides[1][0][both] / sides[1][1][both] - sides[0][0][both] / sides[0][1][both])
    behind, ahead = int((gain < 0).sum()), int((gain > 0).sum())
    p_value = float(binomtest(ahead, behind + ahead).pvalue) if behind + ahead else 1.0
    one, other = (share(int(sum(hits)), len(hits)) for hits in (first, second))
    difference = float(np.mean(second) - np.mean(first))
    return Contrast(one, other, difference, low, high, int(both.sum()), behind, ahead, p_value)


def _sums(hits: Sequence[bool], places: Sequence[int], n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.bincount(places, weights=np.asarray(hits, np.float64), minlength=n), np.bincount(places, minlength=n)


def _interval(one: tuple[NDArray, NDArray], other: tuple[NDArray, NDArray]) -> tuple[float, float]:  # type: ignore[type-arg]
    n, chance, found = len(one[0]), np.random.default_rng(0), []
    table = np.column_stack([*one, *other]).astype(np.float64)
    step = max(1, _AT_ONCE // n)
    for done in range(0, DRAWS, step):
        times = chance.multinomial(n, np.full(n, 1 / n), size=min(step, DRAWS - done))
        hits, cases, other_hits, other_cases = (times @ table).T
        known = (cases > 0) & (other_cases > 0)
        found.append(other_hits[known] / other_cases[known] - hits[known] / cases[known])
    low, high = np.quantile(np.concatenate(found), [0.025, 0.975])
    return float(low), float(high)
