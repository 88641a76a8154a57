"""How much of what a generator writes passes: people's labels, and what the judge accepted as its audits correct it.

The cases of a generator and criterion fall into two strata. People settled n_P of them, m_P pass. A judge accepted N
others; of these a part was drawn with known probabilities π and read by people: with weights w = 1/π the share that
passes is p_A = Σ w x / Σ w, worth n_A = (Σ w)² / Σ w² cases (Kish). With W = N / (n_P + N):

    p = (1 − W) m_P / n_P + W p_A        variance = (1 − W)² v_P / n_P + W² v_A / n_A,     v = share (1 − share)

The interval speaks of what the generator would write next, not of these cases alone, so people's own part counts as a
sample too: Clopper–Pearson at the effective number p (1 − p) / variance, never above the number that the weights leave
where all agree, 1 / ((1 − W)²/n_P + W²/n_A) (Korn & Graubard 1998, Survey Methodology 24:193-201).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judge.stats.exact import clopper_pearson


@dataclass(frozen=True, slots=True)
class Group:
    """``n`` audited cases that were drawn with one probability; ``n_pass`` of them pass, as people say."""

    probability: float
    n: int
    n_pass: int


@dataclass(frozen=True, slots=True)
class GeneratorRate:
    """``n``: cases that people read. ``effective_n``: what they are worth."""

    value: float
    low: float
    high: float
    n: int
    effective_n: float


def estimate_generator(
    n_people: int, n_people_pass: int, n_accepted: int, audits: Sequence[Group], *, confidence: float = 0.95
) -> GeneratorRate | None:
    """None where people read nothing, or nothing of what was accepted.

    >>> estimate_generator(10, 5, 30, [Group(0.1, 3, 3)]).value  # 10/40 · 5/10 + 30/40 · 3/3
    0.875
    """
    weights = sum(group.n / group.probability for group in audits)
    n_audited = sum(group.n for group in audits)
    if not n_people + n_accepted or (n_accepted and not n_audited):
        return None
    share = n_accepted / (n_people + n_accepted)
    people = n_people_pass / n_people if n_people else 0.0
    audited = sum(group.n_pass / group.probability for group in audits) / weights if n_audited else 0.0
    worth = weights**2 / sum(group.n / group.probability**2 for group in audits) if n_audited else 0.0
    parts = [((1 - share) ** 2, people, float(n_people)), (share**2, audited, worth)]
    value = (1 - share) * people + share * audited
    n = _effective(value, [part for part in parts if part[0] > 0])
    ends = clopper_pearson(min(value * n, n), n, confidence=confidence)
    return GeneratorRate(value, ends.low, ends.high, n_people + n_audited, n)


def _effective(value: float, parts: Sequence[tuple[float, float, float]]) -> float:
    n = 1 / sum(weight / worth for weight, _, worth in parts)
    variance = sum(weight * share * (1 - share) / worth for weight, share, worth in parts)
    return min(n, value * (1 - value) / variance) if variance > 0 else n
