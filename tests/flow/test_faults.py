"""A minute of what `make bench AREA=operate` does for ten: parts die under load, and nothing is lost or doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

KINDS = ("kill -9 postgres", "cut db", "kill -9 valkey")


@pytest.mark.proof
@pytest.mark.services
def test_every_part_is_killed_and_no_answer_is_lost_or_doubled(tmp_path: Path) -> None:
    words = ["--submits", "10", "--items", "150", "--pause", "0.1", "0.3", "--every", "0", "--latency-ms", "20"]
    words += ["--kinds", ",".join(KINDS), "--out", str(tmp_path / "found.json")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.run", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    found = json.loads((tmp_path / "found.json").read_text())
    assert [each["kind"] for each in found["survived"]] == [*KINDS, "kill -9 everything"]
    assert found["n_submits"] > 0
    assert {each["name"]: each["n_broken"] for each in found["checked"] if each["n_broken"]} == {}
