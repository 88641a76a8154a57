"""Streams: constant rates, stable draws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.streams import Stream, StreamRates, default_rates, draw, uniform


def test_default_rates_reserve_a_share_of_small_frames_and_a_number_of_large_ones() -> None:
    assert default_rates(100) == StreamRates(0.25, 0.5, 0.1)
    assert default_rates(100_000) == StreamRates(0.004, 0.006, 0.002)


@given(st.integers(1, 10**7))
def test_rates_and_probabilities_of_every_frame_sum_to_one(n: int) -> None:
    rates = default_rates(n)
    assert sum(rates.of(stream) for stream in Stream) == pytest.approx(1)
    assert all(rates.of(stream) > 0 for stream in Stream)


def test_draws_follow_the_rates() -> None:
    # 20,000 draws; three standard errors of a share of .25 are .0092
    rates = StreamRates(0.25, 0.5, 0.1)
    drawn = [draw(uniform("salt", f"item {i}"), rates) for i in range(20_000)]
    for stream in Stream:
        assert drawn.count(stream) / len(drawn) == pytest.approx(rates.of(stream), abs=0.011)


@given(st.text(), st.text())
def test_the_uniform_number_depends_on_salt_and_identity_alone(salt: str, identity: str) -> None:
    assert uniform(salt, identity) == uniform(salt, identity)
    assert 0 <= uniform(salt, identity) < 1


def test_rates_that_sum_to_more_than_one_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to at most 1"):
        StreamRates(0.5, 0.5, 0.1)
