"""The script that fine-tunes a judge looks at its lessons before it trains, without anything installed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "finetune_judge.py"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *map(str, words)], capture_output=True, text=True, check=False)


def lessons(path: Path, *answers: str) -> Path:
    asked = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "Does it fit?"}]
    rows = [{"messages": [*asked, {"role": "assistant", "content": answer}]} for answer in answers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_lessons_are_counted_by_answer(tmp_path: Path) -> None:
    done = run(lessons(tmp_path / "judge-sft.jsonl", "Yes", "No", "Yes"), "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["  Yes: 2", "  No: 1"]


def test_one_answer_only_teaches_nothing(tmp_path: Path) -> None:
    done = run(lessons(tmp_path / "judge-sft.jsonl", "Yes", "Yes"), "--check")
    assert done.returncode == 1
    assert "all lessons have one answer" in done.stderr


@pytest.mark.parametrize("row", ['{"messages": [{"role": "user", "content": "?"}]}', '{"prompt": "a", "chosen": "b"}'])
def test_rows_of_another_format_are_told_by_line(row: str, tmp_path: Path) -> None:
    path = lessons(tmp_path / "judge-sft.jsonl", "Yes")
    path.write_text(path.read_text() + row + "\n")
    done = run(path, "--check")
    assert done.returncode == 1
    assert "line 2 ends in no answer" in done.stderr


def test_a_folder_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    done = run(lessons(tmp_path / "judge-sft.jsonl", "Yes", "No"), "--output", tmp_path)
    assert done.returncode == 2
    assert "--output must name a new folder" in done.stderr


def test_without_trl_it_says_what_to_install(tmp_path: Path) -> None:
    if importlib.util.find_spec("torch"):
        pytest.skip("reason: PyTorch is installed here, so it would train")
    done = run(lessons(tmp_path / "judge-sft.jsonl", "Yes", "No"), "--output", tmp_path / "judge")
    assert done.returncode == 1
    assert "requirements-finetune.in" in done.stderr
