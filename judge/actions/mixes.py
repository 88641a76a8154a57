"""Mixes: which labels the judge gives and how much passes by people, by week, language, category and generator.

What the judge says is counted over all its verdicts; what passes is estimated from train and gold cases, which were
drawn at random and which people decide whatever the judge says. Certify cases are in neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from judge.actions import bulk, mix_sql, tally_kinds
from judge.models import Project, Verdict

NAME = "mixes"
KINDS = ("week", "language", "category", "generator")
#: Slices told of each kind: the latest weeks, of the others those with most cases.
MOST_WEEKS, MOST_VALUES = 16, 12


@dataclass(slots=True)
class Tally:
    """One slice: how often the judge gave each label, and people's decisions as (passes, probability, how many)."""

    labels: dict[str, int] = field(default_factory=dict)
    decided: list[tuple[bool, float, int]] = field(default_factory=list)
    n_drawn: int = 0

    @property
    def n(self) -> int:
        return sum(self.labels.values()) + self.n_drawn


type Table = Mapping[int, Mapping[str, Mapping[str, Tally]]]


def measure(project: Project) -> dict[str, Any]:
    """Criterion → kind → its slices, and how many there are in all."""
    table = _count(project)
    return {
        "judge": project.judge_id,
        "criteria": {
            str(criterion): {kind: _told(kind, by_kind[kind]) for kind in KINDS if kind in by_kind}
            for criterion, by_kind in sorted(table.items())
        },
    }


def mark(project: Project) -> str:
    """Verdicts come without an event."""
    last = Verdict.objects.filter(judge=project.judge_id).aggregate(last=Max("pk"))["last"] if project.judge_id else 0
    return f"{project.judge_id}:{last}"


def _count(project: Project) -> Table:
    table: dict[int, dict[str, dict[str, Tally]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(Tally)))
    for (criterion, label, kind, value), n in tally_kinds.verdicts(project).items():
        if value:
            table[criterion][kind][value].labels[label] = n
    for criterion, *values, probability, passes, n in bulk.execute(mix_sql.PEOPLE, project=project.pk):
        for kind, value in zip(KINDS, values, strict=True):
            if value:
                _add(table[criterion][kind][value], probability, passes, n)
    return table


def _add(tally: Tally, probability: float, passes: bool | None, n: int) -> None:
    tally.n_drawn += n
    if passes is not None:
        tally.decided.append((passes, probability, n))


def _told(kind: str, tallies: Mapping[str, Tally]) -> dict[str, Any]:
    values = sorted(tallies)[-MOST_WEEKS:] if kind == "week" else _greatest(tallies)
    return {"n_values": len(tallies), "rows": [{"value": value, **_row(tallies[value])} for value in values]}


def _greatest(tallies: Mapping[str, Tally]) -> Iterable[str]:
    return sorted(tallies, key=lambda value: (-tallies[value].n, value))[:MOST_VALUES]


def _row(tally: Tally) -> dict[str, Any]:
    """``people`` is None where they have decided no case of the slice."""
    from judge.stats.estimation import estimate_pass_rate

    cases = sorted(tally.decided)
    passes = [passed for passed, _, n in cases for _ in range(n)]
    found = estimate_pass_rate(passes, [probability for _, probability, n in cases for _ in range(n)])
    people = None if found is None else {
        "n": found.n, "value": round(found.value, 6), "low": round(found.low, 6), "high": round(found.high, 6)
    }  # fmt: skip
    return {"labels": dict(sorted(tally.labels.items())), "n_drawn": tally.n_drawn, "people": people}
