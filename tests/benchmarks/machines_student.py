"""The student on two public sets: how well does it tell good from bad on contexts that it has not seen?

Each set is cut by context into 1,200 labels to learn from and the rest to be told apart, SEEDS times; shown is the mean
AUROC. The targets speak of the cases on which people agree: all three in ``explanations``, a clear "applies" or "does
not" (4–5 or 1–2 of 5 on average) in ``tag_genome``; the figures over all cases, the divided ones too, stand beside
them. The panel is the student with the embedded language model (pmi) on a part of the explanations, its pool fitted
to the training labels with what the student said out of fold.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judge.rules.scales import Question
from judge.stats.heads import FittedHead, fit_head, softmax
from judge.stats.pooling import apply_pool, fit_pool
from judge.stats.ranking import auroc
from llm_judge.rules import student
from tests.benchmarks.figures import Figure
from tests.data import shared_sets

SEEDS, N_TRAIN = 5, 1_200
#: Contexts that are read of each set, and those of the explanations that the language model judges too.
N_CONTEXTS, N_JUDGED = {"explanations": 400, "tag_genome": 400}, 100
TARGETS = {"tag_genome": 0.70, "explanations": 0.83}
FIGURES = {
    **{f"machines.student_auroc_{name}": f"> {target}" for name, target in TARGETS.items()},
    **{f"machines.student_auroc_{name}_all": "shown" for name in TARGETS},
    "machines.panel_auroc_explanations": "> the student's alone",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One case of a set: ``is_clear`` where people agree on it."""

    context: Any
    output: str
    is_good: bool
    is_clear: bool
    group: str


@dataclass(frozen=True, slots=True)
class Split:
    """One cut by contexts, and the head that learned the one part of it."""

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    head: FittedHead
    said: NDArray[np.float64]  # log-odds of good, of the test cases


def measure() -> list[Figure]:
    found: list[Figure] = []
    for name in TARGETS:
        if not (shared_sets.FOLDER / name).is_dir():
            print(f"skipped: the public set {name} is not in {shared_sets.FOLDER}")
            raise FileNotFoundError(f"the public set {name} is not in {shared_sets.FOLDER}")
        cases = read_set(name)
        rows = embed(cases)
        splits = [fit(cases, rows, seed) for seed in range(SEEDS)]
        found += figures(name, cases, splits)
        if name == "explanations":
            found.append(measure_panel(cases, splits))
    return found


def read_set(name: str) -> list[Labelled]:
    """A seeded sample of contexts with all their labelled cases."""
    cases = list(_explanations() if name == "explanations" else _tags())
    groups = sorted({case.group for case in cases})
    chosen = set(random.Random(11).sample(groups, N_CONTEXTS[name]))
    return [case for case in cases if case.group in chosen]


def _explanations() -> Iterator[Labelled]:
    votes: dict[str, list[bool]] = defaultdict(list)
    for row in shared_sets.rows("explanations", "human_labels"):
        votes[row["item_id"]].append(row["label"] == "acceptable")
    for row in shared_sets.rows("explanations", "items"):
        given = votes[row["id"]]
        evidence = {key: row["context"][key] for key in shared_sets.EVIDENCE["explanations"]}
        is_clear = len(set(given)) == 1
        yield Labelled(evidence, row["output"], sum(given) > len(given) / 2, is_clear, row["group"])


def _tags() -> Iterator[Labelled]:
    ratings: dict[str, list[int]] = defaultdict(list)
    for row in shared_sets.rows("tag_genome", "human_labels"):
        if row["label"] != "unsure":
            ratings[row["item_id"]].append(row["label"])
    for row in shared_sets.rows("tag_genome", "items"):
        if row["id"] in ratings:
            mean = float(np.mean(ratings[row["id"]]))
            evidence = {key: row["context"][key] for key in ("title", "year", "genres")}
            yield Labelled(evidence, row["output"], mean >= 3, mean <= 2 or mean >= 4, row["context"]["movie_id"])


def embed(cases: Sequence[Labelled]) -> NDArray[np.float64]:
    """The features of each case, by the embedded embeddings."""
    from llm_judge.actions import embedders

    readings = [student.read_case(case.context, case.output) for case in cases]
    source = embedders.open_source()
    vectors = embedders.read(source, (text for reading in readings for text in reading.texts)).vectors
    centres = student.find_centres(readings, vectors)  # of texts, not of labels: the same for every cut
    return np.stack([student.features(reading, vectors, centres) for reading in readings]).astype(np.float64)


def fit(cases: Sequence[Labelled], rows: NDArray[np.float64], seed: int) -> Split:
    groups = sorted({case.group for case in cases})
    random.Random(seed).shuffle(groups)
    place = {group: number for number, group in enumerate(groups)}
    order = sorted(range(len(cases)), key=lambda i: place[cases[i].group])
    end = place[cases[order[N_TRAIN]].group]
    train = np.array([i for i in order if place[cases[i].group] < end])
    test = np.array([i for i in order if place[cases[i].group] >= end])
    labels = ["good" if cases[i].is_good else "poor" for i in train]
    scales = student.column_scales(rows.shape[1]).astype(np.float64)
    head = fit_head(rows[train], labels, [cases[i].group for i in train], scales=scales)
    scores = rows[test] @ head.weights.T + head.bias
    return Split(train, test, head, scores[:, 0] - scores[:, 1])


