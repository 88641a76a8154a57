"""Evidence: any JSON becomes something that can be read."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from annotation.rules.evidence import Passage, Rows, read, read_outputs, texts

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


@given(JSON)
def test_nothing_that_the_generator_knew_is_left_out(value: object) -> None:
    assert len(list(texts(read(value, language="en")))) == len(leaves(value)), json.dumps(value)


def test_a_profile_comes_before_the_history_and_the_date_last() -> None:
    node = read({"date": "2025-10-14", "history": ["bought a tent"], "profile": "Woman, 34", "size": 43}, language="en")
    assert isinstance(node, Rows)
    assert [row.name for row in node.rows] == ["Profile", "History", "Date", "Size"]


def test_the_tag_is_the_headline_and_its_reason_stands_below() -> None:
    (output,) = read_outputs({"reason": "bought a tent", "tag": "tent peg"}, language="en", is_pair=False)
    assert output.headline == Passage("tent peg", "en")
    assert output.rest is not None
    assert [row.name for row in output.rest.rows] == ["Reason"]


def test_a_pair_is_two_outputs_named_a_and_b() -> None:
    both = read_outputs({"b": "two", "a": {"explanation": "one"}}, language="en", is_pair=True)
    assert [(each.name, each.headline.text) for each in both] == [("A", "one"), ("B", "two")]


def test_an_erased_or_empty_text_is_a_dash() -> None:
    assert [list(texts(read(value, language="en"))) for value in (None, "")] == [["—"], ["—"]]
