"""The quick way through JSON says nothing but what the careful one says."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.json_text import canonical, decode_object, decode_plain, digest, spell

TEXT = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXT, inside, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(TEXT, VALUES, max_size=4), st.booleans())
def test_a_line_read_quickly_is_the_line_read_carefully(data: dict[str, object], is_ascii: bool) -> None:
    line = json.dumps(data, ensure_ascii=is_ascii)
    if found := decode_plain(line.encode()):
        assert repr(found[0]) == repr(decode_object(line))  # repr: 1 is not 1.0, and -0.0 not 0.0


@pytest.mark.parametrize(
    "line",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "c": ":", "b": ":"}}',
        '{"a": "\\u003a", "b": 1, "b": 2}',
        '{"a": 18446744073709551616}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": ' + "[" * 40 + "]" * 40 + "}",
        '{"a": ' + "[" * 500 + "]" * 500 + "}",
        "[1]",
        "{",
        "",
    ],
)
def test_what_needs_a_closer_look_gets_one(line: str) -> None:
    assert decode_plain(line.encode()) is None


def test_an_ordinary_line_needs_none() -> None:
    data = {
        "id": "7:00",
        "context": {"seen": [{"at": "8:15", "what": "tent"}] * 40},
        "output": "轻便\n“tent”",
        "x": 1.5,
    }
    for is_ascii in (True, False):
        assert decode_plain(json.dumps(data, ensure_ascii=is_ascii).encode()) == (data, len(spell(data).encode()))


@given(VALUES)
def test_a_digest_is_that_of_the_canonical_spelling(value: object) -> None:
    assert digest(value) == hashlib.sha256(canonical(value).encode()).hexdigest()


@pytest.mark.parametrize("number", [1e22, 1e-5, 0.00001234, 1e16, 123456789012345680.0, 1e-7, 10**30])
def test_numbers_that_are_spelled_in_several_ways_have_one_digest(number: float) -> None:
    assert digest([number]) == hashlib.sha256(canonical([number]).encode()).hexdigest()
