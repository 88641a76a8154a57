"""Pairs and ranked lists of one context's outputs: nobody learns from a tie, from a contradiction or from a flood."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.training_pairs import BEST_FIRST, MOST_PAIRS, Group, halves, ranked
from judge.rules.tiers import Tier

S, A, B = Tier.SUPERIOR, Tier.AVERAGE, Tier.BAD


def group(*outputs: tuple[str, Tier]) -> Group:
    made = Group()
    for text, tier in outputs:
        made.add(text, tier)
    return made


def test_every_better_output_is_chosen_over_every_worse_one() -> None:
    found = group(("good", S), ("fair", A), ("poor", B)).pairs()
    assert set(found) == {("good", "poor"), ("fair", "poor"), ("good", "fair")}
    assert found[0] == ("good", "poor"), "the widest gap first"


@pytest.mark.parametrize("tier", BEST_FIRST)
def test_ties_make_no_pair(tier: Tier) -> None:
    made = group(("one", tier), ("other", tier))
    assert (made.pairs(), made.n_pairs, made.is_ranked) == ([], 0, False)


def test_an_output_written_twice_counts_once() -> None:
    made = group(("good", A), ("good", A), ("poor", B), ("poor", B))
    assert made.pairs() == [("good", "poor")]
    assert made.n_pairs == 1


def test_an_output_in_two_tiers_is_in_no_pair() -> None:
    made = group(("torn", A), ("torn", B), ("good", S), ("poor", B))
    assert made.pairs() == [("good", "poor")]
    assert made.candidates == [("good", S), ("poor", B)]
    assert made.torn == {"torn"}


def test_pairs_that_were_compared_come_first_and_contradicting_ones_not_at_all() -> None:
    made = group(("good", A), ("poor", B))
    made.prefer("x", "y")
    made.prefer("p", "q")
    made.prefer("q", "p")
    made.prefer("same", "same")
    assert made.pairs() == [("x", "y"), ("good", "poor")]
    assert made.n_pairs == 2


def test_a_comparison_counts_more_than_the_tiers_and_gives_no_second_pair() -> None:
    made = group(("good", A), ("poor", B))
    made.prefer("poor", "good")
    assert made.pairs() == [("poor", "good")]
    assert made.n_pairs == 1


def test_five_hundred_outputs_give_a_handful_of_pairs_that_use_many_of_them() -> None:
    made = group(*((f"good {n}", A) for n in range(250)), *((f"poor {n}", B) for n in range(250)))
    found = made.pairs()
    assert (len(found), made.n_pairs) == (MOST_PAIRS, 250 * 250)
    assert len({chosen for chosen, _ in found}) == len({rejected for _, rejected in found}) == MOST_PAIRS
    assert {chosen for chosen, _ in found} != {f"good {n}" for n in range(MOST_PAIRS)}, "not the first of the list"


@given(st.lists(st.tuples(st.text(max_size=3), st.sampled_from(BEST_FIRST)), max_size=30), st.integers(0, 40))
def test_pairs_are_distinct_rightly_ordered_counted_and_independent_of_the_order_of_outputs(
    outputs: list[tuple[str, Tier]], most: int
) -> None:
    made = group(*outputs)
    found = made.pairs(most)
    assert len(found) == min(most, made.n_pairs) == len({frozenset(pair) for pair in found})
    tiers = dict(made.candidates)
    assert all(BEST_FIRST.index(tiers[one]) < BEST_FIRST.index(tiers[other]) for one, other in found)
    assert set(group(*reversed(outputs)).pairs(10_000)) == set(made.pairs(10_000))


def test_all_pairs_come_where_nothing_is_capped_and_each_output_before_any_comes_again() -> None:
    made = group(("a", S), ("b", S), ("x", B), ("y", B), ("z", B))
    assert len(made.pairs(100)) == made.n_pairs == 6
    assert Counter(chosen for chosen, _ in made.pairs(2)) == {"a": 1, "b": 1}


def test_ranks_begin_with_one_and_are_shared_by_a_tier() -> None:
    made = group(("poor", B), ("fair", A), ("also fair", A))
    assert ranked(made.candidates) == [
        {"answer": "fair", "rank": 1}, {"answer": "also fair", "rank": 1}, {"answer": "poor", "rank": 2},
    ]  # fmt: skip


def test_positive_are_those_that_qualify_or_the_superior_where_all_do() -> None:
    assert halves([("s", S), ("a", A), ("b", B)]) == (["s", "a"], ["b"])
    assert halves([("s", S), ("a", A)]) == (["s"], ["a"])
