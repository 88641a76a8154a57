"""At most how much of what a cell accepted so far disagrees with people: a bound that holds at every look.

Of the accepted cases t = 1, 2, … let e_t be 1 where people would disagree, B_t whether it is audited, drawn with
probability π_t, and m_t = 1 − p̂ what was expected before the draw. X_t = m_t + (B_t/π_t)(e_t − m_t) has mean e_t over
B_t alone, so no assumption about e is made: it may drift as it likes. For each λ with λ(X_t − m_t) < 1,

    K_T(λ) = Π_{t≤T} (1 − λ(B_t/π_t)(e_t − m_t)) · exp(λ Σ_{t≤T} (e_t − m_t))

is a supermartingale from 1, as 1 − λ(e_t − m_t) ≤ exp(−λ(e_t − m_t)). By Ville's inequality the mean of K_T over
``FACTORS`` never reaches 1/level except with probability level. Hence with probability 1 − level, for all T at once,

    (1/T) Σ_{t≤T} e_t  ≤  u_T = (1/T) (Σ_{t≤T} m_t + D_T),
    D_T: where the mean over λ of e^{λ D} Π_{t≤T} (1 − λ(B_t/π_t)(e_t − m_t)) is 1/level

Howard, Ramdas, McAuliffe & Sekhon (2021), Annals of Statistics 49:1055-1080, Theorem 4: their empirical-Bernstein
sequence bounds each log(1 − λx) from below by −λx − x²ψ(λ) first; here it is kept as it is (Waudby-Smith & Ramdas 2024,
JRSS-B 86:1-27), so that each K is at least theirs, and no variance need be guessed beforehand: docs/adr/0010.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from judge.errors import InputError

type Rows = NDArray[np.float64]

#: λ/π_min. The great ones serve the first hundred audits, the small ones millions of accepted cases.
FACTORS = tuple(float(each) for each in np.geomspace(0.03, 0.95, 12))
LEVEL = 0.05
_STEPS = 8


@dataclass(frozen=True, slots=True)
class BoundState:
    """Of ``n_accepted`` cases Σ m_t and, for each of ``FACTORS``, Σ log(1 − λ(B_t/π_t)(e_t − m_t)). Kept as JSON."""

    n_accepted: int = 0
    expected: float = 0.0
    logs: tuple[float, ...] = (0.0,) * len(FACTORS)

    def as_record(self) -> dict[str, Any]:
        return {"n_accepted": self.n_accepted, "expected": self.expected, "logs": list(self.logs)}


def read_bound(record: Mapping[str, Any]) -> BoundState:
    """The state that ``as_record`` gave; an empty record is the start. Raises InputError for anything else."""
    match BoundState().as_record() | dict(record):
        case {"n_accepted": int(n_accepted), "expected": int() | float() as expected, "logs": [*logs]} if len(
            logs
        ) == len(FACTORS):
            return BoundState(n_accepted, float(expected), tuple(map(float, logs)))
    raise InputError(f"no state of a bound: {dict(record)!r}", expected=f"n_accepted, expected, {len(FACTORS)} logs")


def advance_bound(
    state: BoundState,
    *,
    expected: ArrayLike,
    is_error: ArrayLike,
    probability: ArrayLike,
    least: float,
) -> BoundState:
    """The state after the next accepted cases: ``expected`` m_t, ``is_error`` e_t or NaN where not audited.

    ``probability`` is π_t of every case, audited or not; ``least`` is π_min, the same for the whole cell.
    """
    means, scores = _read(expected, is_error, probability, least)
    logs = np.log1p(-np.outer(_lambdas(least), scores[scores != 0])).sum(axis=1)
    return BoundState(
        state.n_accepted + len(means),
        state.expected + float(means.sum()),
        tuple(map(float, np.array(state.logs) + logs)),
    )


def bound(state: BoundState, *, least: float, level: float = LEVEL) -> float:
    """u_T, 1 where nothing was accepted.

    >>> right = {"expected": [.05] * 1000, "is_error": [0.] * 1000, "probability": [1.] * 1000}
    >>> state = advance_bound(BoundState(), **right, least=1.)
    >>> round(bound(state, least=1.), 3)  # all were audited and none was wrong
    0.006
    """
    if state.n_accepted == 0:
        return 1.0
    logs = np.array(state.logs)[:, None]
    return float(_solve(logs, np.array([state.expected]), np.array([state.n_accepted]), least, level)[0])


def replay_bound(
    expected: ArrayLike, is_error: ArrayLike, probability: ArrayLike, *, least: float, level: float = LEVEL
) -> Rows:
    """u_T after each of T accepted cases, as :func:`bound` would find it one by one."""
    means, scores = _read(expected, is_error, probability, least)
    logs = np.cumsum(np.log1p(-np.outer(_lambdas(least), scores)), axis=1)
    return _solve(logs, np.cumsum(means), np.arange(1, len(means) + 1), least, level)


def _lambdas(least: float) -> Rows:
    return np.array(FACTORS) * least


def _solve(logs: Rows, expected: Rows, n: NDArray[np.int64], least: float, level: float) -> Rows:
    """Newton's steps for D_T from the right of the root of a convex, rising function: each ends at or above it."""
    if not 0 < level < 1:
        raise InputError(f"level is {level}", expected="between 0 and 1")
    lambdas, wanted = _lambdas(least)[:, None], np.log(len(FACTORS) / level)
    reach: Rows = ((wanted - logs) / lambdas).min(axis=0)
    for _ in range(_STEPS):
        terms = lambdas * reach + logs
        top = terms.max(axis=0)
        raised = np.exp(terms - top)
        total = raised.sum(axis=0)
        reach -= (top + np.log(total) - wanted) * total / (lambdas * raised).sum(axis=0)
    bounds: Rows = np.clip((expected + reach) / n, 0.0, 1.0)
    return bounds


def _read(expected: ArrayLike, is_error: ArrayLike, probability: ArrayLike, least: float) -> tuple[Rows, Rows]:
    """m_t and (B_t/π_t)(e_t − m_t), both of length T."""
    means, errors, probabilities = (np.asarray(each, dtype=np.float64) for each in (expected, is_error, probability))
    if not 0 < least <= 1:
        raise InputError(f"the least audit probability is {least}", expected="above 0, 1 at most")
    if not means.shape == errors.shape == probabilities.shape or means.ndim != 1:
        raise InputError(
            f"{means.shape}, {errors.shape}, {probabilities.shape} numbers", expected="three for each case"
        )
    if not ((means >= 0) & (means <= 1)).all():
        raise InputError("an expected error is out of range", expected="1 − p̂, from 0 to 1")
    if not (np.isin(errors, (0, 1)) | np.isnan(errors)).all():
        raise InputError("an audit is neither an error nor none", expected="0 or 1, NaN where there was no audit")
    if not ((probabilities >= least) & (probabilities <= 1)).all():
        raise InputError("an audit's probability is out of range", expected=f"from {least} to 1")
    return means, np.nan_to_num((errors - means) / probabilities)
