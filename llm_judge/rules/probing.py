"""Which cases are held against which, to see whether a judge leans. Pure; the arithmetic is judge.stats.probes."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Probe(StrEnum):
    """What a judge might lean towards. The first is read off pairs, the others off single outputs and their strata."""

    POSITION = "position"  # what stands first in a pair
    LENGTH = "length"
    LANGUAGE = "language"
    SELF = "self"  # outputs of its own model family
    GENERATOR = "generator"
    BRAND = "brand"
    POPULARITY = "popularity"
    PADDING = "padding"  # the same output with words that say nothing
    BRAND_SWAP = "brand_swap"  # the same output with another brand


#: Values of a kind that are held against the rest, the most frequent first.
MOST_VALUES = 6
#: Pairs of cases shown of each effect.
MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ProbedCase:
    """A case of which people settled the label. ``passes``: what the judge said of it; ``is_good``: what people did.

    ``source`` is how it came to be labelled: train, gold or audit. ``length`` counts letters of the output.
    """

    case: int
    item: int
    name: str
    context: int
    source: str
    is_good: bool
    passes: bool
    language: str = ""
    generator: str = ""
    length: int = 0
    brand: str = ""
    popularity: float | None = None


@dataclass(frozen=True, slots=True)
class Strata:
    """Some of the cases against others: parallel lists. ``value`` names the stratum: a language, a generator."""

    probe: Probe
    value: str
    cases: Sequence[ProbedCase]
    is_in: Sequence[bool]
    cells: Sequence[Hashable]


def family(name: str) -> str:
    """The family of a model by its name: its first word, after whoever publishes it.

    >>> family("Qwen/Qwen2.5-7B-Instruct"), family("qwen3-4b.gguf"), family("GPT-4o"), family("shop-gen-1"), family("")
    ('qwen', 'qwen', 'gpt', 'shop', '')
    """
    found = re.match(r"[a-z]+", name.rsplit("/", 1)[-1].lower())
    return found[0] if found else ""


def strata(cases: Sequence[ProbedCase], *, families: Iterable[str]) -> Iterator[Strata]:
    """Every comparison that these cases allow; ``families``: those of the judge's own models."""
    own = set(families) - {""}
    yield from _halves(Probe.LENGTH, cases, lambda case: float(case.length) if case.length else None)
    yield from _values(Probe.LANGUAGE, cases, lambda case: case.language)
    named = [case for case in cases if case.generator]
    is_own = [family(case.generator) in own for case in named]
    if own and any(is_own) and not all(is_own):
        yield Strata(Probe.SELF, ", ".join(sorted(own)), named, is_own, [_cell(case, case.language) for case in named])
    yield from _values(Probe.GENERATOR, named, lambda case: case.generator)
    yield from _values(Probe.BRAND, [case for case in cases if case.brand], lambda case: case.brand)
    yield from _halves(Probe.POPULARITY, cases, lambda case: case.popularity)


def _cell(case: ProbedCase, *more: Hashable) -> Hashable:
    return (case.is_good, case.source, *more)


def _halves(probe: Probe, cases: Sequence[ProbedCase], size: Callable[[ProbedCase], float | None]) -> Iterator[Strata]:
    """The greater half of each language against the smaller: a letter says more in one language than in another."""
    known = [(case, found) for case in cases if (found := size(case)) is not None and math.isfinite(found)]
    sizes: dict[str, list[float]] = defaultdict(list)
    for case, found in known:
        sizes[case.language].append(found)
    middles = {language: median(found) for language, found in sizes.items()}
    is_in = [found > middles[case.language] for case, found in known]
    if any(is_in) and not all(is_in):
        told = [case for case, _ in known]
        yield Strata(probe, "", told, is_in, [_cell(case, case.language) for case in told])


def _values(probe: Probe, cases: Sequence[ProbedCase], value: Callable[[ProbedCase], str]) -> Iterator[Strata]:
    """Each frequent value against the rest; of two values, which mirror each other, the rarer alone."""
    counts = Counter(found for case in cases if (found := value(case)))
    wanted = [name for name, _ in sorted(counts.items(), key=lambda told: (-told[1], told[0]))]
    chosen = wanted[1:] if len(wanted) == 2 else wanted[:MOST_VALUES] if len(wanted) > 2 else []
    known = [case for case in cases if value(case)]
    for name in chosen:
        yield Strata(probe, name, known, [value(case) == name for case in known], [_cell(case) for case in known])


def examples(found: Strata, *, towards: bool) -> list[tuple[ProbedCase, ProbedCase]]:
    """Cases that people judged alike and the judge did not: one of the stratum beside one that is not.

    ``towards``: the judge let the one in the stratum pass and not the other, else the other way. Two of one context
    come first, for they differ least.
    """
    pools: dict[tuple[Hashable, bool], list[ProbedCase]] = defaultdict(list)
    for case, is_in, cell in zip(found.cases, found.is_in, found.cells, strict=True):
        if case.passes is (is_in is towards):
            pools[cell, is_in].append(case)
    pairs = [pair for cell in dict.fromkeys(found.cells) for pair in _pair(pools[cell, True], pools[cell, False])]
    return sorted(pairs, key=lambda pair: pair[0].context != pair[1].context)[:MOST_EXAMPLES]


def _pair(inside: Sequence[ProbedCase], outside: Sequence[ProbedCase]) -> Iterator[tuple[ProbedCase, ProbedCase]]:
    near: dict[int, list[ProbedCase]] = defaultdict(list)
    for case in outside:
        near[case.context].append(case)
    shared = [(case, near[case.context].pop(0)) for case in inside if near[case.context]]
    yield from shared[:MOST_EXAMPLES]
    used = {case.case for pair in shared for case in pair}
    rest = ([case for case in side if case.case not in used] for side in (inside, outside))
    yield from list(zip(*rest, strict=False))[:MOST_EXAMPLES]


def favour_for_first(by_order: Mapping[str, Mapping[str, float]], sides: Mapping[str, str]) -> float | None:
    """How much more a rater likes an output when it stands first: the mean over both orders of the probability of the
    labels for what stood first less that of those for what stood second; ``sides``: label → a, b or nothing.

    None where an order is missing or a number is none.

    >>> favour_for_first({"ab": {"a": .9, "b": .1}, "ba": {"a": .4, "b": .6}}, {"a": "a", "b": "b"})  # (.8 + .2) / 2
    0.5
    """
    leans = []
    for order in ("ab", "ba"):
        probs = by_order.get(order)
        if not probs:
            return None
        first = math.fsum(p for label, p in probs.items() if sides.get(label) == order[0])
        second = math.fsum(p for label, p in probs.items() if sides.get(label) == order[1])
        leans.append(first - second)
    lean = math.fsum(leans) / 2
    return round(lean, 12) if math.isfinite(lean) else None
