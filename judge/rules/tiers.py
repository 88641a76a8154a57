"""The tier of an item: what its labels, one per criterion, come to together. Pure.

After the Senior Reviewer of RecGPT-V2 (arXiv 2512.14503): Bad where a criterion fails, else Superior where enough
criteria got their top mark, else Average.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from judge.rules.scales import Question, ScaleKind, best_first


class Tier(StrEnum):
    SUPERIOR = "S"
    AVERAGE = "A"
    BAD = "B"


def tier(labels: Mapping[str, str | None], questions: Iterable[Question], tau: float) -> Tier | None:
    """The tier of an item whose criteria got these labels (criterion key → label key).

    B where any label fails, whatever is still missing: nothing can make up for it. Otherwise None while a criterion
    has no label yet. Otherwise S where top marks / criteria >= tau, else A. Preferences have no pass and do not count;
    without any other criterion there is no tier.

    >>> from judge.rules.scales import ScaleLabel
    >>> marks = (ScaleLabel("excellent", True), ScaleLabel("good", True), ScaleLabel("bad", False))
    >>> clear, true = (Question(key, "?", marks, ScaleKind.GRADED) for key in ("clear", "true"))
    >>> tier({"clear": "excellent", "true": "good"}, [clear, true], tau=0.5).value  # 1 of 2 top marks
    'S'
    """
    counted = [question for question in questions if question.kind is not ScaleKind.PREFERENCE]
    given = [(question, labels.get(question.key)) for question in counted]
    if any(question.passes(label) is False for question, label in given):
        return Tier.BAD
    if not counted or any(question.passes(label) is None for question, label in given):
        return None
    n_top = sum(label == top_mark(question) for question, label in given)
    return Tier.SUPERIOR if n_top >= tau * len(counted) else Tier.AVERAGE


def top_mark(question: Question) -> str | None:
    """The best label. On a nominal scale, whose labels have no order, the only one that passes; None if several do."""
    if question.kind is ScaleKind.NOMINAL:
        passing = [label.key for label in question.labels if label.passes]
        return passing[0] if len(passing) == 1 else None
    return best_first(question)[0]
