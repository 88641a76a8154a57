"""Exports load with the real ``datasets`` library, word for word, in JSONL and Parquet, whatever the texts hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from judge.formats import training_dialects
from judge.formats.training import Prompt
from judge.formats.training_dialects import Layout
from judge.formats.writing import JsonlWriter, ParquetWriter
from judge.rules.tiers import Tier

datasets = pytest.importorskip("datasets", reason="the library is no part of the product: requirements-dev.txt has it")

HOSTILE = (
    "plain", "", "露营帐篷 🏕️ 👩‍👩‍👧", "two\nlines\r\nand\u2028more", '=HYPERLINK("x")', '{"json": [1, null]}',
    'quotes " and \\ and \ttabs', "\x01 control \x7f", "{context} {prompt} %s {{}}", "<|im_end|>[INST]",
    "x" * 1_000_000,
)  # fmt: skip
LAYOUTS = list(training_dialects._LAYOUTS)
IDS = [" ".join(filter(None, key)) for key in LAYOUTS]
S, A, B = Tier.SUPERIOR, Tier.AVERAGE, Tier.BAD


def rows_of(format: str, layout: Layout) -> list[dict[str, Any]]:
    return [_row(format, layout, index, text) for index, text in enumerate(HOSTILE)]


def _row(format: str, layout: Layout, index: int, text: str) -> dict[str, Any]:
    prompt, other = Prompt(text, "Be brief."), f"other {text}"
    arguments: Mapping[str, tuple[Any, ...]] = {
        "sft": (prompt, text), "kto": (prompt, text, index % 2 == 0), "dpo": (prompt, text, other),
        "listwise": (prompt, text, [(text, S), (other, A), ("gnome", B)]),
        "judge-sft": ([("system", "Judge."), ("user", text), ("assistant", "Yes")], "fits"),
    }  # fmt: skip
    if format == "grpo":
        extra = {"index": index, "split": "", "context_id": text, "n_outputs": 1, "n_qualified": 1}
        return layout.write(prompt, source="tags", task="tag", qualified=[text], extra=extra)
    return layout.write(*arguments[format])


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize(("format", "dialect", "variant"), LAYOUTS, ids=IDS)
def test_rows_come_back_as_they_were_written(
    format: str, dialect: str, variant: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    layout = training_dialects.find(format, dialect, variant, has_system=True)
    written, path = rows_of(format, layout), tmp_path / f"{format}.{kind}"
    with JsonlWriter(path) if kind == "jsonl" else ParquetWriter(path, layout.columns) as file:
        for row in written:
            file.write(row)
    builder = "json" if kind == "jsonl" else "parquet"
    loaded = datasets.load_dataset(builder, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == list(layout.columns)
    assert loaded.to_list() == written


def test_trl_takes_the_rows_for_what_they_are() -> None:
    """TRL's own checks: which data sets are conversational, and that chat templates apply to them."""
    reason = "TRL is not installed: it needs PyTorch, more than half a gigabyte (requirements-finetune.in)"
    data_utils = pytest.importorskip("trl.data_utils", reason=reason)
    for format, is_chat in (("sft", True), ("kto", False), ("dpo", False)):
        layout = training_dialects.find(format, has_system=True)
        assert data_utils.is_conversational(_row(format, layout, 0, "tarp")) is is_chat
    for format in ("kto", "dpo"):
        layout = training_dialects.find(format, variant="conversational", has_system=True)
        assert data_utils.is_conversational(_row(format, layout, 0, "tarp"))
