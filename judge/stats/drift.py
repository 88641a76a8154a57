"""The alarm: audits that say that a cell's risk has left its promise. A betting e-detector.

Of the audited cases in acceptance order let e be 1 where people disagree with the judge, π the audit probability and
π_min the least one. Each factor λ of ``FACTORS``/alpha bets on every audit that risk is above alpha, and everybody who
starts to bet at any audit is counted:

    x_t = (π_min / π_t)(e_t − alpha),    M_t(λ) = (M_{t−1}(λ) + 1)(1 + λ x_t),    M_0 = 0,    level = mean over λ

While E[e_t | past] ≤ alpha, M_t − t is a supermartingale, so a cell that keeps its promise sounds no alarm at level
``ALARM`` for ``ALARM`` audits on average, whatever else happens. The run of bets that gained most began at the j with
the greatest Σ_λ Π_{i=j..t}(1 + λ x_i). Shin, Ramdas & Rinaldo (2024), E-detectors, NEJSDS 2:229-260; Roberts (1966).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from judge.errors import InputError

type Rows = NDArray[np.float64]

#: λ·alpha: small ones see a small change late, great ones a great change at once. 1 + λx stays above .4.
FACTORS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6)
ALARM = 2000.0
#: Levels beyond it say nothing more and are kept at it.
HIGHEST = 1e12


@dataclass(frozen=True, slots=True)
class AlarmState:
    """Where the detector stands after ``n_audited`` audits: M for each of ``FACTORS``. Stored as JSON."""

    n_audited: int = 0
    levels: tuple[float, ...] = (0.0,) * len(FACTORS)

    @property
    def level(self) -> float:
        return sum(self.levels) / len(self.levels)

    @property
    def is_alarmed(self) -> bool:
        return self.level >= ALARM

    def as_record(self) -> dict[str, Any]:
        return {"n_audited": self.n_audited, "levels": list(self.levels)}


def read_alarm(record: Mapping[str, Any]) -> AlarmState:
    """The state that ``as_record`` gave; an empty record is the start. Raises InputError for anything else."""
    match AlarmState().as_record() | dict(record):
        case {"n_audited": int(n_audited), "levels": [*levels]} if len(levels) == len(FACTORS):
            return AlarmState(n_audited, tuple(map(float, levels)))
    raise InputError(f"no state of an alarm: {dict(record)!r}", expected=f"n_audited, {len(FACTORS)} levels")


def advance_alarm(state: AlarmState, *, is_error: bool, probability: float, alpha: float, least: float) -> AlarmState:
    """The state after one more audit, drawn with ``probability``; ``least`` is π_min, the same for the whole cell.

    >>> state = advance_alarm(AlarmState(), is_error=True, probability=.05, alpha=.1, least=.05)
    >>> [round(each, 3) for each in state.levels]  # 1 + λ·.9 for λ = .5, 1, 2, 3, 4, 6
    [1.45, 1.9, 2.8, 3.7, 4.6, 6.4]
    """
    (score,) = _score([is_error], [probability], alpha, least)
    levels = (
        min(HIGHEST, (level + 1) * (1 + factor / alpha * score))
        for level, factor in zip(state.levels, FACTORS, strict=True)
    )
    return AlarmState(state.n_audited + 1, tuple(map(float, levels)))


def replay_alarm(is_error: ArrayLike, probability: ArrayLike, *, alpha: float, least: float) -> Rows:
    """The level after each of T audits, as :func:`advance_alarm` would find it one by one.

    M_t = Σ_{j≤t} Π_{i=j..t}(1 + λ x_i) = e^{S_t} Σ_{j≤t} e^{−S_{j−1}} with S_t = Σ_{i≤t} log(1 + λ x_i).
    """
    sums = _sum_logs(is_error, probability, alpha, least)
    logs = sums[:, 1:] + np.logaddexp.accumulate(-sums[:, :-1], axis=1)
    levels: Rows = np.exp(np.minimum(logs, np.log(HIGHEST))).mean(axis=0)
    return levels


def estimate_change(is_error: ArrayLike, probability: ArrayLike, *, alpha: float, least: float) -> int:
    """The place (from 0) of the audit from which on bets gained most, of audits up to an alarm; the latest of ties.

    It comes late, as a bet gains nothing while risk is near alpha: judge.stats.dating says from where on to doubt.

    >>> estimate_change([0] * 30 + [1, 1, 1], [.05] * 33, alpha=.1, least=.05)
    30
    """
    sums = _sum_logs(is_error, probability, alpha, least)
    if sums.shape[1] == 1:
        raise InputError("no audit", expected="one at least")
    since = np.logaddexp.reduce(sums[:, -1:] - sums[:, :-1], axis=0)
    return len(since) - 1 - int(since[::-1].argmax())


def _sum_logs(is_error: ArrayLike, probability: ArrayLike, alpha: float, least: float) -> Rows:
    """S_0 … S_T for each factor (len(FACTORS) × T + 1)."""
    scores = _score(is_error, probability, alpha, least)
    logs = np.log1p(np.outer(np.array(FACTORS) / alpha, scores))
    return np.hstack([np.zeros((len(FACTORS), 1)), np.cumsum(logs, axis=1)])


def _score(is_error: ArrayLike, probability: ArrayLike, alpha: float, least: float) -> Rows:
    errors, probabilities = np.asarray(is_error, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}", expected="between 0 and 1")
    if not 0 < least <= 1:
        raise InputError(f"the least audit probability is {least}", expected="above 0, 1 at most")
    if errors.shape != probabilities.shape or errors.ndim != 1:
        raise InputError(f"{errors.shape} errors, {probabilities.shape} probabilities", expected="one for each audit")
    if not np.isin(errors, (0, 1)).all():
        raise InputError("an audit is neither an error nor none", expected="0 or 1")
    if not ((probabilities >= least) & (probabilities <= 1)).all():
        raise InputError("an audit's probability is out of range", expected=f"from {least} to 1")
    scores: Rows = least / probabilities * (errors - alpha)
    return scores
