"""What stands beside alpha."""

from __future__ import annotations

import math

import pytest

from judge.errors import InputError
from judge.stats.readings import accepted_passes, always_majority


def test_always_yes_looks_good_and_lets_the_bad_through() -> None:
    # 68 good of 100, a judge that always says yes: agreement .68, and of its 100 accepted passes 32 are errors
    good = [True] * 68 + [False] * 32
    assert always_majority(["yes" if each else "no" for each in good]).value == 0.68
    found = accepted_passes(confidence=[0.9] * 100, is_correct=good, says_pass=[True] * 100, threshold=0.5)
    assert (found.n_hits, found.n, found.value) == (32, 100, 0.32)
    assert found.low < 0.32 < found.high


def test_only_accepted_passes_are_counted() -> None:
    found = accepted_passes(
        confidence=[0.9, 0.9, 0.8, 0.4, math.nan],
        is_correct=[False, False, True, False, False],
        says_pass=[True, False, True, True, True],
        threshold=0.8,
    )
    assert (found.n_hits, found.n) == (1, 2)


def test_nothing_accepted_has_no_share() -> None:
    found = accepted_passes(confidence=[math.nan], is_correct=[True], says_pass=[True], threshold=-math.inf)
    assert (found.n, found.value, found.low, found.high) == (0, None, 0.0, 1.0)
    assert always_majority([]).value is None


def test_cases_without_a_strict_majority_count_against_every_answer() -> None:
    found = always_majority([None, None, None, "a", "b", "a"])
    assert (found.n_hits, found.n) == (2, 6)


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="1 confidences, 2 answers"):
        accepted_passes(confidence=[0.9], is_correct=[True, True], says_pass=[True], threshold=0.5)
