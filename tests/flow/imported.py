"""A project judged and labelled elsewhere: files as a team would bring them, of a world whose truth is known."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

RUBRIC = """
name: imported tags
task: tag
criteria:
  - key: relevance
    question: Does the tag fit the interest?
    scale: [{key: fits, passes: true}, {key: weak, passes: false}]
"""


@dataclass(frozen=True, slots=True)
class World:
    """``skills``: name of a judge → the share of cases that it gets right where it is sure, and where it is not.

    Two cases in three are easy. People are right on ``people`` of all cases.
    """

    n: int = 1500
    n_labelled: int = 900
    per_context: int = 1
    skills: tuple[tuple[str, float, float], ...] = (("alpha", 0.99, 0.6),)
    people: float = 0.97
    seed: int = 7


def write(world: World, folder: Path) -> tuple[Path, Path, Path, dict[str, str]]:
    """The files of rubric, items and judgments, and the true label of each item."""
    chance = random.Random(world.seed)
    truth = {f"i{i}": chance.choice(["fits", "weak"]) for i in range(world.n)}
    items = [
        {"id": name, "context": f"person {place // world.per_context}", "output": f"tag {place}"}
        for place, name in enumerate(truth)
    ]
    judged = [line for skill in world.skills for line in _judge(truth, *skill, chance)]
    labelled = chance.sample(sorted(truth), world.n_labelled)
    people = [
        _line(name, f"person {number}", "person", _said(truth[name], world.people, chance))
        for name in labelled
        for number in range(3)
    ]
    (folder / "rubric.yaml").write_text(RUBRIC)
    return (
        folder / "rubric.yaml", _write(folder / "items.jsonl", items),
        _write(folder / "judgments.jsonl", judged + people), truth,
    )  # fmt: skip


def _judge(
    truth: dict[str, str], name: str, sure: float, unsure: float, chance: random.Random
) -> list[dict[str, object]]:
    lines = []
    for place, (item, label) in enumerate(truth.items()):
        is_easy = place % 3 != 0
        said = _said(label, sure if is_easy else unsure, chance)
        p = chance.uniform(0.9, 0.99) if is_easy else chance.uniform(0.52, 0.75)
        other = "weak" if said == "fits" else "fits"
        lines.append(_line(item, name, "judge", said) | {"probs": {said: round(p, 4), other: round(1 - p, 4)}})
    return lines


def _said(label: str, right: float, chance: random.Random) -> str:
    return label if chance.random() < right else ("weak" if label == "fits" else "fits")


def _line(item: str, rater: str, kind: str, label: str) -> dict[str, object]:
    return {"item_id": item, "criterion": "relevance", "rater": rater, "kind": kind, "label": label}


def _write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
