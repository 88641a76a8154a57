"""Files out: whole or absent, counted and hashed as they were written, and readable again."""

from __future__ import annotations

import csv
import hashlib
import json
import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from judge.formats.reading import Rejected, Row, read_rows
from judge.formats.training import LABELS_COLUMNS, LABELS_FIELDS, labels_row, sft_row
from judge.formats.writing import CsvWriter, JsonlWriter, ParquetWriter, rejected_writer, write_manifest

patient = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=30
)
LABEL = {
    "item_id": "i1", "context_id": "c1", "context": {"用户": "跑步"}, "output": "=1+1", "criterion": "relevance",
    "label": "fits", "passes": True, "probs": {"fits": 0.9, "weak": 0.1}, "p_wrong": 0.1, "basis": "consensus",
    "n_people": 3, "confidence": None, "raters": ["p1", "p2"], "weight": 2.0, "judge_version": None,
    "rubric_version": "tag 1", "stream": "open", "audited": False, "split": "", "round": None, "generator": "g",
    "language": "zh",
}  # fmt: skip


def test_lines_are_counted_and_hashed_as_they_lie_on_disk(tmp_path: Path):
    path = tmp_path / "labels.jsonl"
    with JsonlWriter(path) as file:
        for number in range(3):
            file.write({"id": number, "text": "标签\u2028"})
        assert not path.exists(), "a reader must never see half a file"
    assert (file.rows, file.bytes) == (3, path.stat().st_size)
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode, "readable by whoever reads other new files"
    assert [each.data["id"] for each in read_rows(path) if isinstance(each, Row)] == [0, 1, 2]


@pytest.mark.parametrize(
    "writer", [JsonlWriter, lambda path: CsvWriter(path, ["id"]), lambda p: ParquetWriter(p, {"id": "int"})]
)
def test_an_export_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, writer: object):
    path = tmp_path / "labels"
    path.write_text("the old one")
    with pytest.raises(RuntimeError):
        _write_half(writer(path))
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def _write_half(file: JsonlWriter | CsvWriter | ParquetWriter) -> None:
    with file:
        file.write({"id": 1})
        raise RuntimeError("the database went away")


def test_a_number_that_json_lacks_stops_the_export(tmp_path: Path):
    with pytest.raises(ValueError, match="JSON"), JsonlWriter(tmp_path / "x") as file:
        file.write({"p": math.nan})
    assert not list(tmp_path.iterdir())


def test_rejected_lines_are_collected_only_if_there_are_any(tmp_path: Path):
    path = tmp_path / "items.rejected.jsonl"
    with rejected_writer(path) as file:
        pass
    assert not list(tmp_path.iterdir())
    with rejected_writer(path) as file:
        file.reject(Rejected(7, "not JSON", "{"))
    assert json.loads(path.read_text()) == {"line": 7, "problem": "not JSON", "raw": "{"}


def test_equal_manifests_are_equal_bytes(tmp_path: Path):
    write_manifest(tmp_path / "one", {"rows": 1, "a": "标"})
    write_manifest(tmp_path / "two", {"a": "标", "rows": 1})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert json.loads((tmp_path / "one").read_text()) == {"rows": 1, "a": "标"}


def test_csv_runs_no_formula_and_keeps_objects_as_json(tmp_path: Path):
    with CsvWriter(tmp_path / "l.csv", LABELS_FIELDS) as file:
        file.write(LABEL)
    (row,) = csv.DictReader((tmp_path / "l.csv").read_text().splitlines())
    assert row["output"] == "'=1+1"
    assert json.loads(row["context"]) == LABEL["context"]
    assert (row["passes"], row["audited"], row["n_people"], row["confidence"]) == ("true", "false", "3", "")
    assert (file.rows, file.sha256) == (1, hashlib.sha256((tmp_path / "l.csv").read_bytes()).hexdigest())


def test_parquet_has_one_schema_whatever_the_rows_hold(tmp_path: Path):
    path = tmp_path / "l.parquet"
    with ParquetWriter(path, LABELS_COLUMNS) as file:
        for number in range(2500):
            file.write(LABEL | {"n_people": number, "output": "x" if number % 2 else {"tag": "鞋"}})
    table = pq.read_table(path)
    assert table.column_names == list(LABELS_FIELDS)
    assert table.num_rows == file.rows == 2500
    assert json.loads(table["context"][0].as_py()) == LABEL["context"]
    assert json.loads(table["output"][0].as_py()) == {"tag": "鞋"}
    assert file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_label_row_has_the_promised_fields_in_their_order():
    shuffled = dict(sorted(LABEL.items()))
    assert list(labels_row(**shuffled)) == list(LABELS_FIELDS)
    assert ", ".join(LABELS_FIELDS) == (
        "item_id, context_id, context, output, criterion, label, passes, probs, p_wrong, basis, n_people, confidence, "
        "raters, weight, judge_version, rubric_version, stream, audited, split, round, generator, language"
    )
    with pytest.raises(TypeError, match="weight"):
        labels_row(**{key: value for key, value in LABEL.items() if key != "weight"})
    with pytest.raises(TypeError, match="wieght"):
        labels_row(**LABEL, wieght=1)


def test_a_qualified_output_becomes_a_conversation():
    assert sft_row(prompt="p", output={"tag": "鞋"}, system="s") == {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "p"},
            {"role": "assistant", "content": '{"tag": "鞋"}'},
        ]
    }
    assert [each["role"] for each in sft_row(prompt="p", output="o")["messages"]] == ["user", "assistant"]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@patient
@given(
    st.lists(
        st.dictionaries(texts, texts | st.integers() | st.none() | st.lists(texts), max_size=4), min_size=1, max_size=5
    )
)
def test_written_lines_are_read_again_unchanged(tmp_path: Path, wanted: list[dict[str, object]]):
    with JsonlWriter(tmp_path / "x.jsonl") as file:
        for row in wanted:
            file.write(row)
    assert [each.data for each in read_rows(tmp_path / "x.jsonl") if isinstance(each, Row)] == wanted
