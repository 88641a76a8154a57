"""Logistic heads: they learn, unseen groups stay unseen, and probabilities are probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from judge.stats.heads import fit_head, softmax


def draw(n: int, seed: int = 0) -> tuple[np.ndarray, list[str], list[int]]:
    """n rows of 6 numbers, of which the first decides between yes and no; four rows to a group."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(n, 6)) * [1, 1, 1, 1, 100, 0]
    share = 1 / (1 + np.exp(-2 * rows[:, 0]))
    return rows, ["yes" if hit else "no" for hit in chance.random(n) < share], [i // 4 for i in range(n)]


def test_head_learns_the_column_that_decides_and_its_probabilities_hold_on_new_rows() -> None:
    head = fit_head(*draw(2_000))
    rows, labels, _ = draw(4_000, seed=1)
    said = softmax(rows @ head.weights.T + head.bias)
    assert head.labels == ("no", "yes")
    assert np.allclose(said.sum(axis=1), 1)
    for low in (0.1, 0.4, 0.7):  # of those called yes with .1 to .3 (and so on) about so many are yes
        inside = (said[:, 1] >= low) & (said[:, 1] < low + 0.2)
        share = np.mean([label == "yes" for label, hit in zip(labels, inside, strict=True) if hit])
        assert abs(share - said[inside, 1].mean()) < 0.06


def test_out_of_fold_probabilities_come_from_heads_that_saw_nothing_of_the_group() -> None:
    """Labels are drawn by group and the rows name the group: who has seen it knows all, who has not knows nothing."""
    chance = np.random.default_rng(3)
    groups = [i // 10 for i in range(400)]
    told = chance.random(40) < 0.5
    rows = np.eye(40)[groups]
    head = fit_head(rows, ["yes" if told[group] else "no" for group in groups], groups)
    right = (head.out_of_fold[:, 1] > 0.5) == told[groups]
    assert right.mean() < 0.65


def test_graded_labels_each_get_a_probability() -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(300, 3))
    labels = [("bad", "fair", "good")[int(np.digitize(x, [-0.5, 0.5]))] for x in rows[:, 1]]
    head = fit_head(rows, labels, range(300))
    said = softmax(rows @ head.weights.T + head.bias).argmax(axis=1)
    assert head.labels == ("bad", "fair", "good")
    assert np.mean([head.labels[place] == label for place, label in zip(said, labels, strict=True)]) > 0.85


def test_column_that_never_varies_weighs_nothing() -> None:
    rows, labels, groups = draw(200)
    assert np.allclose(fit_head(rows, labels, groups).weights[:, 5], 0)


def test_label_that_a_fold_lacks_does_not_stop_the_fit() -> None:
    rows = np.random.default_rng(0).normal(size=(30, 4))
    labels = ["yes"] * 12 + ["no"] * 17 + ["rare"]
    assert fit_head(rows, labels, range(30)).out_of_fold.shape == (30, 3)


@pytest.mark.parametrize(("labels", "groups"), [(["yes"] * 4, [0, 1, 2, 3]), (["yes", "no"] * 2, [0, 0, 0, 0])])
def test_one_label_or_one_group_is_refused(labels: list[str], groups: list[int]) -> None:
    with pytest.raises(ValueError, match="needs two of each"):
        fit_head(np.zeros((4, 2)), labels, groups)
