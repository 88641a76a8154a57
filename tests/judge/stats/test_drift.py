"""The alarm: bets by hand, one by one or all at once, the date of a change, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.stats.drift import FACTORS, AlarmState, advance_alarm, estimate_change, read_alarm, replay_alarm

TERMS = {"alpha": 0.1, "least": 0.05}
audits = st.lists(st.tuples(st.booleans(), st.sampled_from([0.05, 0.2, 1.0])), min_size=1, max_size=60)


def test_two_audits_by_hand() -> None:
    # λ = .5 (the first factor over alpha), π = π_min: an error, x = .9: (0 + 1)(1 + .45) = 1.45
    # then none, x = −.1: (1.45 + 1)(1 − .05) = 2.3275
    state = advance_alarm(AlarmState(), is_error=True, probability=0.05, **TERMS)
    state = advance_alarm(state, is_error=False, probability=0.05, **TERMS)
    assert state.levels[0] == pytest.approx(2.3275)
    assert state.n_audited == 2


def test_an_audit_that_was_twice_as_likely_counts_half() -> None:
    # x = (.05 / .1)(1 − .1) = .45: (0 + 1)(1 + .5 · .45) = 1.225
    state = advance_alarm(AlarmState(), is_error=True, probability=0.1, **TERMS)
    assert state.levels[0] == pytest.approx(1.225)


@given(audits)
def test_one_by_one_is_as_all_at_once(given_audits: list[tuple[bool, float]]) -> None:
    errors, probabilities = zip(*given_audits, strict=True)
    state, found = AlarmState(), []
    for is_error, probability in given_audits:
        state = advance_alarm(state, is_error=is_error, probability=probability, **TERMS)
        found.append(state.level)
    assert np.allclose(replay_alarm(errors, probabilities, **TERMS), found)


@given(audits)
def test_change_is_where_the_sum_of_bets_is_greatest(given_audits: list[tuple[bool, float]]) -> None:
    errors, probabilities = zip(*given_audits, strict=True)

    def stake(start: int) -> float:
        return math.fsum(
            math.prod(1 + factor / 0.1 * (0.05 / p) * (e - 0.1) for e, p in given_audits[start:]) for factor in FACTORS
        )

    found = estimate_change(errors, probabilities, **TERMS)
    assert stake(found) == pytest.approx(max(stake(start) for start in range(len(given_audits))))


def test_state_survives_json() -> None:
    state = advance_alarm(AlarmState(), is_error=True, probability=0.05, **TERMS)
    assert read_alarm(json.loads(json.dumps(state.as_record()))) == state
    assert read_alarm({}) == AlarmState()


def test_all_wrong_alarms_at_once_and_all_right_never() -> None:
    wrong = replay_alarm([1] * 20, [0.05] * 20, **TERMS)
    assert 3 <= int((wrong < 2000).sum()) <= 6, "six bets of 6.4 : 1 and less"
    # λ = .5, the smallest: M settles where (M + 1)(1 − .05) = M, at 19; the others lower
    assert replay_alarm([0] * 5000, [0.05] * 5000, **TERMS).max() < 19


def test_levels_that_say_nothing_more_stay_numbers() -> None:
    state = AlarmState()
    for _ in range(400):
        state = advance_alarm(state, is_error=True, probability=0.05, **TERMS)
    assert state.is_alarmed
    assert math.isfinite(state.level)
    assert np.isfinite(replay_alarm([1] * 4000, [0.05] * 4000, **TERMS)).all()


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"alpha": 0}, "alpha is 0"),
    ({"alpha": float("nan")}, "alpha is nan"),
    ({"least": 0}, "least audit probability"),
    ({"probability": [0.01, 1]}, "probability is out of range"),
    ({"probability": [float("nan"), 1]}, "probability is out of range"),
    ({"probability": [1]}, "one for each audit"),
    ({"is_error": [0.5, 1]}, "neither an error nor none"),
    ({"is_error": [float("nan"), 1]}, "neither an error nor none"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_what_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    told: dict[str, object] = {"is_error": [0, 1], "probability": [0.05, 1], **TERMS}
    with pytest.raises(InputError, match=message):
        replay_alarm(**told | change)  # type: ignore[arg-type]


def test_no_audit_has_no_level_and_no_change() -> None:
    assert replay_alarm([], [], **TERMS).shape == (0,)
    with pytest.raises(InputError, match="no audit"):
        estimate_change([], [], **TERMS)


@pytest.mark.parametrize("record", [{"levels": [1.0]}, {"levels": 3}, {"n_audited": "two"}])
def test_a_record_of_something_else_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(InputError, match="no state of an alarm"):
        read_alarm(record)
