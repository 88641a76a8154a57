"""Words that context and output share."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.rules.shared_words import MOST, pieces, shared


def marked(text: str, other: str) -> list[str]:
    return [piece for piece, is_marked in pieces(text, shared([text], [other])) if is_marked]


@pytest.mark.parametrize(("text", "other", "found"), [
    ("Bought a TENT and 2 stoves", "tents, a stove", ["TENT", "stoves"]),
    ("she is in the mood for it", "he is in the mood of that", ["mood"]),
    ("Café crème", "cafe creme", ["Café", "crème"]),
    ("the women’s jacket", "women's coat", ["women’s"]),
    ("size 43, 5 pairs", "43 or 5", ["43"]),
    ("bought a tent, searched stoves", "bought and searched a tent", ["tent"]),
    ("glass dress", "glas dres", []),
    ("Wi-Fi 6E router", "wi-fi", ["Wi-Fi"]),
])  # fmt: skip
def test_words_are_compared_without_case_accents_and_plural(text: str, other: str, found: list[str]) -> None:
    assert marked(text, other) == found


@pytest.mark.parametrize(("text", "other", "found"), [
    ("买过轻便跑鞋两双", "轻便跑鞋", ["轻便跑鞋"]),
    ("搜索“防烫盖碗”，住在成都", "盖碗茶具", ["盖碗"]),
    ("买过帐篷", "买过的帐篷", ["帐篷"]),
    ("喜欢露营的人", "喜欢钓鱼的人", []),
    ("买了 iPhone 手机壳", "iphone手机壳", ["iPhone", "手机壳"]),
    ("鞋", "鞋子", []),
])  # fmt: skip
def test_chinese_is_compared_by_pairs_of_characters(text: str, other: str, found: list[str]) -> None:
    assert marked(text, other) == found


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_are_the_text(text: str, other: str) -> None:
    assert "".join(piece for piece, _ in pieces(text, shared([text], [other]))) == text


def test_a_text_of_a_megabyte_is_no_burden() -> None:
    long = "tent 帐篷 " * 200_000
    start = time.perf_counter()
    found = pieces(long, shared([long], ["tent 帐篷"]))
    assert time.perf_counter() - start < 1
    assert found[-1] == (long[-len(found[-1][0]) :], False)
    assert len(found[-1][0]) >= len(long) - MOST
