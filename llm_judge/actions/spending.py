"""The figures of the page Cost: summed by a worker, kept as a summary, shown to leads (docs/dashboards.md)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Sum

from judge.actions import bulk, rubrics, summaries, tallies
from judge.models import Judge, Judgment, Project, Rater
from llm_judge.actions import raters, spending_sql
from llm_judge.actions.forecasts import ENOUGH
from llm_judge.models import Run
from llm_judge.rules.budget import Price
from llm_judge.rules.spending import Cell, Portion, estimate

NAME = "cost"
#: The latest answers of a project that averages are taken of.
LATEST = 20_000
#: The columns of a sum, as they follow (judge, rater, criterion).
COUNTED = (
    "n_paid", "n_cached", "n_vain", "n_told", "n_unscored", "prompt_tokens", "completion_tokens", "latency_ms"
)  # fmt: skip

_VOTES = tallies.Kind("votes", Judgment, spending_sql.VOTES)

type Sums = dict[tuple[int, int, int], list[int]]
type Quantities = dict[str, list[Portion]]


def mark(project: Project) -> str:
    """It differs where a try was in vain or a price was changed, which leaves no event."""
    return str(bulk.execute(spending_sql.MARK, project=project.pk)[0][0])


def measure(project: Project) -> dict[str, Any]:
    """All figures: JSON-able. Sums of what is settled are kept, so only completions that came since are read; without
    them the same figures come."""
    known = summaries.read(project, NAME)
    settled: Mapping[str, Any] = known.data["settled"] if known else {"until": 0, "sums": []}
    until = _settled_until(settled["until"])
    lasting = _add(_read(settled["sums"]), _sums(project, settled["until"], until))
    sums = _add(lasting, _sums(project, until, None))
    portions, prices = _portions(project), _prices(sums)
    quantities = _quantities(portions, prices)
    return {
        "settled": {"until": until, "sums": [[*key, *counts] for key, counts in sorted(lasting.items())]},
        "judges": _judges(project, sums, quantities, prices),
        "ahead": _ahead(project, quantities),
    }


def _settled_until(known: int) -> int:
    rows = bulk.execute(spending_sql.SETTLED)
    return max(known, rows[0][0] if rows else 0)


def _sums(project: Project, after: int, until: int | None) -> Sums:
    return _read(bulk.execute(spending_sql.SUMS, project=project.pk, after=after, until=until))


def _read(rows: Iterable[Sequence[int]]) -> Sums:
    return {(row[0], row[1], row[2]): list(row[3:]) for row in rows}


def _add(one: Sums, other: Sums) -> Sums:
    found = {key: list(counts) for key, counts in one.items()}
    for key, counts in other.items():
        found[key] = [a + b for a, b in zip(found.get(key, [0] * len(COUNTED)), counts, strict=True)]
    return found


def _prices(sums: Sums) -> dict[int, Price]:
    """Today's, by rater."""
    return {each.pk: raters.price_of(each) for each in Rater.objects.filter(pk__in={key[1] for key in sums})}


def _portions(project: Project) -> list[tuple[Any, ...]]:
    return bulk.execute(spending_sql.LATEST, project=project.pk, limit=LATEST)


def _quantities(rows: Iterable[tuple[Any, ...]], prices: Mapping[int, Price]) -> Quantities:
    found: Quantities = {"tokens": [], "money": [], "seconds": []}
    for rater, criterion, context, n, read, written, ms in rows:
        money = prices.get(rater, Price()).cost(read, written)
        for name, total in (("tokens", read + written), ("money", money), ("seconds", ms / 1000)):
            found[name].append(Portion((rater, criterion), context, n, total))
    return found


