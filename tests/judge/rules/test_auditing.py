"""The audit's rate comes from the past only; its draw depends on nothing but salt and case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.auditing import audit_draw, audit_rate
from judge.rules.streams import uniform


@pytest.mark.parametrize(
    ("yesterday", "rate"),
    [(None, 1.0), (0, 1.0), (7, 1.0), (20, 1.0), (40, 0.5), (399, 20 / 399), (400, 0.05), (10**6, 0.05)],
)
def test_rate(yesterday: int | None, rate: float) -> None:
    # max(5 %, min(1, 20/yesterday))
    assert audit_rate(yesterday) == pytest.approx(rate)


def test_policy_sets_the_least_rate() -> None:
    assert audit_rate(10_000, least=0.2) == 0.2
    with pytest.raises(ValueError, match=r"\(0, 1\]"):
        audit_rate(10, least=0.0)


@given(st.integers(0, 10**7), st.floats(0.01, 1))
def test_rate_is_a_probability_never_under_the_least(yesterday: int, least: float) -> None:
    assert least <= audit_rate(yesterday, least=least) <= 1


def test_draws_are_uniform_and_know_nothing_of_the_streams() -> None:
    keys = [f"case {i}" for i in range(4000)]
    audits, streams = [audit_draw("salt", key) for key in keys], [uniform("salt", key) for key in keys]
    share = sum(u < 0.05 for u in audits) / 4000
    assert share == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 4000) ** 0.5)
    # of those that a stream took (u < .3), the audit would take 5 % as well: 3 s.e. of about 1200 is .019
    taken = [a for a, s in zip(audits, streams, strict=True) if s < 0.3]
    assert sum(a < 0.05 for a in taken) / len(taken) == pytest.approx(0.05, abs=0.019)


def test_another_salt_draws_anew() -> None:
    assert audit_draw("a", "case") != audit_draw("b", "case")
    assert audit_draw("a", "case") == audit_draw("a", "case")
