"""How good is the embedded judge? Its probabilities against people's labels on two public sets.

The rubrics and their examples here are written by hand and come from neither set. Both sets are used for measuring
only. AUROC: the chance that a passing output gets a higher p(pass) than a failing one; .5 is guessing.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.metrics import roc_auc_score

from judge.rules.scales import Example, Question, ScaleLabel
from judge.services import models
from llm_judge.backends.base import Patience
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.rules.configuration import BackendKind, RaterConfiguration, ScoringRule
from llm_judge.rules.records import Scored
from llm_judge.rules.scoring import JudgeCase
from llm_judge.rules.templates import SHIPPED
from tests.benchmarks.figures import Figure

SEED = 20
EXPLANATIONS = 500
IN_FLIGHT = 4
DATA = Path(__file__).parents[3] / "shared" / "data"
SHOWN = "shown"  # no target: the embedded judge is weak, and this says how weak
FIGURES = {
    f"loop.{name}_{what}": SHOWN
    for name in ("oamine_tags", "explanations")
    for what in ("auroc", "unscored", "per_minute")
}

_GRANOLA = "Title: Brookmill Honey Oat Granola, 500 g, Pack of 4"
_SHOE = "Title: Tarn & Fell Women's Ridge Runner Trail Shoe, Grey, Size 7"
_CAPSULES = "Title: Lunaleaf Magnesium Night Capsules for Better Sleep, 90 Count"
_MILK = "Answer: refrigerator\nQuestion: Where would you keep milk so that it stays fresh?"
_RAIN = "Answer: umbrella\nQuestion: What do people carry when rain is expected?"
_RACE = "Answer: thirst\nQuestion: Why do runners drink during a race?"

TAG = Question(
    key="right",
    question="Is the tag right for the product?",
    labels=(
        ScaleLabel("right", True, description="the title gives exactly this value for this attribute"),
        ScaleLabel("wrong", False, description="it does not, or the value belongs to another attribute"),
    ),
    examples=(
        Example("right", _GRANOLA, "Flavor: Honey Oat"),
        Example("wrong", _GRANOLA, "Flavor: Granola"),
        Example("wrong", _GRANOLA, "Net content: 4"),
        Example("right", _SHOE, "Gender: Women's"),
        Example("wrong", _SHOE, "Brand: Ridge Runner"),
        Example("right", _SHOE, "Model name: Ridge Runner"),
        Example("right", _CAPSULES, "Health benefit: Better Sleep"),
        Example("wrong", _CAPSULES, "Item form: Night"),
    ),
)
EXPLANATION = Question(
    key="good",
    question="Is the explanation acceptable?",
    labels=(
        ScaleLabel("good", True, description="it is true and makes clear why the answer is right"),
        ScaleLabel("bad", False, description="it is false, empty or beside the point"),
    ),
    examples=(
        Example("good", _MILK, "A refrigerator is cold, and cold slows the germs that turn milk sour."),
        Example("bad", _MILK, "Milk is white and comes from cows, so it is in the refrigerator."),
        Example("bad", _RAIN, "People carry an umbrella because it is an umbrella."),
        Example("good", _RAIN, "An umbrella keeps a person dry when it rains, so people take one along."),
        Example("good", _RACE, "Running makes the body sweat and lose water, which makes runners thirsty."),
        Example("bad", _RACE, "Some runners win the race and some do not. The weather may be fine."),
    ),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Cases with what people said of them (True: it passes), cases of one context together."""

    name: str
    cases: tuple[JudgeCase, ...]
    passes: Mapping[str, bool]


def measure(base_url: str = "", data_folder: Path = DATA) -> list[Figure]:
    """The embedded judge, or the server at ``base_url``, on all tags and a sample of the explanations."""
    if not data_folder.is_dir():
        return []  # the runner reports each figure as not measured
    address = base_url or models.ensure()
    samples = (read_tags(data_folder / "oamine_tags"), read_explanations(data_folder / "explanations"))
    return [figure for sample in samples for figure in _measure_one(address, sample)]


def read_tags(folder: Path, count: int | None = None) -> Sample:
    """All tags, or a seeded sample of them, with their gold label."""
    gold = {row["item_id"]: row["label"] == "correct" for row in _read(folder / "gold.jsonl.gz")}
    items = _choose(list(_read(folder / "items.jsonl.gz")), count)
    cases = (JudgeCase(each["id"], TAG, {"title": each["context"]["title"]}, each["output"]) for each in items)
    return Sample("oamine_tags", tuple(cases), gold)


def read_explanations(folder: Path, count: int | None = EXPLANATIONS) -> Sample:
    """A seeded sample of explanations; one passes when at least two of its three people accepted it."""
    votes = Counter(row["item_id"] for row in _read(folder / "human_labels.jsonl.gz") if row["label"] == "acceptable")
    items = _choose(list(_read(folder / "items.jsonl.gz")), count)
    cases = tuple(
        JudgeCase(each["id"], EXPLANATION, _without_choices(each["context"]), each["output"]) for each in items
    )
    return Sample("explanations", cases, {case.case_id: votes[case.case_id] >= 2 for case in cases})


def judge_sample(base_url: str, sample: Sample, rule: ScoringRule) -> tuple[list[CaseAnswer], float]:
    """The answers and the seconds they took."""
    rater = RaterConfiguration(BackendKind.OPENAI_HTTP, "embedded", SHIPPED[rule.value], rule)
    started = time.monotonic()
    answers = asyncio.run(_collect(base_url, sample, rater))
    return answers, time.monotonic() - started


async def _collect(base_url: str, sample: Sample, rater: RaterConfiguration) -> list[CaseAnswer]:
    async with OpenAIBackend(base_url, in_flight=IN_FLIGHT, patience=Patience(timeout=300)) as backend:
        return [answer async for answer in judge_many(backend, sample.cases, rater)]


def _measure_one(base_url: str, sample: Sample) -> Iterator[Figure]:
    answers, seconds = judge_sample(base_url, sample, ScoringRule.FEW_SHOT)
    pairs = [
        (sample.passes[each.case_id], _p_pass(sample, each)) for each in answers if isinstance(each.answer, Scored)
    ]
    gold, p_pass = [passes for passes, _ in pairs], [share for _, share in pairs]
    accuracy = sum(passes == (share > 0.5) for passes, share in pairs) / len(pairs)
    majority = max(gold.count(True), gold.count(False)) / len(pairs)
    beside = f"guessing .5; accuracy {accuracy:.2f}, of always the commoner label {majority:.2f}"
    name = f"loop.{sample.name}"
    yield Figure(f"{name}_auroc", round(float(roc_auc_score(gold, p_pass)), 3), "AUROC", SHOWN, True, beside)
    yield Figure(f"{name}_unscored", len(answers) - len(pairs), "cases", SHOWN, True, f"of {len(answers)}")
    yield Figure(f"{name}_per_minute", round(60 * len(answers) / seconds), "cases/min", SHOWN, True)


def _p_pass(sample: Sample, answer: CaseAnswer) -> float:
    assert isinstance(answer.answer, Scored)
    question = sample.cases[0].question
    return sum(share for key, share in answer.answer.probs.items() if question.passes(key))


def _without_choices(context: Mapping[str, str]) -> dict[str, str]:
    return {"question": context["question"], "answer": context["answer"]}


def _choose(items: list[dict[str, Any]], count: int | None) -> list[dict[str, Any]]:
    chosen = items if count is None else random.Random(SEED).sample(items, count)
    return sorted(chosen, key=lambda item: str(item["id"]))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
