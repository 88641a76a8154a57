"""Effects of strata and pairs: the arithmetic, what must not be called a lean, and how often chance is."""

from __future__ import annotations

import numpy as np
import pytest

from judge.errors import InputError
from judge.stats.probes import LEAST_CONTEXTS, holm, paired, stratum


def test_an_effect_is_read_within_cells_alone() -> None:
    # fails: 3 of 30 long ones pass and 0 of 30 short ones; passes: 30 of 30 and 30 of 30: (.1·15 + 0·15)/30
    is_in = [True] * 30 + [False] * 30
    passes = [place < 3 for place in range(60)]
    found = stratum(is_in=is_in * 2, passes=passes + [True] * 60, cells=["bad"] * 60 + ["good"] * 60, groups=range(120))
    assert found is not None
    assert found.value == pytest.approx(0.05)
    assert (found.n, found.n_other, found.n_contexts) == (60, 60, 120)


def test_a_stratum_that_holds_more_good_cases_is_no_lean() -> None:
    """A judge that errs one time in five either way; 80 % of the long outputs are good, 20 % of the short ones."""
    chance = np.random.default_rng(0)
    is_long = chance.random(4_000) < 0.5
    is_good = chance.random(4_000) < np.where(is_long, 0.8, 0.2)
    passes = is_good ^ (chance.random(4_000) < 0.2)
    found = stratum(is_in=is_long, passes=passes, cells=is_good.tolist(), groups=range(4_000))
    assert found is not None
    assert found.low < 0 < found.high
    assert abs(np.mean(passes[is_long]) - np.mean(passes[~is_long])) > 0.3, "the plain difference would cry bias"


def test_intervals_hold_the_truth_in_nineteen_of_twenty_worlds_also_where_contexts_differ() -> None:
    chance, held, n_worlds = np.random.default_rng(1), 0, 400
    for _ in range(n_worlds):
        group = np.repeat(np.arange(60), 5)
        leaning = chance.normal(0, 0.15, 60)[group]
        is_in = np.repeat(chance.random(60) < 0.5, 5)
        passes = chance.random(300) < np.clip(0.5 + leaning + 0.1 * is_in, 0, 1)
        found = stratum(is_in=is_in, passes=passes, cells=[0] * 300, groups=group.tolist())
        held += found is not None and found.low <= 0.1 <= found.high
    assert 0.92 <= held / n_worlds <= 0.98


def test_pairs_are_compared_with_themselves() -> None:
    found = paired(differences=[0.1, 0.3] * 15, groups=range(30))
    assert found is not None
    # sd of the mean: √(30/29 · Σ (.1/30)²) = .1/√29; t(29) = 2.0452
    assert found.value == pytest.approx(0.2)
    assert found.high == pytest.approx(0.2 + 2.0452 * 0.1 / 29**0.5, abs=1e-5)
    assert found.p_value < 1e-6


def test_too_few_contexts_tell_nothing_and_equal_answers_tell_no_effect() -> None:
    few = LEAST_CONTEXTS - 1
    assert paired(differences=[1.0] * few, groups=range(few)) is None
    assert paired(differences=[], groups=[]) is None
    assert stratum(is_in=[], passes=[], cells=[], groups=[]) is None
    one_sided = {"is_in": [True] * 50, "passes": [True] * 50, "cells": [0] * 50, "groups": range(50)}
    assert stratum(**one_sided) is None  # type: ignore[arg-type]
    same = paired(differences=[0.0] * 30, groups=range(30))
    assert same is not None
    assert (same.value, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="not a number"):
        paired(differences=[float("nan")] * 30, groups=range(30))
    with pytest.raises(InputError, match="differ in number"):
        stratum(is_in=[True], passes=[], cells=[0], groups=[0])


def test_holm_marks_fewer_than_each_alone_would() -> None:
    assert holm([0.04, 0.04]) == [False, False]
    assert holm([0.001, 0.04]) == [True, True]
    assert holm([]) == []
