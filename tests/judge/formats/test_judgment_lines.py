"""Lines of judgments: what is taken, what is refused and in which words; and properties of the reader."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.formats.judgment_lines import JudgmentLine, Scales, foreign_keys, judgment_from_row
from judge.formats.rubrics import read_rubric
from tests import factories

LINE = {"item_id": "t-1", "criterion": "relevance", "rater": "Ann", "kind": "person", "label": "fits"}
SCALES = Scales(factories.make_rubric().questions)
GRADED = Scales(
    read_rubric(
        """
name: graded
criteria:
  - key: quality
    question: How good is it?
    kind: graded
    scale: [{key: "3", name: Excellent, passes: true}, {key: "2", name: Good, passes: true}, {key: "1", name: Bad, passes: false}]
    translations:
      zh: {question: 好吗, scale: {"3": {name: 优秀}, "2": {name: 合格}, "1": {name: 不合格}}}
""",  # noqa: E501
        filename="graded.yaml",
    ).questions
)


def read(scales: Scales = SCALES, **changes: object) -> JudgmentLine:
    row = {key: value for key, value in (LINE | changes).items() if value is not ...}
    return judgment_from_row(row, scales=scales, where="line 17")


def test_the_smallest_line() -> None:
    assert read() == JudgmentLine("t-1", "relevance", "Ann", is_person=True, label="fits")


def test_a_line_with_everything() -> None:
    line = read(kind="judge", probs={"fits": 0.9, "weak": 0.1}, confidence=0.8, rationale="tents", at="2026-03-01")
    assert (line.is_person, line.confidence, line.rationale) == (False, 0.8, "tents")
    assert line.probs == {"fits": 0.9, "weak": 0.1}
    assert line.at is not None
    assert line.at.isoformat() == "2026-03-01T00:00:00+00:00"


@pytest.mark.parametrize("told", ["3", 3, 3.0, "Excellent", "excellent", "优秀"])
def test_a_label_is_known_by_its_key_or_its_title_in_any_language(told: object) -> None:
    line = judgment_from_row({"item_id": 1, "rater": "m", "kind": "judge", "label": told}, scales=GRADED, where="")
    assert (line.label, line.criterion, line.item_id) == ("3", "quality", "1"), "the one criterion need not be named"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"label": "gud"}, r'line 17: label "gud" is not in relevance \(expected: fits, weak\)'),
        ({"label": True}, "label is true or false"),
        ({"label": ...}, r"line 17: no label \(expected: item_id, criterion, rater, kind, label\)"),
        ({"criterion": "taste"}, r'there is no criterion "taste" \(expected: relevance, specificity\)'),
        ({"criterion": ...}, "no criterion"),
        ({"kind": "robot"}, r'kind is "robot" \(expected: person, judge\)'),
        ({"rater": ..., "annotator": "Ann"}, r'"annotator" is not a field of a judgment \(expected: rater\)'),
        ({"item_id": ..., "itemid": "t-1"}, r'"itemid" is not a field of a judgment \(expected: item_id\)'),
        ({"rater": ""}, "rater is empty"),
        ({"probs": {"fits": 0.9}}, r"probs sum to 0.9 \(expected: 1\)"),
        ({"probs": {"fits": 0.9, "good": 0.1}}, r'line 17, probs: label "good" is not in relevance'),
        ({"probs": {"fits": 1.2, "weak": -0.2}}, "probs of fits is '1.2'"),
        ({"probs": [0.9, 0.1]}, "probs is a list"),
        ({"confidence": 85}, r"confidence is '85' \(expected: a number from 0 to 1\)"),
        ({"at": "yesterday"}, "at is 'yesterday'"),
        ({"rationale": "x" * 20_001}, "rationale is 20,001 characters long"),
        ({"label": ..., "probs": {"fits": 0.5, "weak": 0.5}}, r"expected: label, where fits and weak are equally"),
        ({"rationale": "a\x00b"}, "NUL"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_expected(changes: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(**changes)


def test_probabilities_alone_name_the_label() -> None:
    line = read(label=..., probs={"weak": 0.7, "fits": 0.31})
    assert line.label == "weak"
    assert line.probs is not None
    assert list(line.probs) == ["fits", "weak"], "in the order of the scale"
    assert math.fsum(line.probs.values()) == pytest.approx(1)


@pytest.mark.parametrize(("kind", "reason"), [("person", "skipped"), ("judge", "no_label")])
def test_an_answer_that_is_told_as_none_is_unscored_with_a_reason(kind: str, reason: str) -> None:
    line = read(kind=kind, label=None)
    assert (line.label, line.unscored_reason) == (None, reason)


def test_foreign_columns_are_named_not_refused() -> None:
    row = LINE | {"score": 3, "trace_id": "x", "cost": None}
    assert foreign_keys(row) == {"score", "trace_id"}
    assert judgment_from_row(row, scales=SCALES, where="").label == "fits"


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["fits", "weak"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from([*LINE, "probs", "confidence", "rationale", "at", "note"]) | st.text(max_size=8)


@given(st.dictionaries(keys, values, max_size=9))
def test_no_line_breaks_the_reader_and_whatever_is_taken_is_sound(changes: dict[str, Any]) -> None:
    with suppress(InputError):
        line = judgment_from_row(LINE | changes, scales=SCALES, where="line 1")
        assert line.label in SCALES.questions[line.criterion].label_keys or (
            line.label is None and line.unscored_reason
        )
        assert line.probs is None or math.fsum(line.probs.values()) == pytest.approx(1)
        assert line.confidence is None or 0 <= line.confidence <= 1


@given(st.floats(0, 1, exclude_min=True))
def test_probabilities_arrive_as_they_were_written(share: float) -> None:
    line = read(kind="judge", probs={"fits": share, "weak": 1 - share})
    assert line.probs is not None
    assert line.probs["fits"] == pytest.approx(share)
