"""Pass rates of generators: arithmetic by hand, and intervals that hold what they say."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from judge.stats import generators
from judge.stats.exact import clopper_pearson
from judge.stats.generators import Group, estimate_generator


def test_examples_hold() -> None:
    assert doctest.testmod(generators).failed == 0


def test_people_alone_are_a_plain_sample() -> None:
    found = estimate_generator(40, 30, 0, [])
    assert found is not None
    ends = clopper_pearson(30, 40)
    assert (found.value, found.low, found.high, found.n) == (0.75, ends.low, ends.high, 40)


def test_audits_stand_for_what_was_accepted_by_their_probabilities() -> None:
    # two periods: 10 read of π = .5 stand for 20, 4 of π = .1 for 40; passes 10·2 + 2·10 = 40 of 60
    found = estimate_generator(0, 0, 60, [Group(0.5, 10, 10), Group(0.1, 4, 2)])
    assert found is not None
    assert found.value == pytest.approx(40 / 60)
    assert found.effective_n == pytest.approx(60**2 / (10 * 2**2 + 4 * 10**2))


def test_nothing_is_said_where_nobody_read_what_was_accepted() -> None:
    assert estimate_generator(40, 30, 100, []) is None
    assert estimate_generator(0, 0, 0, []) is None


def test_one_case_and_one_class_say_little() -> None:
    one = estimate_generator(1, 1, 0, [])
    assert one is not None
    assert (one.value, one.high) == (1.0, 1.0)
    assert one.low == pytest.approx(0.025)  # (α/2)^(1/n)
    all_pass = estimate_generator(10, 10, 90, [Group(0.1, 9, 9)])
    assert all_pass is not None
    assert all_pass.effective_n == pytest.approx(1 / (0.1**2 / 10 + 0.9**2 / 9))  # 10.99, not 19
    assert all_pass.low == pytest.approx(0.025 ** (1 / all_pass.effective_n))
    assert all_pass.high == 1.0


def test_intervals_hold_the_rate_of_the_generator() -> None:
    """Half its cases go to people (.5 pass), half are accepted (.9 pass) and audited at a tenth: truth .7."""
    rng = np.random.default_rng(7)
    missed = 0
    for _ in range(400):
        n_people = int(rng.binomial(400, 0.5))
        n_audited = int(rng.binomial(400 - n_people, 0.1))
        people, audits = int(rng.binomial(n_people, 0.5)), int(rng.binomial(n_audited, 0.9))
        found = estimate_generator(n_people, people, 400 - n_people, [Group(0.1, n_audited, audits)])
        assert found is not None
        missed += not found.low <= 0.7 <= found.high
    assert 0 < missed <= 400 * 0.05 + 3 * (400 * 0.05 * 0.95) ** 0.5
