"""Two outputs side by side: both orders are asked, for models favour a place whatever stands there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from judge.rules.scales import Question, mirror
from llm_judge.rules.probabilities import most_probable
from llm_judge.rules.records import Scored


def turn_back(answer: Scored, order: str, question: Question) -> Scored:
    """The answer in the labels of the pair as it was imported, whichever output stood first."""
    if order != "ba":
        return answer
    other = mirror(question)
    probs = {label: answer.probs[other[label]] for label in question.label_keys}
    return replace(answer, probs=probs, label=other[answer.label])


def combine(answers: Mapping[str, Scored], question: Question) -> Scored:
    """One answer from those of each order, all in the labels of the pair as it was imported.

    p(label) = the mean over the orders: what the rater says of a pair in random order. The mean of log-odds would
    cancel a bias that only shifts them, but it lets one very sure order outvote the other. Here orders that disagree
    leave no label more than (1 + 1/2) / 2: a favour for a place shows as low confidence. Both are kept beside it.
    """
    found = list(answers.values())
    probs = {label: _mean([each.probs[label] for each in found]) for label in question.label_keys}
    return Scored(
        probs=probs,
        outside_mass=_mean([each.outside_mass for each in found]),
        label=most_probable(probs),
        text=" | ".join(each.text for each in found),
        rationale="\n\n".join(
            f"[{' '.join(order)}] {each.rationale}" for order, each in answers.items() if each.rationale
        ),
        by_order={order: each.probs for order, each in answers.items()},
    )


def _mean(shares: Sequence[float]) -> float:
    return math.fsum(shares) / len(shares)
