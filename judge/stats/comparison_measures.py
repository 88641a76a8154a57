"""Two judges on the same cases, by other measures than the share of right ones: kappa with people, and coverage.

Everything is a function of sums over groups (cases of one context go together), so a paired bootstrap draws how often
each group is taken, once for both judges: a multinomial over the groups (Efron & Tibshirani 1993, percentile interval).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judge.errors import InputError

type Numbers = NDArray[np.float64]
type Places = NDArray[np.int64]

DRAWS = 1_000
#: Numbers drawn at a time, so that many cases need no more memory than few.
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure of the first and the second judge and its gain, each with the ends of its 95 % interval."""

    first: float
    first_low: float
    first_high: float
    second: float
    second_low: float
    second_high: float
    gain: float
    low: float
    high: float


def kappa(
    *,
    truth: Sequence[str],
    first: Sequence[str | None],
    second: Sequence[str | None],
    groups: Sequence[Hashable],
    draws: int = DRAWS,
) -> Measured | None:
    """Cohen's kappa of each judge with people: 1 − Σ_{k≠l} n_kl / Σ_{k≠l} n_k· n_·l / n; its gain, second − first.

    An unscored case agrees with nobody: None is a label of its own. None where there is no chance to beat, as all
    people's labels and all of a judge's are one.

    >>> found = kappa(truth="yynn", first="yyyn", second="yynn", groups=range(4))
    >>> found.first, found.second, found.gain  # 1 − (1/4)/(1/2); 1
    (0.5, 1.0, 0.5)
    """
    _check(len(truth), first, second, groups)
    labels = {label: place for place, label in enumerate(dict.fromkeys([*truth, *first, *second]))}
    places = _places(groups)
    tables = [_tables(labels, truth, said, places) for said in (first, second)]
    return _measure([partial(_kappas, tables=each, n_labels=len(labels)) for each in tables], places, draws)


def coverage(
    *,
    confidence: Sequence[Sequence[float | None]],
    is_right: Sequence[Sequence[bool]],
    groups: Sequence[Hashable],
    alpha: float,
    draws: int = DRAWS,
) -> Measured | None:
    """The share of the cases that each judge could accept with at most ``alpha`` of them wrong, and its gain.

    max_λ #{s ≥ λ}/n over thresholds with #{s ≥ λ and wrong} ≤ alpha·#{s ≥ λ}; 0 where no threshold does. Cases of one
    confidence go together; None is never accepted. It is read off the very cases it speaks of, so it flatters both
    judges: it compares them and proves nothing.

    >>> found = coverage(confidence=[[.9, .8, .7, .6]] * 2, is_right=[[1, 0, 1, 1], [1, 1, 1, 0]], groups=range(4),
    ...                  alpha=.25)
    >>> found.first, found.second  # 3 of 4 right at .6; 3 of 4 as well
    (1.0, 1.0)
    """
    for scores, right in zip(confidence, is_right, strict=True):
        _check(len(groups), scores, right, groups)
    places = _places(groups)
    ladders = [_Ladder(scores, right, places, alpha) for scores, right in zip(confidence, is_right, strict=True)]
    return _measure([each.read for each in ladders], places, draws)


class _Ladder:
    """One judge's cases from the surest down."""

    def __init__(self, scores: Sequence[float | None], is_right: Sequence[bool], places: Places, alpha: float) -> None:
        sure = np.array([-np.inf if each is None else each for each in scores], dtype=np.float64)
        self._order = np.argsort(-sure, kind="stable")
        ordered = sure[self._order]
        self._wrong = ~np.asarray(is_right, dtype=np.bool_)[self._order]
        self._groups, self._alpha = places[self._order], alpha
        self._is_end = np.append(ordered[1:] != ordered[:-1], True) & np.isfinite(ordered)

    def read(self, times: Numbers) -> Numbers:
        """Coverage of each draw (draws × groups: how often each group was taken)."""
        weights = times[:, self._groups]
        taken, wrong = np.cumsum(weights, axis=1), np.cumsum(weights * self._wrong, axis=1)
        holds = self._is_end & (wrong <= self._alpha * taken + 1e-9)
        found: Numbers = np.where(holds, taken, 0).max(axis=1) / taken[:, -1]
        return found


def _measure(reads: Sequence[Callable[[Numbers], Numbers]], places: Places, draws: int) -> Measured | None:
    """``reads``: how often each group was taken (draws × groups) → the measure of each draw, for both judges.

    Draws without a value, as all their cases had one label, are left out.
    """
    n_groups = int(places.max()) + 1
    first, second = (float(read(np.ones((1, n_groups)))[0]) for read in reads)
    if np.isnan(first) or np.isnan(second):
        return None
    chance, step = np.random.default_rng(0), max(1, _AT_ONCE // len(places))
    drawn = []
    for done in range(0, draws, step):
        times = chance.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=min(step, draws - done))
        drawn.append(np.array([read(times.astype(np.float64)) for read in reads]))
    one, other = np.concatenate(drawn, axis=1)
    return Measured(first, *_ends(one), second, *_ends(other), second - first, *_ends(other - one))


def _ends(values: Numbers) -> tuple[float, float]:
    low, high = np.quantile(values[~np.isnan(values)], [0.025, 0.975])
    return float(low), float(high)


def _places(groups: Sequence[Hashable]) -> Places:
    return np.unique([hash(each) for each in groups], return_inverse=True)[1]


def _check(n: int, first: Sequence[object], second: Sequence[object], groups: Sequence[Hashable]) -> None:
    if not n == len(first) == len(second) == len(groups):
        raise InputError(f"{n}, {len(first)}, {len(second)} and {len(groups)} cases", expected="the same for both")
    if not n:
        raise InputError("there is no case to compare on")


def _tables(
    labels: Mapping[str | None, int], truth: Sequence[str], said: Sequence[str | None], places: Places
) -> Numbers:
    """Counts of (people's label, judge's label) by group: groups × K²."""
    cells = np.array([labels[one] * len(labels) + labels[other] for one, other in zip(truth, said, strict=True)])
    found = np.zeros((int(places.max()) + 1, len(labels) ** 2))
    np.add.at(found, (places, cells), 1)
    return found


def _kappas(times: Numbers, *, tables: Numbers, n_labels: int) -> Numbers:
    drawn = (times @ tables).reshape(-1, n_labels, n_labels)
    n = drawn.sum(axis=(1, 2))
    agreed = np.trace(drawn, axis1=1, axis2=2)
    chance = (drawn.sum(axis=2) * drawn.sum(axis=1)).sum(axis=1) / n
    found: Numbers = np.divide(agreed - chance, n - chance, out=np.full_like(n, np.nan), where=n - chance > 1e-9)
    return found
