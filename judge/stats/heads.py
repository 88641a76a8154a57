"""Logistic heads: labels that people gave, learned from rows of numbers.

For features x in R^D (standardised by column, then scaled), labels k = 1..K and C the inverse strength of the penalty:

    p(k | x) = exp(w_k·x + b_k) / Σ_j exp(w_j·x + b_j),    minimise  −C Σ_i log p(y_i | x_i) + ½ Σ_k |w_k|²

Multinomial logistic regression with a quadratic penalty: Hastie, Tibshirani & Friedman (2009), The Elements of
Statistical Learning, §4.4. C is the one of ``STRENGTHS`` with the least cross-fitted log loss, the folds keeping groups
whole, so that what is said of unseen rows holds for unseen groups. Classes are not reweighted: the probabilities are to
be probabilities. The returned weights apply to the raw rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

type Rows = NDArray[np.float64]

STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
FOLDS = 5
#: Columns that vary less than this carry nothing.
_STILL = 1e-6


@dataclass(frozen=True, slots=True)
class FittedHead:
    """``weights`` (K × D) and ``bias`` (K) for raw rows, ``labels`` in their order; ``out_of_fold`` (n × K): for each
    training row the probabilities by a head that saw no row of its group."""

    labels: tuple[str, ...]
    weights: Rows
    bias: Rows
    strength: float
    out_of_fold: Rows


def fit_head(
    rows: Rows, labels: Sequence[str], groups: Sequence[Hashable], *, scales: Rows | None = None, seed: int = 0
) -> FittedHead:
    """Fit rows (n × D) to labels (n); ``scales`` (D) says how much a standardised column may weigh.

    Needs two labels and two groups at least, and raises ValueError without.
    """
    names = tuple(dict.fromkeys(sorted(labels)))
    places = np.array([names.index(label) for label in labels])
    numbers = _number(groups)
    if len(names) < 2 or numbers.max() < 1:
        raise ValueError(f"{len(names)} labels from {numbers.max() + 1} groups: a head needs two of each at least")
    scales = np.ones(rows.shape[1]) if scales is None else scales
    folds = _fold(numbers, seed)
    tried = [(strength, _cross_fit(rows, places, len(names), folds, scales, strength)) for strength in STRENGTHS]
    strength, out_of_fold = min(tried, key=lambda each: _log_loss(each[1], places))
    weights, bias = _fit(rows, places, len(names), scales, strength)
    return FittedHead(names, weights, bias, strength, out_of_fold)


def softmax(scores: Rows) -> Rows:
    """
    >>> softmax(np.array([[0.0, np.log(3.0)]]))
    array([[0.25, 0.75]])
    """
    raised: Rows = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _number(groups: Sequence[Hashable]) -> NDArray[np.int64]:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(group, len(known)) for group in groups], dtype=np.int64)


def _fold(groups: NDArray[np.int64], seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    n_groups = int(groups.max()) + 1
    folds = GroupKFold(min(FOLDS, n_groups), shuffle=True, random_state=seed)
    return list(folds.split(groups, groups=groups))


def _cross_fit(
    rows: Rows,
    places: NDArray[np.int64],
    n_labels: int,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    scales: Rows,
    strength: float,
) -> Rows:
    found = np.full((len(rows), n_labels), 1.0 / n_labels)
    for train, rest in folds:
        weights, bias = _fit(rows[train], places[train], n_labels, scales, strength)
        found[rest] = softmax(rows[rest] @ weights.T + bias)
    return found


def _fit(rows: Rows, places: NDArray[np.int64], n_labels: int, scales: Rows, strength: float) -> tuple[Rows, Rows]:
    """Weights and bias for raw rows. A label that these rows lack gets the odds of half a case."""
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    factor = np.where(spread > _STILL, scales / np.maximum(spread, _STILL), 0.0)
    weights, bias = np.zeros((n_labels, rows.shape[1])), np.full(n_labels, np.log(0.5 / len(rows)))
    seen = np.unique(places)
    if len(seen) == 1:
        bias[seen[0]] = 0.0
        return weights, bias
    fitted = LogisticRegression(C=strength, max_iter=500).fit((rows - centre) * factor, places)
    slopes, levels = fitted.coef_, fitted.intercept_
    if len(seen) == 2:  # one row of log-odds for the second label: half for it and half against the first
        slopes, levels = np.vstack([-slopes / 2, slopes / 2]), np.concatenate([-levels / 2, levels / 2])
    weights[seen] = slopes * factor
    bias[seen] = levels - weights[seen] @ centre
    return weights, bias


def _log_loss(probabilities: Rows, places: NDArray[np.int64]) -> float:
    chosen = probabilities[np.arange(len(places)), places]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())
