"""A judge's calibrator, fitted to labels that people gave on the train stream; judge.rules.calibrators applies it.

What is fitted grows with the number n of labels (of weight above 0):

``temperature``  n < 200        p̂ = softmax(z / T), z_k the mean of the raters' log-probabilities
``stack``        n ≤ 1000       p̂ = softmax(b_k + Σ_j β_j x_j(k)): judge.rules.calibrators.Stack
``tables``       n > 1000       the stack, and on top for each label a Venn–Abers table

Stack: x_j(k) are log-probabilities of each rater and order of presentation, the same times the mass outside the scale,
bare votes, and the text's length times the mean log-probability. With y_i people's label and v_i the case's weight

    minimise  −Σ_i v_i log p̂_i(y_i)  +  λ/2 (Σ_j (β_j − β⁰_j)² + Σ_k b_k²),    slopes of probabilities and votes ≥ 0

β⁰ is the plain pool: few labels change little, and a rater worse than chance is left out, not believed in reverse. The
conditional logit of McFadden (1974); temperature: Guo et al. (2017), ICML, with log T ~ N(0, ½²) beforehand.

Venn–Abers: let f_0, f_1 be isotonic regressions of "label is k" on p_k with the case (x, 0) or (x, 1) added; g_k(x) =
f_1(x) / (1 − f_0(x) + f_1(x)), on out-of-fold p_k. Vovk, Petej & Fedorova (2015), NIPS. A little of the identity
is mixed in, so that cases keep their order.

All that is said of the train cases themselves is cross-fitted, the folds keeping contexts whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize, minimize_scalar
from sklearn.model_selection import GroupKFold

from judge.rules.calibrator_records import write_stack
from judge.rules.calibrators import Answer, Stack
from judge.stats.designs import Design, design
from judge.stats.heads import softmax

type Rows = NDArray[np.float64]
type Codes = NDArray[np.int64]

#: Fewer labels than this: temperature only; more than this: tables on top.
STACK_FROM, TABLES_ABOVE = 200, 1000
PENALTY = 1.0
#: Standard deviation of log T before any label is seen, and how far T may go.
SPREAD, COOLEST, HOTTEST = 0.5, 0.05, 20.0
FOLDS = 5
#: Points of a table, how much of the identity is mixed in, and how many cases with and without the label it needs.
POINTS, IDENTITY, TABLE_FROM = 33, 0.02, 20


class Stage(StrEnum):
    TEMPERATURE = "temperature"
    STACK = "stack"
    TABLES = "tables"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the judge's raters said of one case, in the order of its seats, and what people say: ``label``.

    ``context``: what cases are kept together by. ``length``: characters of the item's text, None where it is no matter.
    ``weight``: 1/probability for a case that was not drawn like the others, 0 to leave it out of the fit.
    """

    answers: Sequence[Answer]
    label: str
    context: Hashable
    length: int | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class FittedCalibrator:
    """``record``: what judge.rules.calibrator_records.read_calibrator reads. ``cross_fitted`` (n × K, labels in the
    scale's order): for each lesson the probabilities by a calibrator that saw no lesson of its context."""

    record: Mapping[str, object]
    stage: Stage
    n: int
    cross_fitted: Rows


@dataclass(frozen=True, slots=True)
class _Fit:
    """Either ``temperature``, or slopes (J) and bias (K) with tables by the label's place."""

    temperature: float | None = None
    slopes: Rows = field(default_factory=lambda: np.empty(0))
    bias: Rows = field(default_factory=lambda: np.empty(0))
    tables: Mapping[int, tuple[Rows, Rows]] = field(default_factory=dict)


def fit_calibrator(lessons: Sequence[Lesson], labels: Sequence[str], *, seed: int = 0) -> FittedCalibrator:
    """Fit the calibrator of one judge on one criterion; ``labels`` is the criterion's scale.

    Raises InputError for lessons of fewer than two contexts, an unscored answer, a label outside the scale, another
    number of answers than the others have, probabilities that are none, or weights of which none is above 0.
    """
    given = design(lessons, labels)
    n = int((given.weights > 0).sum())
    stage = choose_stage(n)
    whole = _fit(given, stage, seed)
    found = np.empty((len(lessons), len(labels)))
    for train, rest in _folds(given.contexts, seed):
        found[rest] = _apply(_fit(given.take(train), stage, seed), given.take(rest))
    return FittedCalibrator(_record(whole, given, labels), stage, n, found)


def choose_stage(n: int) -> Stage:
    if n < STACK_FROM:
        return Stage.TEMPERATURE
    return Stage.STACK if n <= TABLES_ABOVE else Stage.TABLES


def venn_abers(scores: Rows, is_hit: NDArray[np.bool_], weights: Rows, at: Rows) -> Rows:
    """g(x) for each x in ``at``, of scored cases (n).

    >>> venn_abers(np.array([.1, .9]), np.array([False, True]), np.ones(2), np.array([.9])).round(3)
    array([0.667])
    """
    places, inverse = np.unique(scores, return_inverse=True)
    masses = np.bincount(inverse, weights=weights)  # above 0: who counts nothing was left out
    means = np.bincount(inverse, weights=weights * is_hit) / masses
    ends = np.array([[_isotonic_with(places, means, masses, x, hit) for x in at] for hit in (0.0, 1.0)])
    shares: Rows = ends[1] / (1 - ends[0] + ends[1])
    return shares


