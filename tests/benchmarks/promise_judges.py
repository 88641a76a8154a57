"""Judges prepared on public sets: a calibrator fitted to a train stream, then frozen for certificates to speak of.

The reference is people's: the strict majority (of three people where a set has three; the gold label where it has one).
A case without strict majority is an error of every judge. Confidence is the calibrator's max p̂ for all cases of the
set; ``raw`` is what the machine itself said of its confidence, ``votes`` the share of raters that gave the label.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.rules.streams import default_rates
from judge.stats.heads import fit_head, softmax
from tests.data import shared_sets

type Numbers = NDArray[np.float64]

SEED = 17
#: With fewer train labels no head is fitted: the share of votes, smoothed, is the confidence (a temperature would not
#: change the order of two labels).
FEWEST_TO_FIT = 100


@dataclass(frozen=True)
class Prepared:
    """``is_correct`` and ``confidence`` of all n cases of the set; ``is_train`` what the calibrator saw."""

    name: str
    confidence: Numbers
    is_correct: NDArray[np.bool_]
    is_train: NDArray[np.bool_]
    raw: Numbers | None = None
    votes: Numbers | None = None


def strict_majority(answers: Sequence[object]) -> str | None:
    """
    >>> strict_majority(["yes", "no", "yes"]), strict_majority(["yes", "no"])
    ('yes', None)
    """
    label, n = Counter(map(str, answers)).most_common(1)[0]
    return label if n > len(answers) / 2 else None


def prepare_llmbar(family: str = "GPT-4") -> Prepared:
    """A panel of all the prompts of one model, both orders: two labels, so confidence is the share of votes."""
    gold = {row["item_id"]: row["label"] for row in shared_sets.rows("llmbar", "gold")}
    votes: dict[str, list[str]] = defaultdict(list)
    for row in shared_sets.rows("llmbar", "judge_labels"):
        if row["judge"].split("/")[0] == family:
            votes[row["item_id"]] += [vote for vote in row["by_order"] if vote in ("1", "2")]
    share = np.array([(votes[item].count("1") + 0.5) / (len(votes[item]) + 1) for item in gold])
    is_correct = np.where(share > 0.5, "1", "2") == np.array(list(gold.values()))
    is_correct &= share != 0.5
    sure = np.maximum(share, 1 - share)
    nobody = np.zeros(len(gold), dtype=np.bool_)
    return Prepared(_named("llmbar", family, "GPT-4"), sure, is_correct, nobody, votes=sure)


def prepare_pandalm(raters: Sequence[str] = ("gpt-3.5-turbo", "pandalm-7b")) -> Prepared:
    """Two judges without confidence: their labels one-hot, and which answer is longer."""
    people = shared_people("pandalm")
    said = _labels("pandalm")
    items = list(shared_sets.rows("pandalm", "items"))
    rows, answers = [], []
    for item in items:
        given = [said[rater].get(item["id"]) for rater in raters]
        longer = np.log((1 + len(str(item["output"]["1"]))) / (1 + len(str(item["output"]["2"]))))
        rows.append([*(float(label == k) for label in given for k in ("1", "2", "tie")), longer])
        answers.append(given)
    return _fit("pandalm", rows, [people[item["id"]] for item in items], [item["id"] for item in items], votes=answers)


def prepare_oamine(raters: Sequence[str] | None = None) -> Prepared:
    """Extraction runs as votes, the category and how common the attribute is; alone or all five."""
    gold = {row["item_id"]: row["label"] for row in shared_sets.rows("oamine_tags", "gold")}
    said = _labels("oamine_tags")
    chosen = list(raters or sorted(said))
    items = list(shared_sets.rows("oamine_tags", "items"))
    kinds = sorted({item["context"]["category"] for item in items})
    common = Counter(item["context"]["attribute"] for item in items)
    rows = [
        [
            *(float(said[rater][item["id"]] == "correct") for rater in chosen),
            *(float(item["context"]["category"] == kind) for kind in kinds if len(chosen) > 1),
            np.log(common[item["context"]["attribute"]]) if len(chosen) > 1 else 0.0,
        ]
        for item in items
    ]
    votes = [[said[rater][item["id"]] for rater in chosen] for item in items]
    groups = [item["context"]["title"] for item in items]
    name = "oamine_tags" if len(chosen) > 1 else "oamine_tags_one_rater"
    return _fit(name, rows, [gold[item["id"]] for item in items], groups, votes=votes)


def prepare_explanations() -> Prepared:
    """What GPT-3 thought of its own text, its length, and how much of the question and of the answer it repeats."""
    people = shared_people("explanations")
    likelihood = {row["item_id"]: row["score"] for row in shared_sets.rows("explanations", "judge_labels")}
    items = list(shared_sets.rows("explanations", "items"))
    rows = []
    for item in items:
        words, asked = (set(text.lower().split()) for text in (item["output"], item["context"]["question"]))
        named = set(item["context"]["answer"].lower().split())
        repeats = [len(words & other) / max(1, len(other)) for other in (asked, named)]
        rows.append(
            [likelihood[item["id"]], np.log1p(len(item["output"])), len(words - asked) / max(1, len(words)), *repeats]
        )
    return _fit(
        "explanations", rows, [people[item["id"]] for item in items], [item["group"] for item in items],
        raw=softmax(_two(np.array([row[0] for row in rows]))).max(axis=1),
    )  # fmt: skip


def prepare_llm_rubric() -> Prepared:
    """A model's own probabilities of 1 to 4 on nine questions, where three people answered."""
    people = shared_people("llm_rubric", at_least=3)
    said = {row["item_id"]: row for row in shared_sets.rows("llm_rubric", "judge_labels")}
    items = [item for item in shared_sets.rows("llm_rubric", "items") if item["id"] in people and item["id"] in said]
    questions = sorted({item["criterion"] for item in items})
    rows = [
        [
            *(np.log(max(1e-6, said[item["id"]]["probs"][str(k)])) for k in range(1, 5)),
            *(float(item["criterion"] == question) for question in questions),
        ]
        for item in items
    ]
    raw = np.array([said[item["id"]]["confidence"] for item in items])
    return _fit("llm_rubric", rows, [people[i["id"]] for i in items], [i["group"] for i in items], raw=raw)


