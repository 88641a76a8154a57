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

#: Rubrics in our words; labels as in the sets.
RUBRICS = {
    "oamine_tags": """
name: product tags
criteria:
  - key: correctness
    question: Is the tag right for this product title?
    guidance: The value must be what the title says about that attribute, no more and no less.
    scale: [{key: correct, passes: true}, {key: incorrect, passes: false}]
    examples:
      - {label: correct, context: "Nordvik wool hiking socks, grey, 2 pairs", output: "Material: wool"}
      - {label: incorrect, context: "Nordvik wool hiking socks, grey, 2 pairs", output: "Material: cotton"}
      - {label: correct, context: "Brightleaf jasmine green tea, 40 bags", output: "Pack Size: 40 bags"}
      - {label: incorrect, context: "Brightleaf jasmine green tea, 40 bags", output: "Brand: jasmine"}
""",
    "explanations": """
name: explanations of answers
criteria:
  - key: acceptability
    question: Is the explanation acceptable?
    guidance: It must be true, to the point, and support the answer.
    scale: [{key: acceptable, passes: true}, {key: unacceptable, passes: false}]
    examples:
      - {label: acceptable, context: "Where do boats stay overnight? Answer: harbour", output: "A harbour shelters moored boats."}
      - {label: unacceptable, context: "Where do boats stay overnight? Answer: harbour", output: "Boats are boats because they are."}
      - {label: acceptable, context: "What melts in the sun? Answer: ice", output: "The sun warms ice above freezing, so it melts."}
      - {label: unacceptable, context: "What melts in the sun? Answer: ice", output: "The sun is very far away from ice."}
""",  # noqa: E501
}


def need(name: str) -> Path:
    """The folder of a set; skips the test, saying why, where it is missing."""
    if not (FOLDER / name / "items.jsonl.gz").exists():
        pytest.skip(f"the public research set {name} is not in {FOLDER} (COJUDGE_SHARED_DATA names another folder)")
    return FOLDER / name


def rubric(name: str) -> RubricRecord:
    return read_rubric(RUBRICS[name], filename=f"{name}.yaml")


def rows(name: str, kind: str) -> Iterator[dict[str, Any]]:
    with gzip.open(FOLDER / name / f"{kind}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def write_items(name: str, path: Path, *, sample: int | None = None, seed: int = 7) -> int:
    """Item lines of a set as an import file, as they are; a seeded sample where asked. Returns how many."""
    lines = list(rows(name, "items"))
    if sample is not None:
        lines = random.Random(seed).sample(lines, sample)
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(lines)


def answers(name: str) -> dict[str, dict[str, str]]:
    """annotator → item id → label."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows(name, "human_labels"):
        found[row["annotator"]][row["item_id"]] = row["label"]
    return found
