"""Where does the judge err more than was promised? Slices of its audits, ranked by evidence.

A slice is all audits of one language, one category, one generator: n of them, k errors. Whoever bets the share λ on
every audit that risk is above alpha, for each factor λ·alpha of judge.stats.drift.FACTORS, owns after them on average

    E = mean over λ of (1 + λ(1 − alpha))^k (1 − λ alpha)^(n − k)

While P(error | past) ≤ alpha in the slice, E is a supermartingale from 1: its mean is at most 1 however often and
whenever one looks, so E = 20 is as odd as twenty to one. Many slices are looked at and some will look bad by chance;
they overlap, so nothing is assumed of how they depend. e-BH flags the k* slices of greatest E,

    k* = max {k: E_(k) ≥ m / (k · level)},   m slices in all, E_(1) ≥ E_(2) ≥ …

and of the flagged at most the share ``level`` keeps the promise, on average. Wang & Ramdas (2022), False discovery rate
control with e-values, JRSS-B 84:822-852; e-processes: Ramdas, Grünwald, Vovk & Shafer (2023), Statistical Science 38.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from judge.errors import InputError
from judge.stats.drift import FACTORS, HIGHEST

#: Of the flagged slices at most so many keep the promise, on average.
LEVEL = 0.10


class Slice(NamedTuple):
    """``by`` says what it is a slice by (language, category, generator), ``value`` which one."""

    by: str
    value: str
    n: int
    n_errors: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A slice with its evidence; ``is_flagged`` by e-BH over all slices that were ranked together."""

    slice: Slice
    evidence: float
    is_flagged: bool


def evidence(n: int, n_errors: int, *, alpha: float) -> float:
    """E of a slice, 1 without an audit; kept at ``HIGHEST`` beyond it.

    >>> evidence(0, 0, alpha=.1), round(evidence(1, 1, alpha=.1), 4)  # 1 + 9·(.05 + .1 + .2 + .3 + .4 + .6)/6
    (1.0, 3.475)
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}", expected="between 0 and 1")
    if not 0 <= n_errors <= n:
        raise InputError(f"{n_errors} errors in {n} audits", expected="no more errors than audits")
    logs = [
        n_errors * math.log1p(factor * (1 - alpha) / alpha) + (n - n_errors) * math.log1p(-factor) for factor in FACTORS
    ]
    top = max(logs)
    total = top + math.log(sum(math.exp(each - top) for each in logs) / len(logs))
    return math.exp(min(total, math.log(HIGHEST)))


def rank(slices: Sequence[Slice], *, alpha: float, level: float = LEVEL) -> list[Ranked]:
    """All slices, those with most evidence first; of equal evidence the greater first, then by name.

    >>> [(each.slice.value, each.is_flagged) for each in
    ...  rank([Slice("language", "en", 90, 2), Slice("language", "zh", 9, 7)], alpha=.1)]
    [('zh', True), ('en', False)]
    """
    if not 0 < level < 1:
        raise InputError(f"level is {level}", expected="between 0 and 1")
    found = [(evidence(each.n, each.n_errors, alpha=alpha), each) for each in slices]
    found.sort(key=lambda told: (-told[0], -told[1].n, told[1].by, told[1].value))
    flagged = max((k for k, (e, _) in enumerate(found, 1) if e >= len(found) / (k * level)), default=0)
    return [Ranked(each, e, k <= flagged) for k, (e, each) in enumerate(found, 1)]
