"""What answers cost on average and what those that are missing will cost, with intervals. Pure.

Prompts of one context are about equally long, so answers of a context count together: for cells c (one rater on one
criterion) with n_c answers whose mean is m_c = T_c / n_c, the estimate is Σ_c w_c·m_c, and its variance by the ratio
estimator over contexts g (Cochran 1977, Sampling Techniques, §6.5 and §9A)

    G/(G−1) · Σ_g (Σ_c w_c·f_c·(T_gc − m_c·n_gc) / n_c)²,   f_c = 1, or √(1 + n_c/w_c) to foresee w_c further answers,

which are as uncertain as the mean and vary themselves. The interval is ± 1.96 standard errors.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Contexts below which no interval is told.
LEAST_CONTEXTS = 20
_Z = 1.959964

#: (rater, criterion)
type Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Portion:
    """The answers of a cell to the items of one context: how many, and what they took together."""

    cell: Cell
    context: int
    n: int
    total: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """``n`` answers lie behind it; ``low`` and ``high`` are None where there are too few contexts to tell."""

    n: int
    value: float
    low: float | None = None
    high: float | None = None

    def as_record(self) -> dict[str, float | None]:
        return {"n": self.n, "value": self.value, "low": self.low, "high": self.high}


def estimate(portions: Iterable[Portion], weights: Mapping[Cell, float], *, foresees: bool = False) -> Estimate | None:
    """Σ of ``weights`` times the means of their cells; None where a cell has no answer.

    ``foresees``: the weights are numbers of answers still missing, and the interval holds what they will take in 19 of
    20 cases, if they are like those that came.

    >>> estimate([Portion((1, 7), 1, 2, 30.0), Portion((1, 7), 2, 1, 30.0)], {(1, 7): 10.0})
    Estimate(n=3, value=200.0, low=None, high=None)
    """
    wanted = {cell: weight for cell, weight in weights.items() if weight}
    mine = [each for each in portions if each.cell in wanted]
    n, total = _sum_up(mine)
    if not wanted or any(not n[cell] for cell in wanted):
        return None
    value = math.fsum(weight * total[cell] / n[cell] for cell, weight in wanted.items())
    if not math.isfinite(value):
        return None
    reach = _reach(mine, wanted, n, total, foresees=foresees)
    low, high = (None, None) if reach is None else (max(0.0, value - reach), value + reach)
    return Estimate(sum(n.values()), value, low, high)


def _sum_up(portions: Iterable[Portion]) -> tuple[dict[Cell, int], dict[Cell, float]]:
    n: dict[Cell, int] = defaultdict(int)
    total: dict[Cell, float] = defaultdict(float)
    for each in portions:
        n[each.cell] += each.n
        total[each.cell] += each.total
    return n, total


def _reach(
    portions: Iterable[Portion],
    weights: Mapping[Cell, float],
    n: Mapping[Cell, int],
    total: Mapping[Cell, float],
    *,
    foresees: bool,
) -> float | None:
    """Half the width of the interval; None below LEAST_CONTEXTS."""
    pull: dict[int, float] = defaultdict(float)
    for each in portions:
        cell, weight = each.cell, weights[each.cell]
        more = math.sqrt(1 + n[cell] / weight) if foresees else 1.0
        pull[each.context] += weight * more * (each.total - each.n * total[cell] / n[cell]) / n[cell]
    n_contexts = len(pull)
    if n_contexts < LEAST_CONTEXTS:
        return None
    return _Z * math.sqrt(n_contexts / (n_contexts - 1) * math.fsum(each**2 for each in pull.values()))
