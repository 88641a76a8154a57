"""Agreement beyond chance: published examples, the krippendorff package, and what has no value."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from judge.errors import InputError
from judge.stats.agreement import (
    ac_interval,
    agreement_weights,
    alpha_interval,
    cohen_kappa,
    gwet_ac1,
    gwet_ac2,
    kappa_interval,
    krippendorff_alpha,
)

#: Four people, twelve items, labels 1 to 5, 0: no answer. Krippendorff (2011), Computing Krippendorff's
#: alpha-reliability, §D; also Gwet (2014), table 2.10.
PEOPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)
PUBLISHED = np.array([[(item == label).sum() for label in range(1, 6)] for item in PEOPLE.T])
tables = st.integers(2, 5).flatmap(lambda k: st.lists(st.lists(st.integers(0, 4), min_size=k, max_size=k), min_size=2))


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_published_example(level, value: float) -> None:  # type: ignore[no-untyped-def]
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(value, abs=5e-4)


def test_ac1_of_the_published_example() -> None:
    # p_a = .8182 over the 11 items with two answers, p_e = .1903 over all 12
    assert gwet_ac1(PUBLISHED) == pytest.approx(0.775, abs=5e-4)


def test_alpha_of_two_people_by_hand() -> None:
    # (a, a), (a, a), (b, b), (a, b): o_aa 4, o_bb 2, o_ab = o_ba = 1; n_a 5, n_b 3, n 8
    # D_o = 2/8; D_e = 2·5·3 / (8·7) = 15/28; alpha = 1 − (1/4)(28/15) = 8/15
    assert krippendorff_alpha([[2, 0], [2, 0], [0, 2], [1, 1]]) == pytest.approx(8 / 15)


def test_ac2_by_hand() -> None:
    # three labels, linear weights (neighbours agree ½); two people: (0, 0), (0, 1), (2, 2), so p_a = (1 + ½ + 1) / 3
    # π = (½, 1/6, 1/3): Σ π(1 − π) = 11/18; T = 3 + 4·½ = 5; p_e = 5/6 · 11/18 = 55/108
    found = gwet_ac2([[2, 0, 0], [1, 1, 0], [0, 0, 2]], "linear")
    assert found == pytest.approx((5 / 6 - 55 / 108) / (1 - 55 / 108))


def test_gwets_ordinal_weights_fall_slowly_at_first() -> None:
    # 1 − C(d + 1, 2) / C(4, 2): 1 − 1/6, 1 − 3/6, 1 − 6/6
    assert agreement_weights(4, "ordinal")[0] == pytest.approx([1, 5 / 6, 1 / 2, 0])


@given(tables, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_is_that_of_the_package(counts: list[list[int]], level) -> None:  # type: ignore[no-untyped-def]
    table = np.array(counts)
    pairable = table[table.sum(axis=1) > 1]
    assume((pairable.sum(axis=0) > 0).sum() > 1)
    # a label that nobody used is no matter: the package refuses none
    expected = krippendorff.alpha(value_counts=table, level_of_measurement=level)
    assert krippendorff_alpha(table, level) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    assume(len(set(first) | set(second)) > 1)
    table = np.zeros((4, 4), dtype=int)
    np.add.at(table, (first, second), 1)
    for ours, theirs in (("identity", None), ("linear", "linear"), ("quadratic", "quadratic")):
        expected = cohen_kappa_score(first, second, weights=theirs, labels=range(4))
        assert cohen_kappa(table, ours) == pytest.approx(expected)  # type: ignore[arg-type]


@given(tables, st.randoms(use_true_random=False))
def test_order_of_items_does_not_matter(counts: list[list[int]], chance) -> None:  # type: ignore[no-untyped-def]
    assume(any(sum(row) > 1 for row in counts))
    shuffled = counts.copy()
    chance.shuffle(shuffled)
    assert gwet_ac1(counts) == pytest.approx(gwet_ac1(shuffled))
    assert gwet_ac1(counts) <= 1


def test_many_people_and_labels_are_counted_like_few() -> None:
    # too many conceivable patterns to count without sorting: the same table ten times wider
    few = np.random.default_rng(0).integers(0, 3, (200, 3))
    many = np.hstack([few, np.zeros((200, 27), dtype=int)])
    assert krippendorff_alpha(many) == pytest.approx(krippendorff_alpha(few))


def test_everybody_agrees_on_two_labels() -> None:
    table = [[3, 0], [0, 3]] * 4
    assert krippendorff_alpha(table) == 1
    assert gwet_ac1(table) == 1


def test_nobody_ever_agrees() -> None:
    # two people, always one of each label: o_ab only, n = 20; D_o = 1, D_e = 2·10·10 / (20·19) = 10/19
    assert krippendorff_alpha([[1, 1]] * 10) == pytest.approx(1 - 19 / 10)
    assert gwet_ac1([[1, 1]] * 10) == pytest.approx(-1)  # p_a 0, p_e ½


def test_one_label_alone_has_no_alpha_and_a_perfect_ac1() -> None:
    with pytest.raises(InputError, match="all answers are the same label: alpha is not defined"):
        krippendorff_alpha([[3, 0], [2, 0]])
    with pytest.raises(InputError, match="kappa is not defined"):
        cohen_kappa([[4, 0], [0, 0]])
    assert gwet_ac1([[3, 0], [2, 0]]) == 1


@pytest.mark.parametrize("measure", [krippendorff_alpha, gwet_ac1, alpha_interval, ac_interval])
def test_one_person_alone_cannot_agree(measure) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="no item has two answers"):
        measure([[1, 0], [0, 1], [0, 0]])


BROKEN = [
    ([[1, -1]], "what is no count"),
    ([[1, 0.5]], "what is no count"),
    ([[1, float("nan")]], "what is no count"),
    ([[1], [2]], "shape"),
    ([], "shape"),
]


@pytest.mark.parametrize(("counts", "message"), BROKEN)
def test_what_cannot_be_is_refused(counts: list[list[float]], message: str) -> None:
    for measure in (krippendorff_alpha, gwet_ac1):
        with pytest.raises(InputError, match=message):
            measure(counts)


def test_unknown_levels_and_weights_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="nominal, ordinal, interval"):
        krippendorff_alpha([[1, 1]], "ratio")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="identity, ordinal, linear, quadratic"):
        gwet_ac2([[1, 1]], "cubic")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="as many rows as columns"):
        cohen_kappa([[1, 2, 3], [4, 5, 6]])


def test_intervals_hold_the_value_and_shrink_with_items() -> None:
    few, many = (alpha_interval(np.tile(PUBLISHED, (times, 1))) for times in (4, 400))
    for found in (few, many):
        assert found.low < found.value < found.high
    assert many.high - many.low < (few.high - few.low) / 5  # ten times as narrow, more or less
    assert (few.n, few.n_pairable) == (48, 44)


def test_intervals_of_other_measures_hold_their_value() -> None:
    table = [[20, 5], [10, 15]]
    found = kappa_interval(table)
    assert found.low < found.value == cohen_kappa(table) < found.high
    assert found.n == 50
    ac = ac_interval(PUBLISHED, "ordinal")
    assert ac.low <= ac.value == gwet_ac2(PUBLISHED, "ordinal") <= ac.high


def test_interval_leaves_out_draws_that_have_no_value() -> None:
    # a single item of another label: every third draw or so lacks it
    found = alpha_interval([[2, 0]] * 12 + [[0, 2]])
    assert (found.value, found.low, found.high) == (1, 1, 1)
