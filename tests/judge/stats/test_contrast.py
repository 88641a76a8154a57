"""Two shares side by side: by hand, with contexts in common, and that the interval holds what it says."""

from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.contrast import contrast


def test_shares_and_their_difference_by_hand() -> None:
    # first: 1 of 4; second: 3 of 4. Contexts a and b: 0/1 → 1/1 and 1/2 → 1/2; c, d known to one side alone
    found = contrast([0, 1, 0, 0], [1, 1, 0, 1], first_groups="abbc", second_groups="abbd")  # type: ignore[list-item]
    assert found is not None
    assert (found.first.n_hits, found.first.n, found.second.n_hits, found.second.n) == (1, 4, 3, 4)
    assert found.difference == 0.5
    assert (found.n_groups, found.n_first_ahead, found.n_second_ahead) == (2, 0, 1)
    assert found.p_value == 1.0  # one context that differs proves nothing: 2 · ½
    assert found.low <= 0.5 <= found.high


def test_ten_contexts_that_all_gain_are_no_chance() -> None:
    found = contrast([False] * 10, [True] * 10, first_groups=range(10), second_groups=range(10))
    assert found is not None
    assert found.p_value == pytest.approx(2 * 0.5**10)
    assert (found.difference, found.low, found.high) == (1.0, 1.0, 1.0)


def test_side_without_a_case_is_not_compared() -> None:
    assert contrast([], [True], first_groups=[], second_groups=[1]) is None


def test_numbers_of_groups_must_fit() -> None:
    with pytest.raises(InputError):
        contrast([True], [True], first_groups=[], second_groups=[1])


def test_what_contexts_have_in_common_cancels() -> None:
    chance = np.random.default_rng(1)
    ease = chance.random(200) < 0.5
    first, second = ease & (chance.random(200) < 0.95), ease & (chance.random(200) < 0.95)
    paired = contrast(list(first), list(second), first_groups=range(200), second_groups=range(200))
    apart = contrast(list(first), list(second), first_groups=range(200), second_groups=range(200, 400))
    assert paired is not None
    assert apart is not None
    assert paired.high - paired.low < (apart.high - apart.low) / 2


def test_interval_holds_the_difference_in_nineteen_of_twenty_worlds() -> None:
    chance = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        groups = np.repeat(np.arange(60), 2)
        context = chance.random(60)[groups] * 0.4
        first, second = chance.random(120) < 0.3 + context, chance.random(120) < 0.4 + context
        found = contrast(list(first), list(second), first_groups=list(groups), second_groups=list(groups))
        assert found is not None
        held += found.low <= 0.1 <= found.high
    assert held >= 50  # so few groups: 94 % of 60 is 56; less 3 s.e. (1.8)
