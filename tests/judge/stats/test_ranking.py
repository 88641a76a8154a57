"""AUROC with its interval over groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from judge.stats.ranking import auroc, rank

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


@given(PAIRS)
def test_auroc_is_that_of_scikit_learn_ties_included(pairs: list[tuple[int, bool]]) -> None:
    scores, good = np.array([float(score) for score, _ in pairs]), np.array([is_good for _, is_good in pairs])
    found = auroc(scores, good)
    if 0 < good.sum() < len(good):
        assert found == pytest.approx(roc_auc_score(good, scores))
    else:
        assert found is None


def test_interval_covers_the_truth_and_is_wider_where_groups_move_together() -> None:
    chance = np.random.default_rng(0)
    good = np.repeat(chance.random(60) < 0.5, 5)
    scores = good + np.repeat(chance.normal(size=60), 5)  # five times the same case
    alone, together = rank(scores, good, range(300)), rank(scores, good, [i // 5 for i in range(300)])
    assert together.low < 0.76 < together.high  # Φ(1/√2) = .760
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_one_kind_of_label_has_no_auroc() -> None:
    found = rank([0.1, 0.2], [True, True], [1, 2])
    assert (found.auroc, found.low, found.n_good, found.n_bad) == (None, None, 2, 0)
