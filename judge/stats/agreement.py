"""How far people agree beyond chance: Krippendorff's alpha, Gwet's AC1 and AC2, Cohen's kappa, with intervals.

Everything is computed from counts (n items × K labels): how many people gave each label to each item. Items differ in
nothing else, so a bootstrap over items is a multinomial draw over their distinct patterns: Efron & Tibshirani (1993),
§13, percentile intervals. An item with a single answer says nothing of agreement, and only AC's chance term heeds it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from judge.errors import InputError

type Rows = NDArray[np.float64]
type Level = Literal["nominal", "ordinal", "interval"]
type Weighting = Literal["identity", "ordinal", "linear", "quadratic"]

DRAWS = 1000
#: Numbers drawn at a time, so that many patterns need no more memory than few.
_AT_ONCE = 2_000_000
#: Up to so many conceivable patterns are counted without sorting.
_COUNTABLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """``value`` with the ends of its interval at ``confidence``; ``n_pairable`` of ``n`` items have two answers."""

    value: float
    low: float
    high: float
    confidence: float
    n: int
    n_pairable: int


def krippendorff_alpha(counts: ArrayLike, level: Level = "nominal") -> float:
    """alpha = 1 − D_o / D_e of counts (n × K), labels in their order, one step apart.

    o_ck = Σ_u n_uc (n_uk − 1[c = k]) / (m_u − 1) over items with m_u ≥ 2 answers, n_c = Σ_k o_ck, n = Σ_c n_c:
    D_o = Σ o_ck d²_ck / n, D_e = Σ n_c n_k d²_ck / (n(n − 1)), with d² = 1[c ≠ k] (nominal), (c − k)² (interval) or
    (Σ_{g from c to k} n_g − (n_c + n_k)/2)² (ordinal). Krippendorff (2019), Content Analysis, 4th ed., §12.

    Raises InputError where no item has two answers or all answers are one label: then there is no chance to beat.

    >>> krippendorff_alpha([[2, 0], [2, 0], [0, 2], [1, 1]])  # D_o = 2/8, D_e = 2·5·3/(8·7): 1 − (1/4)/(15/28)
    0.533...
    """
    return _alpha(counts, level).value


def alpha_interval(
    counts: ArrayLike, level: Level = "nominal", *, draws: int = DRAWS, confidence: float = 0.95, seed: int = 0
) -> Agreement:
    """:func:`krippendorff_alpha` with its bootstrap interval over items."""
    return _alpha(counts, level).resample(draws, confidence, seed)


def gwet_ac1(counts: ArrayLike) -> float:
    """AC1 of counts (n × K): :func:`gwet_ac2` where only the same label agrees. Defined where only one label is used.

    >>> gwet_ac1([[2, 0], [2, 0], [2, 0]])
    1.0
    """
    return _ac(counts, "identity").value


def gwet_ac2(counts: ArrayLike, weighting: Weighting = "quadratic") -> float:
    """AC2 = (p_a − p_e) / (1 − p_e) of counts (n × K), labels in their order.

    p_a = mean over items with m_i ≥ 2 of Σ_k n_ik (Σ_l w_kl n_il − 1) / (m_i (m_i − 1)); π_k = mean over items with
    answers of n_ik / m_i; p_e = Σ_kl w_kl / (K(K − 1)) · Σ_k π_k (1 − π_k). K is the scale's, used or not. Gwet (2014),
    Handbook of Inter-Rater Reliability, 4th ed., §5. Raises InputError where no item has two answers.
    """
    return _ac(counts, weighting).value


def ac_interval(
    counts: ArrayLike, weighting: Weighting = "identity", *, draws: int = DRAWS, confidence: float = 0.95, seed: int = 0
) -> Agreement:
    """:func:`gwet_ac2` (AC1 by default) with its bootstrap interval over items."""
    return _ac(counts, weighting).resample(draws, confidence, seed)


def cohen_kappa(table: ArrayLike, weighting: Weighting = "identity") -> float:
    """kappa of two people from a K × K table of counts: first's label × second's, labels in their order.

    kappa = 1 − Σ v_kl n_kl / Σ v_kl n_k· n_·l / n, v = 1 − w. Cohen (1960), Educ. Psychol. Meas. 20:37-46; weighted:
    Cohen (1968), Psychol. Bull. 70:213-220. Raises InputError where both always gave one and the same label.

    >>> cohen_kappa([[20, 5], [10, 15]])  # p_o = .7, p_e = .5·.6 + .5·.4 = .5
    0.4
    """
    return _kappa(table, weighting).value


def kappa_interval(
    table: ArrayLike, weighting: Weighting = "identity", *, draws: int = DRAWS, confidence: float = 0.95, seed: int = 0
) -> Agreement:
    """:func:`cohen_kappa` with its bootstrap interval over items: the cells of the table are the patterns."""
    return _kappa(table, weighting).resample(draws, confidence, seed)


def agreement_weights(n_labels: int, weighting: Weighting) -> Rows:
    """w_kl (K × K): how far labels k and l agree; 1 − |k − l|/(K − 1), its square, or Gwet's ordinal weights.

    Ordinal: 1 − C(|k − l| + 1, 2) / C(K, 2).

    >>> agreement_weights(3, "linear")[0].tolist(), agreement_weights(3, "ordinal")[0].round(3).tolist()
    ([1.0, 0.5, 0.0], [1.0, 0.667, 0.0])
    """
    apart = np.abs(np.subtract.outer(np.arange(n_labels), np.arange(n_labels))).astype(np.float64)
    by_name: dict[str, Rows] = {
        "identity": (apart > 0).astype(np.float64),
        "ordinal": apart * (apart + 1) / (n_labels * (n_labels - 1)),
        "linear": apart / (n_labels - 1),
        "quadratic": (apart / (n_labels - 1)) ** 2,
    }
    if weighting not in by_name:
        raise InputError(f"unknown weighting {weighting!r}", expected=", ".join(by_name))
    return 1 - by_name[weighting]


@dataclass(frozen=True, slots=True)
class _Measure:
    """A measure that is a function ``of`` (draws × D sums) the sums of ``parts`` (P × D) of items of P patterns, each
    seen so many ``times``; NaN where there is no chance to beat."""

    name: str
    of: Callable[[Rows], Rows]
    parts: Rows
    times: NDArray[np.int64]
    n_pairable: int

    @property
    def value(self) -> float:
        if not self.n_pairable:
            raise InputError("no item has two answers", expected="one at least")
        found = float(self.of((self.times @ self.parts)[None])[0])
        if np.isnan(found):
            raise InputError(
                f"all answers are the same label: {self.name} is not defined", expected="two labels in use"
            )
        return found

    def resample(self, draws: int, confidence: float, seed: int) -> Agreement:
        """Draws without a value, as all their items had the same label, are left out."""
        value, n = self.value, int(self.times.sum())
        chance, step = np.random.default_rng(seed), max(1, _AT_ONCE // len(self.times))
        sizes = [min(step, draws - done) for done in range(0, draws, step)]
        found = np.concatenate(
            [self.of(chance.multinomial(n, self.times / n, size=size) @ self.parts) for size in sizes]
        )
        low, high = np.quantile(found[~np.isnan(found)], [(1 - confidence) / 2, (1 + confidence) / 2])
        return Agreement(value, float(low), float(high), confidence, n, self.n_pairable)


def _alpha(counts: ArrayLike, level: Level) -> _Measure:
    if level not in ("nominal", "ordinal", "interval"):
        raise InputError(f"unknown level {level!r}", expected="nominal, ordinal, interval")
    patterns, times, n_pairable = _patterns(counts)
    n_labels = patterns.shape[1]

    def of(sums: Rows) -> Rows:
        together = sums.reshape(-1, n_labels, n_labels)
        margins = together.sum(axis=2)
        apart = _distances(margins, level)
        observed = (together * apart).sum(axis=(1, 2))
        by_chance = (margins[:, :, None] * margins[:, None, :] * apart).sum(axis=(1, 2))
        return _ratio(by_chance - (margins.sum(axis=1) - 1) * observed, by_chance)

    return _Measure("alpha", of, _coincidences(patterns).reshape(len(patterns), -1), times, n_pairable)


def _coincidences(patterns: Rows) -> Rows:
    """o (P × K × K) of one item of each pattern."""
    answers = patterns.sum(axis=1)
    pairs = patterns[:, :, None] * patterns[:, None, :] - patterns[:, :, None] * np.eye(patterns.shape[1])
    scaled: Rows = pairs * np.where(answers > 1, 1 / np.maximum(answers - 1, 1), 0.0)[:, None, None]
    return scaled


def _distances(margins: Rows, level: Level) -> Rows:
    """d² (draws × K × K)."""
    places = np.broadcast_to(np.arange(margins.shape[1], dtype=np.float64), margins.shape)
    if level == "ordinal":  # the middle of each label's ranks: half of its own and all below
        places = np.cumsum(margins, axis=1) - margins / 2
    apart: Rows = (places[:, :, None] - places[:, None, :]) ** 2
    return (apart > 0).astype(np.float64) if level == "nominal" else apart


def _ac(counts: ArrayLike, weighting: Weighting) -> _Measure:
    patterns, times, n_pairable = _patterns(counts)
    n_labels = patterns.shape[1]
    weights = agreement_weights(n_labels, weighting)
    answers = patterns.sum(axis=1)
    pairs = np.maximum(answers * (answers - 1), 1)
    agreed = (patterns * (patterns @ weights - 1)).sum(axis=1) / pairs * (answers > 1)
    shares = patterns / np.maximum(answers, 1)[:, None]
    parts = np.column_stack([agreed, answers > 1, answers > 0, shares])

    def of(sums: Rows) -> Rows:
        by_label = sums[:, 3:] / np.maximum(sums[:, 2:3], 1)
        by_chance = weights.sum() / (n_labels * (n_labels - 1)) * (by_label * (1 - by_label)).sum(axis=1)
        return _ratio(_ratio(sums[:, 0], sums[:, 1]) - by_chance, 1 - by_chance)

    return _Measure("AC", of, parts, times, n_pairable)


def _kappa(table: ArrayLike, weighting: Weighting) -> _Measure:
    counted = _read(table)
    n_labels = len(counted)
    if counted.shape != (n_labels, n_labels):
        raise InputError(f"a table of {n_labels} × {counted.shape[1]}", expected="as many rows as columns")
    apart = 1 - agreement_weights(n_labels, weighting)

    def of(sums: Rows) -> Rows:
        tables = sums.reshape(-1, n_labels, n_labels)
        by_chance = tables.sum(axis=2)[:, :, None] * tables.sum(axis=1)[:, None, :]
        observed = (tables * apart).sum(axis=(1, 2)) * tables.sum(axis=(1, 2))
        expected = (by_chance * apart).sum(axis=(1, 2))
        return _ratio(expected - observed, expected)

    return _Measure("kappa", of, np.eye(counted.size), counted.ravel(), int(counted.sum()))


def _ratio(over: Rows, under: Rows) -> Rows:
    found: Rows = np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0)
    return found


def _patterns(counts: ArrayLike) -> tuple[Rows, NDArray[np.int64], int]:
    """Distinct rows (P × K), how often each is seen, and how many items have two answers at least."""
    table = _read(counts)
    base = int(table.max(initial=0)) + 1
    digits = base ** np.arange(table.shape[1], dtype=np.float64)
    if base * digits[-1] <= _COUNTABLE:
        seen = np.bincount(table @ digits.astype(np.int64))
        codes = np.flatnonzero(seen)
        patterns, times = codes[:, None] // digits.astype(np.int64) % base, seen[codes]
    else:
        patterns, times = np.unique(table, axis=0, return_counts=True)
    return patterns.astype(np.float64), times, int(times[patterns.sum(axis=1) > 1].sum())


def _read(counts: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(counts)
    if given.ndim != 2 or not given.size or given.shape[1] < 2:
        raise InputError(f"counts of shape {given.shape}", expected="items × labels, two labels at least")
    if not (np.isfinite(given) & (given >= 0) & (given == np.floor(given))).all():
        raise InputError("counts hold what is no count", expected="whole numbers from 0")
    return given.astype(np.int64)
