"""A snapshot as a DataFrame: the same columns and types from every kind of file, word for word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from judge.errors import InputError
from judge.formats.frames import read_snapshot
from judge.formats.training import LABELS_COLUMNS, LABELS_FIELDS, labels_row
from judge.formats.writing import CsvWriter, JsonlWriter, ParquetWriter, write_manifest

PLAIN = {
    "item_id": "1", "context_id": "c1", "context": {"用户": ["跑步"]}, "output": "=1+1", "criterion": "relevance",
    "label": "fits", "passes": True, "probs": {"fits": 0.9, "weak": 0.1}, "p_wrong": 0.1, "basis": "consensus",
    "n_people": 3, "confidence": 0.8, "raters": [{"rater": "person-1", "label": "fits"}], "weight": 1.0,
    "judge_version": "1", "rubric_version": "2", "stream": "open", "audited": False, "split": None, "round": 4,
    "generator": "g", "language": "zh",
}  # fmt: skip
BARE = PLAIN | {
    "item_id": "2", "context": "two\nlines, 🏕️", "output": "NA", "passes": None, "p_wrong": None, "confidence": None,
    "raters": [], "round": None, "generator": None, "language": None, "judge_version": None, "probs": {},
}  # fmt: skip


def write(path: Path, *rows: dict[str, Any]) -> Path:
    writers = {
        ".jsonl": lambda: JsonlWriter(path), ".csv": lambda: CsvWriter(path, LABELS_FIELDS),
        ".parquet": lambda: ParquetWriter(path, LABELS_COLUMNS),
    }  # fmt: skip
    with writers[path.suffix]() as file:
        for row in rows:
            file.write(labels_row(**row))
    return path


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_columns_have_the_types_that_they_mean(kind: str, tmp_path: Path) -> None:
    frame = read_snapshot(write(tmp_path / f"labels.{kind}", PLAIN, BARE))
    assert list(frame.columns) == list(LABELS_FIELDS)
    assert {name: str(frame[name].dtype) for name in ("n_people", "round", "passes", "audited", "p_wrong")} == {
        "n_people": "Int64", "round": "Int64", "passes": "boolean", "audited": "boolean", "p_wrong": "float64",
    }  # fmt: skip
    assert all(isinstance(frame[name].dtype, pd.CategoricalDtype) for name in ("criterion", "label", "generator"))
    assert str(frame.item_id.dtype) == "string"
    first, second = (frame.iloc[place] for place in (0, 1))
    assert first.item_id == "1"
    assert first.context == {"用户": ["跑步"]}
    assert first.output == "=1+1"
    assert first.probs == {"fits": 0.9, "weak": 0.1}
    assert first.raters == [{"rater": "person-1", "label": "fits"}]
    assert first["round"] == 4
    assert second.context == "two\nlines, 🏕️"
    assert second.output == "NA", "a text, not a missing value"
    assert (second.probs, second.raters) == ({}, [])
    assert all(pd.isna(second[name]) for name in ("passes", "p_wrong", "round", "generator", "confidence"))


def test_all_kinds_of_file_give_the_same_frame(tmp_path: Path) -> None:
    one, *others = (
        read_snapshot(write(tmp_path / f"labels.{kind}", PLAIN, BARE)) for kind in ("jsonl", "csv", "parquet")
    )
    for other in others:
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_an_export_without_rows_has_its_columns(kind: str, tmp_path: Path) -> None:
    frame = read_snapshot(write(tmp_path / f"labels.{kind}"))
    assert (len(frame), list(frame.columns)) == (0, list(LABELS_FIELDS))
    assert str(frame.n_people.dtype) == "Int64"


def folder_of(tmp_path: Path) -> Path:
    """Two exports of labels, the later in two splits with what it superseded, and one of sft."""
    write(tmp_path / "labels.jsonl", PLAIN)
    write(tmp_path / "labels-train.jsonl", PLAIN | {"split": "train"})
    write(tmp_path / "labels-test.jsonl", BARE | {"split": "test"})
    (tmp_path / "labels-superseded.jsonl").write_text('{"item_id": "1"}\n')
    (tmp_path / "sft.jsonl").write_text(json.dumps({"messages": [{"role": "user", "content": "=1"}]}) + "\n")
    files = [("labels.jsonl", 1), ("labels-train.jsonl", 10), ("labels-test.jsonl", 10), ("sft.jsonl", 3)]
    write_manifest(tmp_path / "manifest.json", {
        "project": "tags",
        "files": [{"name": name, "snapshot": snapshot} for name, snapshot in files]
        + [{"name": "labels-superseded.jsonl", "snapshot": 10, "is_superseded": True}],
        "exports": [{"format": name, "snapshot": snapshot, "quality": {"wrong": 0.02}}
                    for name, snapshot in (("labels", 1), ("labels", 10), ("sft", 3))],
    })  # fmt: skip
    return tmp_path


def test_a_folder_gives_the_splits_of_its_latest_export_and_what_the_manifest_says(tmp_path: Path) -> None:
    frame = read_snapshot(folder_of(tmp_path))
    assert frame.split.tolist() == ["train", "test"]
    write(tmp_path / "labels-test.jsonl")
    assert read_snapshot(tmp_path).split.tolist() == ["train"], "a split may be empty"
    assert frame.attrs["export"]["quality"] == {"wrong": 0.02}
    assert frame.attrs["export"]["snapshot"] == 10


def test_rows_of_other_formats_come_as_they_are(tmp_path: Path) -> None:
    frame = read_snapshot(folder_of(tmp_path), "sft")
    assert frame.messages.tolist() == [[{"role": "user", "content": "=1"}]]


def test_what_is_no_export_is_told_in_words(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    with pytest.raises(InputError, match=r'holds no "dpo" \(expected: labels, sft\)'):
        read_snapshot(folder, "dpo")
    with pytest.raises(InputError, match="there is no such file"):
        read_snapshot(folder / "labels.parquet")
    (folder / "notes.txt").touch()
    with pytest.raises(InputError, match="is no export"):
        read_snapshot(folder / "notes.txt")
    (folder / "manifest.json").unlink()
    with pytest.raises(InputError, match="there is no manifest"):
        read_snapshot(folder)