def _judges(project: Project, sums: Sums, quantities: Quantities, prices: Mapping[int, Price]) -> list[dict[str, Any]]:
    """One record for each judge that was asked, the latest version first."""
    runs = Run.objects.filter(project=project).values("judge").annotate(n=Count("pk"), cost=Sum("cost"))
    paid: dict[int, Mapping[str, Any]] = {each["judge"]: each for each in runs}
    known = Judge.objects.filter(pk__in={key[0] for key in sums} | paid.keys()).order_by("-version")
    return [
        {
            "judge": judge.pk,
            "n_runs": paid.get(judge.pk, {}).get("n", 0),
            "paid": _finite(paid.get(judge.pk, {}).get("cost") or 0.0),
            "criteria": _criteria(judge, sums, quantities, prices),
        }
        for judge in known
    ]


def _criteria(judge: Judge, sums: Sums, quantities: Quantities, prices: Mapping[int, Price]) -> list[dict[str, Any]]:
    """By criterion: what was spent in this judge's runs, and what one case costs it over all its raters."""
    seats = [rater.pk for rater in raters.seated(judge)]
    spent: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (judge_id, rater, criterion), counts in sums.items():
        if judge_id == judge.pk:
            for name, n in zip(COUNTED, counts, strict=True):
                spent[criterion][name] += n
            told = dict(zip(COUNTED, counts, strict=True))
            spent[criterion]["seconds"] += told["latency_ms"] / 1000
            spent[criterion]["money"] += prices[rater].cost(told["prompt_tokens"], told["completion_tokens"])
    return [
        {
            "criterion": criterion,
            **{name: _finite(value) for name, value in figures.items()},
            "per_case": _told(quantities, {(rater, criterion): 1.0 for rater in seats}),
        }
        for criterion, figures in sorted(spent.items())
    ]


def _ahead(project: Project, quantities: Quantities) -> dict[str, Any] | None:
    """What the judge in force still has to judge of what was imported, and what that will take; None without one."""
    judge = project.judge
    if judge is None or project.rubric_id is None:
        return None
    asked = rubrics.criteria_in_force(project)
    left = _owed(project, raters.seated(judge), {criterion.pk for criterion in asked})
    answered = {each.cell for each in quantities["tokens"]}
    known = {cell: n for cell, n in left.items() if cell in answered}
    n_left = sum(left.values())
    return {
        "judge": judge.pk,
        "n_left": int(n_left),
        "unknown": sorted({criterion for rater, criterion in left if (rater, criterion) not in answered}),
        "by_criterion": [
            {
                "criterion": criterion.pk,
                "n_left": int(sum(n for (_, asked_of), n in left.items() if asked_of == criterion.pk)),
                **_told(quantities, {c: n for c, n in known.items() if c[1] == criterion.pk}, foresees=True),
            }
            for criterion in asked
        ],
        "total": _told(quantities, known, foresees=True),
        "minutes": _minutes(judge, n_left),
    }


def _owed(project: Project, seats: Iterable[Rater], asked: Collection[int]) -> dict[Cell, float]:
    """Cases that a rater has no vote on, by rater and criterion: all, less its votes, less what was erased before."""
    voted = tallies.count(project, _VOTES)
    there = dict(bulk.execute(spending_sql.CASES, project=project.pk))
    left: dict[Cell, float] = {}
    for rater in seats:
        erased = dict(bulk.execute(spending_sql.ERASED, project=project.pk, rater=rater.pk))
        for criterion in asked:
            n = there.get(criterion, 0) - voted.get((rater.pk, criterion), 0) - erased.get(criterion, 0)
            if n > 0:
                left[rater.pk, criterion] = float(n)
    return left


def _minutes(judge: Judge, n_left: float) -> float | None:
    """At the rate of the judge's last run of some length; None without one."""
    last = Run.objects.filter(judge=judge, n_done__gte=ENOUGH).order_by("-pk").first()
    rate = last.per_minute if last else None
    return n_left / rate if rate else None


def _told(quantities: Quantities, weights: Mapping[Cell, float], *, foresees: bool = False) -> dict[str, Any]:
    found = {name: estimate(portions, weights, foresees=foresees) for name, portions in quantities.items()}
    return {name: each.as_record() if each else None for name, each in found.items()}


def _finite(value: float) -> float | None:
    """A number that JSON can hold: money is unknown where a price is none."""
    return value if math.isfinite(value) else None
