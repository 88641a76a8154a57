"""The few parameters of a panel's pool, fitted to labels that people gave.

A panel of R raters who give probabilities p_r(k) says  p̂(k) ∝ exp(b_k + Σ_r w_r log p_r(k)):  judge.rules.verdicts.
With z_i(k) = b_k + Σ_r w_r log p_ri(k), y_i people's label and λ the penalty, minimise

    −Σ_i log softmax(z_i)_{y_i}  +  λ/2 [ Σ_r (w_r − 1/R)² + Σ_k b_k² ],    w_r ≥ 0

The penalty pulls to the plain pool of equal weights, so that few labels change little. Weights are not negative: a
rater that is worse than chance is left out, not believed in reverse. Genest & Zidek (1986), Combining probability
distributions; the logarithmic pool with fitted weights is a multinomial regression on log-probabilities.

Probabilities of a rater that learned from these very labels must be out of fold, or it is believed too much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

type Rows = NDArray[np.float64]

#: As judge.rules.verdicts.FLOOR: less counts as this much.
FLOOR = 1e-6
PENALTY = 1.0


@dataclass(frozen=True, slots=True)
class FittedPool:
    """``weights`` in the order of the raters, ``bias`` in the order of the labels."""

    weights: tuple[float, ...]
    bias: tuple[float, ...]

    def as_calibrator(self, labels: Sequence[str]) -> dict[str, object]:
        """What judge.rules.verdicts.read_calibrator reads."""
        bias = {label: round(value, 6) for label, value in zip(labels, self.bias, strict=True)}
        return {"kind": "pool", "weights": [round(each, 6) for each in self.weights], "bias": bias, "temperature": 1.0}


def stack(answers: Sequence[Sequence[Mapping[str, float]]], labels: Sequence[str]) -> Rows:
    """Log-probabilities (n × R × K) of cases × raters × labels, floored."""
    found = np.array([[[each.get(label, 0.0) for label in labels] for each in case] for case in answers])
    logs: Rows = np.log(np.maximum(found, FLOOR))
    return logs


def fit_pool(log_probabilities: Rows, places: NDArray[np.int64], *, penalty: float = PENALTY) -> FittedPool:
    """Fit weights and bias to log-probabilities (n × R × K) and the places (n) of people's labels."""
    n_raters, n_labels = log_probabilities.shape[1:]
    start = np.concatenate([np.full(n_raters, 1.0 / n_raters), np.zeros(n_labels)])
    bounds = [(0.0, None)] * n_raters + [(None, None)] * n_labels
    given = np.eye(n_labels)[places]

    def loss(values: Rows) -> tuple[float, Rows]:
        scores = np.tensordot(log_probabilities, values[:n_raters], axes=(1, 0)) + values[n_raters:]
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        error, away = np.exp(logs) - given, values - start
        slopes = np.concatenate([np.einsum("nrk,nk->r", log_probabilities, error), error.sum(axis=0)])
        return float(-(logs * given).sum() + penalty / 2 * away @ away), slopes + penalty * away

    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return FittedPool(tuple(map(float, found[:n_raters])), tuple(map(float, found[n_raters:])))


def apply_pool(pool: FittedPool, log_probabilities: Rows) -> Rows:
    """The panel's probabilities (n × K)."""
    scores = np.tensordot(log_probabilities, np.array(pool.weights), axes=(1, 0)) + np.array(pool.bias)
    raised: Rows = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
