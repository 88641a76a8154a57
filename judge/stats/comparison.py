"""Two judges on the same cases: who is right more often, and could that be chance?

With b cases that only the first judge gets right and c that only the second does, the rest says nothing: under equal
judges c ~ Binomial(b + c, ½), which gives the exact two-sided p. McNemar (1947), Psychometrika 12:153-157; exact form:
Fay & Lumbard (2021). The difference of their shares is (c − b)/n; its interval is the percentile bootstrap over groups
(cases of one context go together), drawn for both judges at once (Efron & Tibshirani 1993).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from judge.errors import InputError

DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Paired:
    """``difference`` is the second judge's share of right cases less the first's, with its 95 % interval."""

    n: int
    n_both: int
    n_first_only: int
    n_second_only: int
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def n_flips(self) -> int:
        """Cases on which one is right and the other is not."""
        return self.n_first_only + self.n_second_only


def compare(
    *, first_is_right: ArrayLike, second_is_right: ArrayLike, groups: Sequence[Hashable], draws: int = DRAWS
) -> Paired:
    """Both judges on n cases (n, bool each), cases of one ``groups`` entry resampled together.

    Raises InputError without cases, and for sequences of different lengths.

    >>> found = compare(first_is_right=[1, 0, 0, 0], second_is_right=[1, 1, 1, 1], groups=range(4))
    >>> found.difference, found.p_value  # 2 · ½³
    (0.75, 0.25)
    """
    first, second = (np.asarray(each, dtype=np.bool_).reshape(-1) for each in (first_is_right, second_is_right))
    if not len(first) == len(second) == len(groups):
        raise InputError(f"{len(first)}, {len(second)} and {len(groups)} cases", expected="the same cases for both")
    if not len(first):
        raise InputError("there is no case to compare on")
    one, other = int((first & ~second).sum()), int((second & ~first).sum())
    p_value = binomtest(other, one + other).pvalue if one + other else 1.0
    gain = second.astype(np.float64) - first
    low, high = _interval(gain, groups, draws)
    both = int((first & second).sum())
    return Paired(len(first), both, one, other, float(gain.mean()), low, high, float(p_value))


def _interval(gain: NDArray[np.float64], groups: Sequence[Hashable], draws: int) -> tuple[float, float]:
    """Sums and sizes of the groups are all that a draw needs."""
    _, places = np.unique([hash(each) for each in groups], return_inverse=True)
    sums, sizes = np.bincount(places, weights=gain), np.bincount(places)
    chosen = np.random.default_rng(0).integers(0, len(sums), (draws, len(sums)))
    means = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
