from __future__ import annotations

import pytest

from judge.templatetags.texts import Field, excerpt, fields, plain


def test_object_becomes_fields_in_its_order_and_lists_stay_lists() -> None:
    assert fields({"tag": "tent", "facts": ["two", "dry"], "n": 3}) == [
        Field("tag", ("tent",)), Field("facts", ("two", "dry")), Field("n", ("3",)),
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), [
    ("text", "text"), (None, ""), ({"a": "x", "b": ["y", {"c": "z"}]}, "a: x · b: y, c: z"), (["帐篷"], '["帐篷"]'),
])  # fmt: skip
def test_anything_imported_can_be_read_as_text(value: object, shown: str) -> None:
    assert plain(value) == shown


def test_excerpt_is_one_short_line_without_the_names_of_parts() -> None:
    assert excerpt({"tag": "a\n b", "why": "c"}) == "a b · c"
    assert len(excerpt("x" * 500)) == 140
    assert excerpt("x" * 140) == "x" * 140
