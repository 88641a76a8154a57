"""Copies in which one thing is changed."""

from __future__ import annotations

import pytest

from llm_judge.rules.altering import PADDING, pad, swap


def test_padding_goes_behind_the_longest_text_and_leaves_the_original_alone() -> None:
    output = {"Item Tag": "tent", "Reason": ["likes tents", "walks"]}
    changed = pad(output, "en-GB")
    assert changed == {"Item Tag": "tent", "Reason": ["likes tents" + PADDING["en"], "walks"]}
    assert output["Reason"][0] == "likes tents"


def test_padding_speaks_the_language_of_the_item() -> None:
    assert pad("帐篷", "zh-Hans") == "帐篷" + PADDING["zh"]
    assert pad("Zelt ", "de") == "Zelt" + PADDING["en"]


@pytest.mark.parametrize("output", [None, 3, {}, {"n": 1}, "", ["", " "]])
def test_where_there_is_no_text_nothing_is_changed(output: object) -> None:
    assert pad(output, "en") is None


def test_a_brand_is_swapped_everywhere_or_not_at_all() -> None:
    assert swap(["Acme tent", {"by": "Acme", "n": 1}], "Acme", "Bergo") == ["Bergo tent", {"by": "Bergo", "n": 1}]
    assert swap("a tent", "Acme", "Bergo") is None
    assert swap("Acme tent", "Acme", "Acme") is None
    assert swap("tent", "", "Bergo") is None
