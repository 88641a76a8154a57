"""The running bound: its equation, one by one or all at once, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.stats.running_bound import FACTORS, BoundState, advance_bound, bound, read_bound, replay_bound

NAN = float("nan")
accepted = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0, NAN]), st.sampled_from([0.05, 0.3, 1.0])),
    min_size=1,
    max_size=80,
)


@given(accepted)
def test_bound_solves_its_equation_or_is_one(cases: list[tuple[float, float, float]]) -> None:
    """With reach D = T·u − Σm, the bets e^{λD} Π(1 − λ(B/π)(e − m)) have the mean 20."""
    means, errors, probabilities = zip(*cases, strict=True)
    found = replay_bound(means, errors, probabilities, least=0.05)[-1]
    if 0 < found < 1:
        reach = found * len(cases) - math.fsum(means)
        bets = [
            math.exp(0.05 * factor * reach)
            * math.prod(1 - 0.05 * factor * (e - m) / p for m, e, p in cases if not math.isnan(e))
            for factor in FACTORS
        ]
        assert math.fsum(bets) / len(bets) == pytest.approx(20, rel=1e-6)


@given(accepted, st.integers(0, 80))
def test_in_two_parts_is_as_all_at_once(cases: list[tuple[float, float, float]], cut: int) -> None:
    state = BoundState()
    for part in (cases[:cut], cases[cut:]):
        means, errors, probabilities = np.array(part).reshape(-1, 3).T
        state = advance_bound(state, expected=means, is_error=errors, probability=probabilities, least=0.05)
    assert bound(state, least=0.05) == pytest.approx(replay_bound(*zip(*cases, strict=True), least=0.05)[-1])


def test_nothing_accepted_promises_nothing() -> None:
    assert bound(BoundState(), least=0.05) == 1
    assert replay_bound([], [], [], least=0.05).shape == (0,)


def test_without_audits_the_bound_is_no_better_than_one_case_in_twenty_at_a_time() -> None:
    # no information: D = log 20 over about the greatest λ, .95 · .05, whatever was expected
    state = advance_bound(BoundState(), expected=[0.1] * 10, is_error=[NAN] * 10, probability=[0.05] * 10, least=0.05)
    assert bound(state, least=0.05) == 1


def test_everything_audited_and_wrong_is_bounded_by_one() -> None:
    assert replay_bound([0.0] * 500, [1.0] * 500, [1.0] * 500, least=1)[-1] == 1


def test_expecting_errors_exactly_leaves_only_the_price_of_looking() -> None:
    # e = m always: no variance at all; D ≤ log(12 · 20) / (.95 · 1) = 5.77 of 1,000 cases
    errors = ([1.0] + [0.0] * 9) * 100
    assert replay_bound(errors, errors, [1.0] * 1000, least=1)[-1] == pytest.approx(0.1 + 0.004, abs=0.002)


def test_more_audits_make_it_tighter() -> None:
    chance = np.random.default_rng(0)
    errors = (chance.random(4000) < 0.05).astype(float)
    few, many = (
        replay_bound([0.05] * 4000, np.where(chance.random(4000) < share, errors, NAN), [share] * 4000, least=share)[-1]
        for share in (0.05, 0.5)
    )
    assert 0.05 < many < few < 0.2


def test_state_survives_json() -> None:
    state = advance_bound(BoundState(), expected=[0.1], is_error=[1.0], probability=[0.5], least=0.05)
    assert read_bound(json.loads(json.dumps(state.as_record()))) == state
    assert read_bound({}) == BoundState()


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"least": 0}, "least audit probability"),
    ({"level": 0}, "level is 0"),
    ({"expected": [1.1, 0]}, "expected error is out of range"),
    ({"expected": [NAN, 0]}, "expected error is out of range"),
    ({"is_error": [0.5, 0]}, "neither an error nor none"),
    ({"probability": [0.01, 1]}, "probability is out of range"),
    ({"probability": [NAN, 1]}, "probability is out of range"),
    ({"probability": [1]}, "three for each case"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    told: dict[str, object] = {"expected": [0.1, 0.1], "is_error": [0, NAN], "probability": [0.5, 0.5], "least": 0.05}
    with pytest.raises(InputError, match=message):
        replay_bound(**told | change)  # type: ignore[arg-type]


@pytest.mark.parametrize("record", [{"logs": [1.0]}, {"logs": 3}, {"n_accepted": "two"}, {"expected": None}])
def test_a_record_of_something_else_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(InputError, match="no state of a bound"):
        read_bound(record)
