"""Classes of lessons for a judge, brought nearer to one another: rare ones whole, common ones cut. Pure.

RecGPT keeps its judges' lessons in a buffer of many rounds: rare classes reuse older rounds, common ones are cut down
(arXiv 2507.22879). Here: of one criterion's lessons no label keeps more than an equal share of them all, and a label
that must give some up keeps those of the newest round, in it those agreed last. A label with fewer keeps every lesson
it has, from however old a round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping


def shares(counts: Mapping[tuple[int, str], int]) -> dict[int, int]:
    """How many lessons a label of each criterion may keep, from (criterion, label) → lessons there are.

    ⌈Σ n / labels in use⌉: what each label would have if all had the same.

    >>> shares({(1, "fits"): 90, (1, "weak"): 11, (2, "concrete"): 7})
    {1: 51, 2: 7}
    """
    by_criterion: dict[int, list[int]] = defaultdict(list)
    for (criterion, _), n in counts.items():
        if n:
            by_criterion[criterion].append(n)
    return {criterion: -(-sum(each) // len(each)) for criterion, each in by_criterion.items()}