def _isotonic_with(places: Rows, means: Rows, masses: Rows, x: float, hit: float) -> float:
    """The isotonic fit's value at x with one more case (x, hit) of weight 1."""
    at = int(np.searchsorted(places, x))
    if at < len(places) and places[at] == x:
        means, masses = means.copy(), masses.copy()
        means[at] = (means[at] * masses[at] + hit) / (masses[at] + 1)
        masses[at] += 1
    else:
        means, masses = np.insert(means, at, hit), np.insert(masses, at, 1.0)
    return float(isotonic_regression(means, weights=masses).x[at])


def _fit(given: Design, stage: Stage, seed: int) -> _Fit:
    if stage is Stage.TEMPERATURE:
        return _Fit(temperature=_fit_temperature(given))
    slopes, bias = _fit_stack(given)
    tables = _fit_tables(given, seed) if stage is Stage.TABLES else {}
    return _Fit(slopes=slopes, bias=bias, tables=tables)


def _fit_temperature(given: Design) -> float:
    places = np.arange(len(given.places))

    def loss(log_temperature: float) -> float:
        scores = given.pooled / np.exp(log_temperature)
        logs = scores[places, given.places] - np.logaddexp.reduce(scores, axis=1)
        return float(-given.weights @ logs + log_temperature**2 / (2 * SPREAD**2))

    found = minimize_scalar(loss, bounds=(np.log(COOLEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def _fit_stack(given: Design) -> tuple[Rows, Rows]:
    n_slopes, n_labels = given.columns.shape[1:]
    start = np.concatenate([given.start, np.zeros(n_labels)])
    bounds = [(None if signed else 0.0, None) for signed in given.is_signed] + [(None, None)] * n_labels
    truth = np.eye(n_labels)[given.places]

    def loss(values: Rows) -> tuple[float, Rows]:
        scores = np.einsum("njk,j->nk", given.columns, values[:n_slopes]) + values[n_slopes:]
        logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        error, away = given.weights[:, None] * (np.exp(logs) - truth), values - start
        slopes = np.concatenate([np.einsum("njk,nk->j", given.columns, error), error.sum(axis=0)])
        said = (given.weights[:, None] * logs * truth).sum()
        return float(-said + PENALTY / 2 * away @ away), slopes + PENALTY * away

    # L-BFGS-B hands its tiny matrices to BLAS, whose threads make it ten times as slow
    found = minimize(loss, start, jac=True, method="TNC", bounds=bounds, options={"maxfun": 2000}).x
    return found[:n_slopes], found[n_slopes:]


def _fit_tables(given: Design, seed: int) -> dict[int, tuple[Rows, Rows]]:
    """(x, y) by label, from stacks that saw nothing of the case's context; none where all are of one context."""
    if len(np.unique(given.contexts)) < 2:
        return {}
    found = np.empty((len(given.places), given.columns.shape[2]))
    for train, rest in _folds(given.contexts, seed):
        slopes, bias = _fit_stack(given.take(train))
        found[rest] = _apply(_Fit(slopes=slopes, bias=bias), given.take(rest))
    counted = given.weights > 0
    tables = {}
    for k in range(found.shape[1]):
        scores, hits = found[counted, k], given.places[counted] == k
        if TABLE_FROM <= hits.sum() <= len(hits) - TABLE_FROM:
            tables[k] = _table(scores, hits, given.weights[counted])
    return tables


def _table(scores: Rows, hits: NDArray[np.bool_], weights: Rows) -> tuple[Rows, Rows]:
    inner = np.quantile(scores, np.linspace(0, 1, POINTS), method="nearest")
    x = np.unique(np.concatenate([[0.0], inner, [1.0]]).round(6))
    straight = np.maximum.accumulate(venn_abers(scores, hits, weights, x))
    return x, (1 - IDENTITY) * straight + IDENTITY * x


def _apply(fit: _Fit, given: Design) -> Rows:
    if fit.temperature is not None:
        return softmax(given.pooled / fit.temperature)
    probabilities = softmax(np.einsum("njk,j->nk", given.columns, fit.slopes) + fit.bias)
    for k, (x, y) in fit.tables.items():
        probabilities[:, k] = np.interp(probabilities[:, k], x, y)
    return probabilities / probabilities.sum(axis=1, keepdims=True)


def _folds(contexts: Codes, seed: int) -> Iterator[tuple[Codes, Codes]]:
    folds = GroupKFold(min(FOLDS, len(np.unique(contexts))), shuffle=True, random_state=seed)
    return iter(folds.split(contexts, groups=contexts))


def _record(fit: _Fit, given: Design, labels: Sequence[str]) -> dict[str, object]:
    if fit.temperature is not None:
        return {"kind": "temperature", "temperature": round(fit.temperature, 6)}
    tables = {labels[k]: tuple(zip(x.tolist(), y.tolist(), strict=True)) for k, (x, y) in fit.tables.items()}
    bias = dict(zip(labels, map(float, fit.bias), strict=True))
    return write_stack(Stack(given.seats(fit.slopes), bias, *given.length(fit.slopes), tables))
