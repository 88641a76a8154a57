"""From the tiers of one context's outputs to what preference trainers want: pairs and ranked groups. Pure.

All outputs of a group answer one prompt. An output that was written twice counts once; one that was put into two
tiers contradicts itself and is left out. Ties make no pair: two outputs of one tier say nothing about each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest

from judge.formats.training import Line
from judge.rules.tiers import Tier

#: Pairs that one context gives at most, so that a context with many outputs does not drown the others.
MOST_PAIRS = 10
BEST_FIRST = (Tier.SUPERIOR, Tier.AVERAGE, Tier.BAD)
#: The widest gap first.
GAPS = ((Tier.SUPERIOR, Tier.BAD), (Tier.AVERAGE, Tier.BAD), (Tier.SUPERIOR, Tier.AVERAGE))

type Pair = tuple[str, str]


@dataclass(slots=True)
class Group:
    """The outputs that answer one prompt.

    ``tiers``: text → its tier. ``torn``: texts that were put into two. ``compared``: pairs (chosen, rejected) of
    outputs that were held against each other.
    """

    tiers: dict[str, Tier] = field(default_factory=dict)
    torn: set[str] = field(default_factory=set)
    compared: dict[Pair, None] = field(default_factory=dict)

    def add(self, text: str, tier: Tier) -> None:
        if self.tiers.setdefault(text, tier) is not tier:
            self.torn.add(text)

    def prefer(self, chosen: str, rejected: str) -> None:
        if chosen != rejected:
            self.compared[chosen, rejected] = None

    @property
    def candidates(self) -> list[tuple[str, Tier]]:
        """(text, tier), the best tier first, else in the order in which they came."""
        sound = [(text, tier) for text, tier in self.tiers.items() if text not in self.torn]
        return sorted(sound, key=lambda each: BEST_FIRST.index(each[1]))

    @property
    def is_ranked(self) -> bool:
        """Whether it has two tiers at least: nobody learns from one what is better."""
        return len({tier for _, tier in self.candidates}) > 1

    @property
    def n_pairs(self) -> int:
        """All pairs that there are, before any cap."""
        of = {tier: len(texts) for tier, texts in self._by_tier().items()}
        n_tiered = sum(of[better] * of[worse] for better, worse in GAPS)
        n_decided = sum(self._is_tiered(*pair) for pair in {frozenset(pair) for pair in self.compared})
        return len(self._unanimous()) + n_tiered - n_decided

    def pairs(self, most: int = MOST_PAIRS) -> list[Pair]:
        """(chosen, rejected): those compared as such, then S > B, A > B and S > A in turn; at most ``most``.

        Each output is used once before any is used again, in the order of its hash: neither the first outputs of a
        list nor those of one generator are preferred. No two outputs make two pairs: where they were compared, that
        counts, and where the comparisons contradict each other, nothing does.
        """
        of = self._by_tier()
        turns = zip_longest(*(_cross(of[better], of[worse]) for better, worse in GAPS))
        tiered = (pair for pair in chain.from_iterable(turns) if pair and not self._is_compared(pair))
        return list(islice(chain(self._unanimous(), tiered), most))

    def _is_compared(self, pair: Pair) -> bool:
        return pair in self.compared or pair[::-1] in self.compared

    def _is_tiered(self, one: str, other: str) -> bool:
        tiers = {self.tiers.get(text) for text in (one, other) if text not in self.torn} - {None}
        return len(tiers) > 1

    def _by_tier(self) -> dict[Tier, list[str]]:
        found: dict[Tier, list[str]] = {tier: [] for tier in BEST_FIRST}
        for text, tier in self.candidates:
            found[tier].append(text)
        return {tier: sorted(texts, key=_scatter) for tier, texts in found.items()}

    def _unanimous(self) -> list[Pair]:
        return [pair for pair in self.compared if pair[::-1] not in self.compared]


def ranked(candidates: Sequence[tuple[str, Tier]]) -> list[Line]:
    """As Nectar has them: ``[{"answer", "rank"}]``, 1 for the best tier there is; outputs of one tier share a rank.

    >>> ranked([("a", Tier.AVERAGE), ("b", Tier.BAD), ("c", Tier.BAD)])
    [{'answer': 'a', 'rank': 1}, {'answer': 'b', 'rank': 2}, {'answer': 'c', 'rank': 2}]
    """
    there = [tier for tier in BEST_FIRST if any(tier is other for _, other in candidates)]
    return [{"answer": text, "rank": 1 + there.index(tier)} for text, tier in candidates]


def halves(candidates: Sequence[tuple[str, Tier]]) -> tuple[list[str], list[str]]:
    """(positive, negative): qualified against not; where all qualify, Superior against Average.

    >>> halves([("a", Tier.SUPERIOR), ("b", Tier.AVERAGE)])
    (['a'], ['b'])
    """
    worst = max((tier for _, tier in candidates), key=BEST_FIRST.index)
    return [text for text, tier in candidates if tier is not worst], [
        text for text, tier in candidates if tier is worst
    ]


def _cross(better: Sequence[str], worse: Sequence[str]) -> Iterator[Pair]:
    """All pairs of both, along diagonals.

    >>> list(_cross("ab", "xy"))
    [('a', 'x'), ('b', 'y'), ('a', 'y'), ('b', 'x')]
    """
    for shift in range(len(worse)):
        for place, chosen in enumerate(better):
            yield chosen, worse[(place + shift) % len(worse)]


def _scatter(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