def figures(name: str, cases: Sequence[Labelled], splits: Sequence[Split]) -> Iterator[Figure]:
    good, clear = _flags(cases)
    over_all = [_auroc(split.said, good[split.test]) for split in splits]
    agreed = [_auroc(each.said[clear[each.test]], good[each.test][clear[each.test]]) for each in splits]
    target = TARGETS[name]
    beside = f"{SEEDS} cuts by context: {min(agreed):.3f} to {max(agreed):.3f}; {N_TRAIN} labels; people agree"
    value = round(float(np.mean(agreed)), 3)
    yield Figure(f"machines.student_auroc_{name}", value, "AUROC", f"> {target}", value > target, beside)
    beside = f"{min(over_all):.3f} to {max(over_all):.3f}; with the {1 - clear.mean():.0%} on which people are divided"
    value = round(float(np.mean(over_all)), 3)
    yield Figure(f"machines.student_auroc_{name}_all", value, "AUROC", "shown", True, beside)


def measure_panel(cases: Sequence[Labelled], splits: Sequence[Split]) -> Figure:
    """Paired: the same test cases, told apart by the student alone and by the panel; averaged over the cuts."""
    groups = sorted({case.group for case in cases})
    chosen = set(random.Random(5).sample(groups, N_JUDGED))
    judged = [i for i, case in enumerate(cases) if case.group in chosen]
    said = ask(cases, judged)
    good, clear = _flags(cases)
    alone, panel, model, weights = [], [], [], []
    for split in splits:
        told = _compare(split, said, good)
        keep = clear[told.places]
        truth = good[told.places][keep]
        alone.append(_auroc(told.student[keep], truth))
        panel.append(_auroc(told.panel[keep], truth))
        model.append(_auroc(told.model[keep], truth))
        weights.append(told.weights)
    gain = float(np.mean(panel) - np.mean(alone))
    beside = (
        f"student {np.mean(alone):.3f}, language model {np.mean(model):.3f}, gain {gain:+.3f} "
        f"({sum(p > a for p, a in zip(panel, alone, strict=True))} of {SEEDS} cuts), {len(said)} cases judged, "
        f"weights {np.mean(weights, axis=0).round(2).tolist()}"
    )
    value = round(float(np.mean(panel)), 3)
    return Figure("machines.panel_auroc_explanations", value, "AUROC", "> the student's alone", gain > 0, beside)


@dataclass(frozen=True, slots=True)
class Told:
    """Log-odds of good by the student, the model and the panel, of test cases that the model judged too."""

    places: NDArray[np.int64]
    student: NDArray[np.float64]
    model: NDArray[np.float64]
    panel: NDArray[np.float64]
    weights: tuple[float, ...]


def _compare(split: Split, said: dict[int, float], good: NDArray[np.bool_]) -> Told:
    learned = [(row, i) for row, i in enumerate(split.train) if i in said]
    own = split.head.out_of_fold[[row for row, _ in learned]]
    train = np.stack([np.log(np.maximum(own, 1e-6)), _logs([said[i] for _, i in learned])], axis=1)
    pool = fit_pool(train, np.array([0 if good[i] else 1 for _, i in learned]))
    rows = [(row, i) for row, i in enumerate(split.test) if i in said]
    places = np.array([i for _, i in rows])
    odds = split.said[[row for row, _ in rows]]
    model = _logs([said[i] for i in places])
    both = np.stack([np.log(softmax(np.stack([odds, np.zeros_like(odds)], axis=1))), model], axis=1)
    panel = apply_pool(pool, both)
    return Told(places, odds, model[:, 0] - model[:, 1], np.log(panel[:, 0]) - np.log(panel[:, 1]), pool.weights)


def ask(cases: Sequence[Labelled], places: Sequence[int]) -> dict[int, float]:
    """The embedded language model's probability of a passing label, by place; unscored cases are left out."""
    from llm_judge.actions import calls, endpoints, setups
    from llm_judge.rules.records import Scored
    from llm_judge.rules.scoring import JudgeCase

    question = _question()
    backend = endpoints.connect(endpoints.ensure(endpoints.EMBEDDED), model=setups.embedded_configuration().model)
    opened, _ = calls.open_backend((repr(backend), "student"), backend)
    asked = [JudgeCase(str(i), question, cases[i].context, cases[i].output) for i in places]
    answers = [each for chunk in calls.ask(opened, asked, _rater()) for each in chunk]
    passing = question.labels[0].key
    return {int(each.case_id): each.answer.probs[passing] for each in answers if isinstance(each.answer, Scored)}


@cache
def _question() -> Question:
    return shared_sets.rubric("explanations").questions[0]


@cache
def _rater() -> Any:
    from dataclasses import replace

    from llm_judge.actions import setups
    from llm_judge.rules import templates
    from llm_judge.rules.configuration import ScoringRule

    template = templates.SHIPPED[ScoringRule.PMI.value]
    return replace(setups.embedded_configuration(), template=template, scoring_rule=ScoringRule.PMI)


def _flags(cases: Sequence[Labelled]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return np.array([case.is_good for case in cases]), np.array([case.is_clear for case in cases])


def _logs(shares: Sequence[float]) -> NDArray[np.float64]:
    share = np.clip(np.array(shares), 1e-6, 1 - 1e-6)
    return np.log(np.stack([share, 1 - share], axis=1))


def _auroc(said: NDArray[np.float64], is_good: NDArray[np.bool_]) -> float:
    return auroc(said, is_good) or 0.5
