"""Item lines: what becomes of one, and what its writer is told if it cannot be taken."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.errors import InputError
from judge.formats.reading import Row, read_rows
from judge.formats.records import ItemRecord, items_from_row

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
TASKS = ("interest", "tag", "explanation", "explanation-v2", "pairwise", "custom")


def read(row: dict[str, object], task: str = "custom") -> list[ItemRecord]:
    return items_from_row(row, task=task, where="line 7")


def problem(row: dict[str, object], task: str = "custom") -> str:
    with pytest.raises(InputError) as caught:
        read(row, task)
    assert str(caught.value).startswith("line 7: ")
    return str(caught.value)


def test_the_smallest_line_is_an_item():
    (item,) = read({"id": "i1", "context": "runner", "output": "shoes"})
    assert (item.id, item.context, item.output, item.kind, item.language) == ("i1", "runner", "shoes", "single", "en")


def test_items_of_one_context_share_its_identity_whatever_the_order_of_its_keys():
    (one,) = read({"id": "1", "context": {"a": 1, "b": "甲"}, "output": "x"})
    (two,) = read({"id": "2", "context": {"b": "甲", "a": 1}, "output": "y"})
    (other,) = read({"id": "3", "context": {"a": 2, "b": "甲"}, "output": "x"})
    assert one.context_id == two.context_id != other.context_id
    assert one.context_id.startswith("ctx-")
    assert len(one.context_id) == 20


def test_without_an_id_the_same_line_keeps_the_same_id():
    line = {"context": "runner", "output": "shoes"}
    assert read(line)[0].id == read(dict(line))[0].id
    assert read(line)[0].id != read(line | {"output": "socks"})[0].id


def test_every_field_arrives():
    row = {
        "id": 5, "context": "c", "output": "o", "context_id": "c1", "user": "u1", "generator": "g",
        "language": "zh_Hans", "category": "shoes", "round": "3", "created_at": "2026-03-01T12:00:00+08:00",
        "prompt": "p", "meta": {"k": 1},
    }  # fmt: skip
    (item,) = read(row)
    assert item == ItemRecord(
        id="5", context_id="c1", context="c", output="o", user="u1", generator="g", language="zh-hans",
        category="shoes", round=3, created_at=datetime(2026, 3, 1, 4, tzinfo=UTC), prompt="p", meta={"k": 1},
    )  # fmt: skip


def test_a_list_of_outputs_becomes_single_items_in_one_context():
    items = read({"id": "u1", "context": "runner", "output": ["shoes", "socks"]})
    assert [(item.id, item.output) for item in items] == [("u1#0", "shoes"), ("u1#1", "socks")]
    assert len({item.context_id for item in items}) == 1


def test_a_pair_is_known_by_its_two_keys():
    assert read({"context": "c", "output": {"a": "x", "b": "y"}}, "pairwise")[0].kind == "pair"
    assert "output is no pair" in problem({"context": "c", "output": "x"}, "pairwise")


TAG = {"tag": "运动鞋", "interest": "跑步", "reason": "常跑"}
RAW_TAG = {"Item Tag": "运动鞋", "Interest": "跑步", "Reason": "常跑"}


@pytest.mark.parametrize(
    "row", [RAW_TAG, {"output": RAW_TAG}, {"output": json.dumps(RAW_TAG)}, {"output": TAG}, TAG], ids=str
)
def test_tags_are_taken_as_their_generator_wrote_them(row: dict[str, object]):
    (item,) = read({"context": "u"} | row, "tag")
    assert item.output == TAG
    assert item.language == "zh"


def test_a_list_of_generator_objects_is_taken_as_text_too():
    items = read({"id": "u", "context": "c", "output": json.dumps([RAW_TAG, RAW_TAG])}, "tag")
    assert [(item.id, item.output) for item in items] == [("u#0", TAG), ("u#1", TAG)]


def test_an_interest_keeps_its_generators_number_in_meta():
    (item,) = read({"context": "u", "ID": 3, "Interest": "跑步", "Stage": "长期", "Reason": "r"}, "interest")
    assert item.output == {"interest": "跑步", "stage": "长期", "reason": "r"}
    assert item.meta == {"ID": 3}


@pytest.mark.parametrize("key", ["Explation", "Explanation", "explanation"])
def test_an_explanation_is_plain_text_under_either_spelling(key: str):
    assert read({"context": "c", key: "For your runs"}, "explanation")[0].output == "For your runs"
    assert read({"context": "c", "output": {key: "For your runs"}}, "explanation-v2")[0].output == "For your runs"


def test_a_generators_broken_json_is_judged_as_the_text_it_is():
    assert read({"context": "c", "output": '{"Item Tag": "sh'}, "tag")[0].output == '{"Item Tag": "sh'


def test_an_output_of_no_words_is_an_item_because_generators_write_such():
    assert read({"context": "c", "output": ""})[0].output == ""


def test_foreign_keys_are_kept_as_notes():
    (item,) = read({"context": "c", "output": "o", "score_of_shop": 7, "task": "t", "meta": {"k": 1}})
    assert item.meta == {"k": 1, "score_of_shop": 7, "task": "t"}


@pytest.mark.parametrize(
    ("row", "task", "told"),
    [
        ({"contxt": "c", "output": "o"}, "custom", '"contxt" is not a field of an item (expected: context)'),
        ({"context": "c", "output": "o", "user_id": "u"}, "custom", "(expected: user)"),
        ({"context": "c", "output": "o", "item_id": "u"}, "custom", "(expected: id)"),
        ({"context": "c", "response": "o"}, "custom", "(expected: output)"),
        ({"context": "c", "Item Tg": "o"}, "tag", "(expected: tag)"),
        ({"context": "c", "Item Tag": "o", "Reson": "r"}, "tag", "(expected: reason)"),
        ({"context": "c", "output": {"Item Tag": "o", "Reson": "r"}}, "tag", 'output holds "Reson" (expected: reason)'),
        ({"context": "c", "output": {"Interest": "o"}}, "tag", 'output has no "tag"'),
        ({"context": "c", "output": {"Item Tag": "o", "tag": "o"}}, "tag", "twice"),
        ({"context": "c", "output": "o", "Interest": "x"}, "tag", "Interest beside output"),
        ({"context": "c"}, "tag", "no output (expected: output, or tag, interest, reason as keys of the line)"),
        ({"output": "o"}, "custom", "no context"),
        ({"context": " ", "output": "o"}, "custom", "context is empty"),
        ({"context": ["c"], "output": "o"}, "custom", "context is a list"),
        ({"context": "c", "output": None}, "custom", "no output"),
        ({"context": "c", "output": 3}, "custom", "output is a number"),
        ({"context": "c", "output": []}, "custom", "output lists 0 outputs"),
        ({"context": "c", "output": [["o"]]}, "custom", "output is a list"),
        ({"context": "c", "output": {}}, "custom", "output is empty"),
        ({"context": "c", "output": "a\x00b"}, "custom", "output holds a NUL character"),
        ({"context": {"k": "\ud800"}, "output": "o"}, "custom", "context.k holds half a character"),
        ({"context": {"k": float("nan")}, "output": "o"}, "custom", "context.k is nan"),
        ({"context": "c" * 200_001, "output": "o"}, "custom", "at most 200,000"),
        ({"context": "c", "output": "o" * 50_001}, "custom", "at most 50,000"),
        ({"id": "i" * 201, "context": "c", "output": "o"}, "custom", "at most 200"),
        ({"id": "i" * 199, "context": "c", "output": ["o"]}, "custom", "at most 200"),
        ({"id": True, "context": "c", "output": "o"}, "custom", "id is true or false"),
        ({"id": " ", "context": "c", "output": "o"}, "custom", "id is empty"),
        ({"context": "c", "output": "o", "round": -1}, "custom", "a whole number from 0"),
        ({"context": "c", "output": "o", "created_at": "yesterday"}, "custom", "ISO 8601"),
        ({"context": "c", "output": "o", "language": "Chinese!"}, "custom", "a tag such as en, zh"),
        ({"context": "c", "output": "o", "meta": "x"}, "custom", "meta is text"),
        ({"context": "c", "output": "o", "meta": {"shop": 1}, "shop": 2}, "custom", "both in meta and beside it"),
    ],
    ids=str,
)
def test_a_line_that_cannot_be_taken_says_why(row: dict[str, object], task: str, told: str):
    assert told in problem(row, task)


def test_an_abyss_of_nesting_is_refused():
    value: object = "x"
    for _ in range(2000):
        value = [value]
    assert "nested deeper" in problem({"context": {"k": value}, "output": "o"})


@patient
@given(
    st.dictionaries(
        st.sampled_from(["id", "context", "output", "round", "created_at", "meta", "ID", "Reason"]), json_values
    ),
    st.sampled_from(TASKS),
)
def test_no_line_breaks_the_import(row: dict[str, object], task: str):
    with suppress(InputError):
        items = read(row, task)
        assert items
        for item in items:
            json.dumps([item.context, item.output, item.meta], allow_nan=False, ensure_ascii=False).encode()


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30)


@patient
@given(texts.filter(str.strip), texts)
def test_what_was_generated_arrives_unchanged(context: str, output: str):
    (item,) = read({"context": context, "output": output})
    assert (item.context, item.output) == (context, output)


SHARED = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the public research sets are not in {SHARED}")
@pytest.mark.parametrize(
    ("name", "task", "n_items"), [("oamine_tags", "tag", 2086), ("explanations", "explanation", 6205)]
)
def test_public_research_sets_are_taken_as_they_are(name: str, task: str, n_items: int):
    found = list(read_rows(SHARED / name / "items.jsonl.gz"))
    items = [item for row in found if isinstance(row, Row) for item in read(row.data, task)]
    assert len(items) == len({item.id for item in items}) == n_items