#: In the order of the table; the two of a set are of very different quality.
JUDGES: dict[str, Callable[[], Prepared]] = {
    "llmbar": prepare_llmbar,
    "llmbar_ChatGPT": lambda: prepare_llmbar("ChatGPT"),
    "pandalm": prepare_pandalm,
    "oamine_tags": prepare_oamine,
    "oamine_tags_one_rater": lambda: prepare_oamine(["gpt-3.5-turbo-0613/list-10shot"]),
    "explanations": prepare_explanations,
    "llm_rubric": prepare_llm_rubric,
}


def shared_people(name: str, *, at_least: int = 1) -> dict[str, str | None]:
    """item id → people's strict majority, None where there is none; items with fewer people are left out."""
    answers: dict[str, list[object]] = defaultdict(list)
    for row in shared_sets.rows(name, "human_labels"):
        answers[row["item_id"]].append(row["label"])
    return {item: strict_majority(given) for item, given in answers.items() if len(given) >= at_least}


def _labels(name: str) -> dict[str, dict[str, str]]:
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for row in shared_sets.rows(name, "judge_labels"):
        said[row["judge"]][row["item_id"]] = row["label"]
    return said


def _fit(
    name: str,
    rows: Sequence[Sequence[float]],
    reference: Sequence[str | None],
    groups: Sequence[str],
    *,
    raw: Numbers | None = None,
    votes: Sequence[Sequence[str | None]] | None = None,
) -> Prepared:
    """Fit a head to the train stream (drawn by context), and let it judge all cases of the set."""
    features = np.array(rows, dtype=np.float64)
    is_train = _draw_train(groups)
    learned = [i for i in np.flatnonzero(is_train) if reference[i] is not None]
    head = fit_head(features[learned], [str(reference[i]) for i in learned], [groups[i] for i in learned])
    said = softmax(features @ head.weights.T + head.bias)
    said[learned] = head.out_of_fold
    labels = [head.labels[place] for place in said.argmax(axis=1)]
    is_correct = np.array([label == truth for label, truth in zip(labels, reference, strict=True)])
    share = None if votes is None else np.array([g.count(k) / len(g) for g, k in zip(votes, labels, strict=True)])
    return Prepared(name, said.max(axis=1), is_correct, is_train, raw=raw, votes=share)


def _draw_train(groups: Sequence[str]) -> NDArray[np.bool_]:
    """Whole contexts until the default share of the cases is reached."""
    chance, wanted = np.random.default_rng(SEED), default_rates(len(groups)).train * len(groups)
    counts, taken, n = Counter(groups), set(), 0
    for group in chance.permutation(sorted(counts)):
        if n >= wanted:
            break
        taken.add(group)
        n += counts[group]
    return np.array([group in taken for group in groups])


def _two(scores: Numbers) -> Numbers:
    return np.stack([scores - scores.mean(), np.zeros_like(scores)], axis=1)


def _named(name: str, variant: str, usual: str) -> str:
    return name if variant == usual else f"{name}_{variant}"
