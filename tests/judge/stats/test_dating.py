"""Dating a change: the likelihood by hand, what has no date, and what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.stats.dating import SUPPORT, Change, date_change

flags = st.lists(st.integers(0, 1), min_size=1, max_size=60)


def likelihood(errors: list[int], cut: int) -> float:
    total = 1.0
    for part in (errors[:cut], errors[cut:]):
        share = sum(part) / max(len(part), 1)
        total *= math.prod(share if each else 1 - share for each in part)
    return total


@given(flags)
def test_plausible_dates_are_those_whose_likelihood_is_near_the_greatest(errors: list[int]) -> None:
    cuts = range(len(errors))
    rising = [
        cut for cut in cuts
        if sum(errors[cut:]) / len(errors[cut:]) >= max(0.1, sum(errors[:cut]) / max(cut, 1))
    ]  # fmt: skip
    found = date_change(errors, alpha=0.1)
    if not rising:
        assert found == Change(0, 0, 0)
        return
    best = max(likelihood(errors, cut) for cut in rising)
    assert likelihood(errors, found.likeliest) == pytest.approx(best)
    near = [cut for cut in rising if likelihood(errors, cut) >= best / SUPPORT * (1 + 1e-9)]
    assert found.earliest <= min(near)
    assert found.latest >= max(near)
    assert found.earliest <= found.likeliest <= found.latest


def test_a_cut_by_hand() -> None:
    # 0 0 0 1 1: cut at 3: 1 · 1. At 2: (2 of 3)² (1 of 3) = 4/27, more than 1/100. At 4: (3/4)³ (1/4) = 27/256.
    # At 1: 4 audits, 2 errors: (1/2)⁴ = 1/16. At 0: (2/5)² (3/5)³ = .0346. All are plausible of so few.
    assert date_change([0, 0, 0, 1, 1], alpha=0.1) == Change(0, 3, 4)


def test_errors_all_along_date_the_change_at_the_start() -> None:
    assert date_change([1] * 50, alpha=0.1).earliest == 0


def test_errors_that_stop_are_no_rise_and_everything_is_doubted() -> None:
    assert date_change([1] * 5 + [0] * 200, alpha=0.1) == Change(0, 0, 0)


@pytest.mark.parametrize("errors", [[], [0.5], [math.nan]])
def test_what_is_no_audit_is_refused(errors: list[float]) -> None:
    with pytest.raises(InputError, match="no audits"):
        date_change(errors, alpha=0.1)


def test_an_alpha_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="alpha is 1"):
        date_change([0, 1], alpha=1)
