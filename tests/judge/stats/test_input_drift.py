"""Drift of confidences: quiet while they are exchangeable, told when they move, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.input_drift import InputState, advance_input, read_input


def watch(confidences: np.ndarray, seed: int = 0, state: InputState | None = None) -> InputState:
    ties = np.random.default_rng(seed).random(len(confidences))
    return advance_input(state or InputState(), confidence=confidences, tie=ties)


def test_first_confidence_is_a_tie_with_itself() -> None:
    # p = u = .8; parts 1/3 each after the jump; factors 1 − .3, 1, 1 + .3: their mean is 1, whatever u
    state = advance_input(InputState(), confidence=[0.9], tie=[0.8])
    assert state.log_wealth == pytest.approx(0)
    assert state.shares == pytest.approx((0.7 / 3, 1 / 3, 1.3 / 3))


def test_second_confidence_by_hand() -> None:
    # second is higher: p = (1 + .5 · 1) / 2 = .75. Parts .7/3, 1/3, 1.3/3 keep 99 % and share 1 % evenly:
    # .7·.99/3 + .01/3 = .703/3, 1/3, 1.297/3; times .75, 1, 1.25: (.52725 + 1 + 1.62125) / 3 = 1.04950
    state = advance_input(InputState(), confidence=[0.6, 0.9], tie=[0.8, 0.5])
    assert math.exp(state.log_wealth) == pytest.approx(1.0495)


def test_exchangeable_confidences_rarely_tell_drift() -> None:
    chance = np.random.default_rng(0)
    assert sum(watch(chance.beta(20, 2, 400), seed).has_drifted for seed in range(60)) <= 2  # .6 expected at most


@pytest.mark.parametrize("later", [(8, 2), (60, 2)], ids=["lower", "higher"])
def test_confidences_that_move_tell_drift(later: tuple[float, float]) -> None:
    chance = np.random.default_rng(1)
    before = watch(chance.beta(20, 2, 1000))
    assert not before.has_drifted
    assert watch(chance.beta(*later, 400), state=before).has_drifted


def test_constant_confidence_is_no_drift() -> None:
    assert not watch(np.full(3000, 1.0)).has_drifted
    assert not watch(np.full(3000, 0.5)).has_drifted


def test_state_survives_json_and_goes_on() -> None:
    chance = np.random.default_rng(2)
    confidences, ties = chance.random(50), chance.random(50)
    half = advance_input(InputState(), confidence=confidences[:20], tie=ties[:20])
    stored = read_input(json.loads(json.dumps(half.as_record())))
    assert stored == half
    whole = advance_input(InputState(), confidence=confidences, tie=ties)
    assert advance_input(stored, confidence=confidences[20:], tie=ties[20:]) == whole
    assert read_input({}) == InputState()


@pytest.mark.parametrize(
    ("confidence", "tie", "message"),
    [
        ([math.nan], [0.5], "confidence is out of range"),
        ([1.1], [0.5], "confidence is out of range"),
        ([0.5], [1.0], "tie is out of range"),
        ([0.5], [math.nan], "tie is out of range"),
        ([0.5], [], "one tie for each"),
    ],
)
def test_what_cannot_be_is_refused(confidence: list[float], tie: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        advance_input(InputState(), confidence=confidence, tie=tie)


@pytest.mark.parametrize("record", [{"counts": [1]}, {"shares": 3}, {"log_wealth": None}])
def test_a_record_of_something_else_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(InputError, match="no state of input drift"):
        read_input(record)
