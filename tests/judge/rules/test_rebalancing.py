from __future__ import annotations

from judge.rules.rebalancing import shares


def test_no_label_keeps_more_than_an_equal_share() -> None:
    # 100 lessons of 3 labels: ceil(100 / 3) = 34
    assert shares({(1, "excellent"): 80, (1, "good"): 15, (1, "bad"): 5}) == {1: 34}


def test_criteria_are_balanced_apart() -> None:
    assert shares({(1, "fits"): 10, (1, "weak"): 2, (2, "concrete"): 3}) == {1: 6, 2: 3}


def test_one_label_only_keeps_all_and_an_unused_label_has_no_share() -> None:
    assert shares({(1, "fits"): 10, (1, "weak"): 0}) == {1: 10}
    assert shares({}) == {}
