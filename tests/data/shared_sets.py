"""Public research sets that may stand beside the checkout: read at run time, never part of the repo.

Common layout, gzip JSON lines: ``items``, ``human_labels``, ``gold``. COJUDGE_SHARED_DATA names another folder.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.formats.rubrics import read_rubric
from judge.rules.rubrics import RubricRecord
from tests.architecture.house import ROOT

FOLDER = Path(os.environ.get("COJUDGE_SHARED_DATA", ROOT.parent / "shared" / "data"))

#: What of each context is the evidence: the title; the question with its answer.
EVIDENCE = {"oamine_tags": ("title",), "explanations": ("answer", "question")}


def need(name: str) -> Path:
    """The folder of a set; skips the test, saying why, where it is missing."""
    if not (FOLDER / name / "items.jsonl.gz").exists():
        pytest.skip(f"the public research set {name} is not in {FOLDER} (COJUDGE_SHARED_DATA names another folder)")
    return FOLDER / name


def rubric(name: str) -> RubricRecord:
    path = Path(__file__).with_name("rubrics") / f"{name}.yaml"
    return read_rubric(path.read_bytes(), filename=path.name)


def rows(name: str, kind: str) -> Iterator[dict[str, Any]]:
    with gzip.open(FOLDER / name / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def write_items(name: str, path: Path, *, sample: int | None = None, seed: int = 7) -> int:
    """Item lines of a set as an import file; a seeded sample where asked. Returns how many."""
    lines = list(rows(name, "items"))
    if sample is not None:
        lines = random.Random(seed).sample(lines, sample)
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            evidence = {key: line["context"][key] for key in EVIDENCE[name]}
            file.write(json.dumps(line | {"context": evidence}, ensure_ascii=False) + "\n")
    return len(lines)


def answers(name: str) -> dict[str, dict[str, str]]:
    """annotator → item id → label."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows(name, "human_labels"):
        found[row["annotator"]][row["item_id"]] = row["label"]
    return found


def is_good(name: str) -> dict[str, bool]:
    """item id → whether it passes: by gold where the set has it, else by the majority of its people."""
    passing = rubric(name).questions[0].labels[0].key
    if (FOLDER / name / "gold.jsonl.gz").exists():
        return {row["item_id"]: row["label"] == passing for row in rows(name, "gold")}
    votes: dict[str, list[bool]] = defaultdict(list)
    for row in rows(name, "human_labels"):
        votes[row["item_id"]].append(row["label"] == passing)
    return {item: sum(given) > len(given) / 2 for item, given in votes.items()}
