"""How much one more person's answer is expected to tell of a case. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from judge.rules.skills import Confusion, prior_mean


def entropy(shares: Iterable[float]) -> float:
    """−Σ p log2 p, in bits.

    >>> entropy([.5, .5]), entropy([1.0, 0.0])
    (1.0, 0.0)
    """
    return -math.fsum(share * math.log2(share) for share in shares if share > 0) or 0.0


def expected_information(p_hat: Sequence[float], skill: Confusion) -> float:
    """Bits by which a person's answer is expected to lower the entropy of the label.

    With the label K ~ p̂ and the answer A given K ~ C[· | K] (``skill``, one row for each label):

        I(K; A) = H(K) − Σ_a P(a) H(K | a) = H(A) − Σ_k p̂_k H(C[· | k]),    P(a) = Σ_k p̂_k C[a | k]

    Lindley (1956), On a measure of the information provided by an experiment.

    >>> round(expected_information([.5, .5], [[.8, .2], [.2, .8]]), 4)  # 1 − H(.8) = 1 − .7219
    0.2781
    """
    answers = [math.fsum(p * row[a] for p, row in zip(p_hat, skill, strict=True)) for a in range(len(skill[0]))]
    noise = math.fsum(p * entropy(row) for p, row in zip(p_hat, skill, strict=True))
    return max(0.0, entropy(answers) - noise)


def share_of_most(p_hat: Mapping[str, float]) -> float:
    """Expected information of an unknown person's answer as a share of what it would be if nothing were known.

    >>> share_of_most({"yes": .5, "no": .5}), share_of_most({"yes": 1.0, "no": 0.0}), share_of_most({})
    (1.0, 0.0, 1.0)
    """
    n, total = len(p_hat), math.fsum(p_hat.values())
    if n < 2 or not total:
        return 1.0
    skill = prior_mean(n)
    most = expected_information([1 / n] * n, skill)
    return min(1.0, expected_information([p / total for p in p_hat.values()], skill) / most)
