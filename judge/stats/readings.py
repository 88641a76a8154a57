"""What always stands beside alpha: agreement alone flatters a judge whose labels are mostly one label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from judge.errors import InputError
from judge.stats.exact import share
from judge.stats.records import Share
from judge.stats.selective import read_scores


def always_majority(reference: Iterable[Hashable | None]) -> Share:
    """How often "always say the most common label" would agree with people; None: people had no strict majority.

    A case without a strict majority counts as an error of whatever is said, as it does for a judge.

    >>> always_majority(["yes", "yes", "no", None]).value
    0.5
    """
    counts = Counter(reference)
    n = counts.total()
    counts.pop(None, None)
    return share(max(counts.values(), default=0), n)


def accepted_passes(*, confidence: ArrayLike, is_correct: ArrayLike, says_pass: ArrayLike, threshold: float) -> Share:
    """The errors among the cases with s ≥ ``threshold`` whose verdict is a passing label: bad items let through."""
    scores = read_scores(confidence)
    right, passing = (np.asarray(each, dtype=np.bool_).reshape(-1) for each in (is_correct, says_pass))
    if not len(scores) == len(right) == len(passing):
        raise InputError(
            f"{len(scores)} confidences, {len(right)} answers, {len(passing)} passes", expected="one of each a case"
        )
    chosen = passing & (scores >= threshold) & np.isfinite(scores)
    return share(int((~right[chosen]).sum()), int(chosen.sum()))
