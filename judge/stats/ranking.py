"""How well scores tell good from bad: the area under the ROC curve, with an interval over groups.

AUROC = P(score of a random good case > score of a random bad one) + ½ P(equal): Hanley & McNeil (1982). Cases of one
group (one context) go together, so the interval resamples groups: the percentile bootstrap of Efron & Tibshirani (1993)
over groups.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

DRAWS = 400


@dataclass(frozen=True, slots=True)
class Ranking:
    """``auroc`` with the ends of its interval; n good and bad cases. All None where one of the kinds is missing."""

    auroc: float | None
    low: float | None
    high: float | None
    n_good: int
    n_bad: int


def auroc(scores: NDArray[np.float64], is_good: NDArray[np.bool_]) -> float | None:
    """Rank-sum form: (Σ ranks of the good − n₊(n₊+1)/2) / (n₊ n₋); None without good or without bad cases.

    >>> auroc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))  # pairs: 1, 1, ½, 1 of 4
    0.875
    """
    n_good, n_bad = int(is_good.sum()), int((~is_good).sum())
    if not n_good or not n_bad:
        return None
    ranks = rankdata(scores)
    return float((ranks[is_good].sum() - n_good * (n_good + 1) / 2) / (n_good * n_bad))


def rank(
    scores: Sequence[float],
    is_good: Sequence[bool],
    groups: Sequence[Hashable],
    *,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Ranking:
    """The AUROC of ``scores`` with a bootstrap interval over ``groups``."""
    said, good = np.asarray(scores, dtype=np.float64), np.asarray(is_good, dtype=np.bool_)
    found = auroc(said, good)
    n_good, n_bad = int(good.sum()), int((~good).sum())
    if found is None:
        return Ranking(None, None, None, n_good, n_bad)
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    lists = [np.array(each) for each in members.values()]
    chance = np.random.default_rng(seed)
    drawn = [_draw(said, good, lists, chance) for _ in range(draws)]
    ends = np.quantile([each for each in drawn if each is not None] or [found], [(1 - level) / 2, (1 + level) / 2])
    return Ranking(found, float(ends[0]), float(ends[1]), n_good, n_bad)


def _draw(
    scores: NDArray[np.float64],
    is_good: NDArray[np.bool_],
    lists: Sequence[NDArray[np.int64]],
    chance: np.random.Generator,
) -> float | None:
    chosen = np.concatenate([lists[place] for place in chance.integers(0, len(lists), len(lists))])
    return auroc(scores[chosen], is_good[chosen])
