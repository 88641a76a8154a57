"""Do confidences still look like those of before? A conformal test martingale; it raises audit rates and nothing else.

The t-th confidence, rounded to one of ``N_PLACES`` log-odds, is ranked among the first t, ties at random by u_t:

    p_t = (#{i ≤ t: place_i < place_t} + u_t #{i ≤ t: place_i = place_t}) / t

While confidences are exchangeable, p_1, p_2, … are independent and uniform, whatever their distribution. The *simple
jumper* bets on them: of three parts, for ε in (−1, 0, 1) (confidences fall, stay, rise), each moves a share of
``JUMP`` to even parts and is then multiplied by 1 + ε(p_t − ½). Their sum S_t is a martingale from 1, so
P(ever S_t ≥ 1/level) ≤ level. Vovk (2021), Testing randomness online, Statistical Science 36:595-611; ties and the
jumper: Vovk, Gammerman & Shafer (2022), Algorithmic Learning in a Random World, §8.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from judge.errors import InputError

type Rows = NDArray[np.float64]

#: Places are a quarter of a log-odds wide, from odds of 1 : 55 to 160,000 : 1; what is beyond counts as the last.
N_PLACES, WIDTH, LOWEST = 64, 0.25, -4.0
EPSILONS = (-1.0, 0.0, 1.0)
JUMP = 0.01
#: S_t at which drift is told: P(ever, without drift) ≤ 1 %.
DRIFT = 100.0


@dataclass(frozen=True, slots=True)
class InputState:
    """How many confidences fell in each place, log S_t, and the parts' shares of S_t. Stored as JSON."""

    counts: tuple[int, ...] = (0,) * N_PLACES
    log_wealth: float = 0.0
    shares: tuple[float, ...] = (1 / len(EPSILONS),) * len(EPSILONS)
    highest: float = 0.0

    @property
    def has_drifted(self) -> bool:
        """Whether S_t ever reached ``DRIFT``; ``highest`` is the highest log S_t so far."""
        return self.highest >= math.log(DRIFT)

    def as_record(self) -> dict[str, Any]:
        return {
            "counts": list(self.counts),
            "log_wealth": self.log_wealth,
            "shares": list(self.shares),
            "highest": self.highest,
        }


def read_input(record: Mapping[str, Any]) -> InputState:
    """The state that ``as_record`` gave; an empty record is the start. Raises InputError for anything else."""
    match InputState().as_record() | dict(record):
        case {
            "counts": [*counts],
            "log_wealth": int() | float() as log_wealth,
            "shares": [*shares],
            "highest": int() | float() as highest,
        } if (len(counts), len(shares)) == (N_PLACES, len(EPSILONS)):
            return InputState(tuple(map(int, counts)), float(log_wealth), tuple(map(float, shares)), float(highest))
    raise InputError(f"no state of input drift: {sorted(record)}", expected="counts, log_wealth, shares, highest")


def advance_input(state: InputState, *, confidence: ArrayLike, tie: ArrayLike) -> InputState:
    """The state after the next confidences, in order; ``tie``: for each a number from [0, 1) that chance alone drew.

    Raises InputError for confidences outside [0, 1], NaN included. A constant confidence is no drift.
    """
    places, ties = _read(confidence, tie)
    counts, shares = np.array(state.counts), np.array(state.shares)
    log_wealth, highest = state.log_wealth, state.highest
    for place, chance in zip(places, ties, strict=True):
        counts[place] += 1
        rank = (counts[:place].sum() + chance * counts[place]) / counts.sum()
        shares = (shares * (1 - JUMP) + JUMP / len(EPSILONS)) * (1 + np.array(EPSILONS) * (rank - 0.5))
        grown = shares.sum()
        log_wealth, shares = log_wealth + math.log(grown), shares / grown
        highest = max(highest, log_wealth)
    return InputState(tuple(map(int, counts)), log_wealth, tuple(map(float, shares)), highest)


def _read(confidence: ArrayLike, tie: ArrayLike) -> tuple[NDArray[np.int64], Rows]:
    confidences, ties = np.asarray(confidence, dtype=np.float64), np.asarray(tie, dtype=np.float64)
    if confidences.shape != ties.shape or confidences.ndim != 1:
        raise InputError(f"{confidences.shape} confidences, {ties.shape} ties", expected="one tie for each")
    if not ((confidences >= 0) & (confidences <= 1)).all():
        raise InputError("a confidence is out of range", expected="from 0 to 1")
    if not ((ties >= 0) & (ties < 1)).all():
        raise InputError("a tie is out of range", expected="from 0 to 1, 1 excluded")
    safe = np.clip(confidences, 1e-9, 1 - 1e-9)
    places = np.floor((np.log(safe / (1 - safe)) - LOWEST) / WIDTH)
    return np.clip(places, 0, N_PLACES - 1).astype(np.int64), ties
