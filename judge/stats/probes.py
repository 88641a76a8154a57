"""Does a judge lean: towards length, a language, its own kind, the output that stands first?

**Strata.** Cases of which people settled the label, some of them in a stratum (the longer outputs, one generator). y is
1 where the judge lets the case pass. Cells are made of what must be alike for a fair comparison: people's label, and
how the case came to be labelled. The effect β is the share that the judge lets pass in the stratum less the share it
lets pass outside, among cases of the same cell: least squares of y on the stratum with an intercept for each cell,

    β = Σ_i x̃_i·y_i / Σ_i x̃_i²,   x̃_i = x_i − mean of x in i's cell.

A judge that errs as often here as there has β = 0, however many good cases each holds. Cells with cases on one side
only say nothing (x̃ = 0).

**Pairs.** The same case asked twice, with one thing changed: the effect is the mean difference.

Cases of one context go together in both: with u_g = Σ_{i in g} x̃_i·(residual), the variance is the cluster-robust
G/(G−1)·Σ_g u_g² / (Σ x̃²)² (Liang & Zeger 1986, Biometrika 73:13-22; Cameron & Miller 2015, JHR 50:317-372) with
Student's t of G−1 degrees, G the contexts that tell something. p is two-sided. Many effects are looked at, so the page
marks those that hold by Holm's rule over all of them (Holm 1979, Scandinavian Journal of Statistics 6:65-70), which
assumes nothing of how they depend.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from judge.errors import InputError

#: Contexts on each side (of pairs: in all) below which no effect is told.
LEAST_CONTEXTS = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """``n`` cases in the stratum against ``n_other`` (of pairs: 0) in ``n_contexts`` contexts that tell something."""

    n: int
    n_other: int
    n_contexts: int
    value: float
    low: float
    high: float
    p_value: float


def stratum(
    *, is_in: Sequence[bool], passes: Sequence[bool], cells: Sequence[Hashable], groups: Sequence[Hashable]
) -> Effect | None:
    """The effect of a stratum; None where it has, or the rest has, fewer than LEAST_CONTEXTS contexts that tell.

    >>> found = stratum(is_in=[1, 0] * 30, passes=[1, 1, 1, 0] * 15, cells=[0] * 60, groups=range(60))
    >>> found.value, found.n, found.n_other  # 30 of 30 against 15 of 30
    (0.5, 30, 30)
    """
    x, y = (np.asarray(each, dtype=np.float64).reshape(-1) for each in (is_in, passes))
    if not len(x) == len(y) == len(cells) == len(groups):
        raise InputError("strata, answers, cells and groups differ in number", expected="one of each for every case")
    if not len(x):
        return None
    cell, group = _codes(cells), _codes(groups)
    inner = x - _means(x, cell)[cell]
    tells = _tells(x, cell)
    sides = [len(np.unique(group[tells & (x == side)])) for side in (1, 0)]
    if min(sides) < LEAST_CONTEXTS:
        return None
    weight = float((inner**2).sum())
    value = float((inner * y).sum() / weight)
    left = y - _means(y, cell)[cell] - value * inner
    n = int((tells & (x == 1)).sum())
    return _effect(n, int(tells.sum()) - n, value, inner * left / weight, group[tells], tells)


def paired(*, differences: Sequence[float], groups: Sequence[Hashable]) -> Effect | None:
    """The mean of ``differences``; None below LEAST_CONTEXTS contexts.

    >>> found = paired(differences=[.2, .4] * 10, groups=range(20))
    >>> round(found.value, 3), found.n, found.n_contexts
    (0.3, 20, 20)
    """
    gain, group = np.asarray(differences, dtype=np.float64).reshape(-1), _codes(groups)
    if len(gain) != len(group):
        raise InputError("differences and groups differ in number", expected="a group for each difference")
    if not np.isfinite(gain).all():
        raise InputError("a difference is not a number", expected="differences of answers that were scored")
    if len(np.unique(group)) < LEAST_CONTEXTS:
        return None
    value = float(gain.mean())
    return _effect(len(gain), 0, value, (gain - value) / len(gain), group, np.ones(len(gain), dtype=np.bool_))


def holm(p_values: Sequence[float], *, level: float = 0.05) -> list[bool]:
    """Which of the effects hold together: with probability ``level`` at most, any of those without effect is marked.

    >>> holm([.01, .04, .03])  # .01 ≤ .05/3, .03 > .05/2: there it stops
    [True, False, False]
    """
    holds = [False] * len(p_values)
    for done, place in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        if p_values[place] > level / (len(p_values) - done):
            break
        holds[place] = True
    return holds


def _effect(
    n: int,
    n_other: int,
    value: float,
    pull: NDArray[np.float64],
    groups: NDArray[np.int64],
    tells: NDArray[np.bool_],
) -> Effect:
    sums = np.bincount(_codes(groups.tolist()), weights=pull[tells])
    n_groups = len(sums)
    error = float(np.sqrt(n_groups / (n_groups - 1) * (sums**2).sum()))
    reach = float(student.ppf(0.975, n_groups - 1)) * error
    if error < 1e-12:  # every case says the same: an exact effect, or none at all
        p_value = 1.0 if abs(value) < 1e-12 else 0.0
    else:
        p_value = float(2 * student.sf(abs(value) / error, n_groups - 1))
    return Effect(n, n_other, n_groups, value, max(-1.0, value - reach), min(1.0, value + reach), p_value)


def _codes(names: Sequence[Hashable]) -> NDArray[np.int64]:
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], dtype=np.int64)


def _means(values: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.bincount(codes, weights=values) / np.bincount(codes)


def _tells(x: NDArray[np.float64], cell: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Cases of cells that hold some on both sides."""
    share = _means(x, cell)[cell]
    return (share > 0) & (share < 1)
