"""The embedded judge on the demo shop, from its recorded verdicts, against the author's reading of each item."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from sklearn.metrics import roc_auc_score

from judge import demo
from judge.actions import rubrics
from judge.rules.scales import Question
from llm_judge.actions.demo import recording
from tests.benchmarks.figures import Figure

SHOWN = "shown"
TASKS = ("tag", "explanation", "interest")
FIGURES = {f"loop.demo_{task}_auroc": SHOWN for task in TASKS}


def measure() -> list[Figure]:
    return [figure(task) for task in TASKS]


def figure(task: str) -> Figure:
    """AUROC of p(pass) over all cases of a task; beside it, of each criterion."""
    questions = {question.key: question for question in rubrics.template(task).questions}
    pairs: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for item_id, criterion, probs in verdicts(task):
        question = questions[criterion]
        p_pass = sum(share for label, share in probs.items() if question.passes(label))
        pairs[criterion].append((is_good(question, item_id), p_pass))
    each = ", ".join(f"{key} {auroc(pairs[key]):.2f}" for key in questions)
    everything = [pair for criterion in pairs.values() for pair in criterion]
    beside = f"guessing .5; {len(everything)} cases; {each}"
    return Figure(f"loop.demo_{task}_auroc", round(auroc(everything), 3), "AUROC", SHOWN, True, beside)


def verdicts(task: str) -> Iterator[tuple[str, str, dict[str, float]]]:
    """(item, criterion, probabilities) of each scored verdict in the recording; its first line is the header."""
    with recording(task).open(encoding="utf-8") as file:
        next(file)
        for row in map(json.loads, file):
            if row["probs"]:
                yield row["item_id"], row["criterion"], row["probs"]


_EXPECTED: dict[tuple[str, str], str] = {}


def is_good(question: Question, item_id: str) -> bool:
    if not _EXPECTED:
        for line in (demo.FOLDER / "expected.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            _EXPECTED[row["item_id"], row["criterion"]] = row["label"]
    return bool(question.passes(_EXPECTED[item_id, question.key]))


def auroc(pairs: list[tuple[bool, float]]) -> float:
    return float(roc_auc_score([good for good, _ in pairs], [p for _, p in pairs]))
