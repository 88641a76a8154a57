"""How good each judge is on each criterion, and what it would save: counted by workers, shown to leads.

One summary for a project. What a judge's figures on a criterion rest on is told by a digest of its measured cases:
where it is the same, they are taken over from the last summary, so that a minute's work is small while little moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models.fields.json import KeyTransform

from judge.actions import (
    bulk,
    calibration_figures,
    comparisons,
    coverage_figures,
    figure_sql,
    foresight,
    measured_cases,
    rubrics,
)
from judge.actions.coverage_figures import Test
from judge.actions.measured_cases import Sample
from judge.models import Criterion, Judge, Project, Summary

NAME = "judges"
#: Judges told of: the one in force and the latest others. More would take workers' time that nobody looks at.
MOST_JUDGES = 4

type Figures = dict[str, Any]


class Found(NamedTuple):
    """What was counted last of one judge and criterion; ``figures`` empty where nothing was."""

    at: datetime
    figures: Mapping[str, Any]
    effort: Mapping[str, Any]
    versions: Sequence[Mapping[str, Any]]
    judges: Sequence[int]


def measure(project: Project) -> Figures:
    """All figures: by judge and criterion, by pairs of judges, and what people's and machines' work takes."""
    last = Summary.objects.filter(project=project, name=NAME).values_list("data", flat=True).first() or {}
    judges, told = _judges(project), _Told(project)
    found: Figures = {"found": {}, "cells": {}, "versions": {}}
    for criterion in rubrics.criteria_in_force(project):
        samples = {judge.pk: measured_cases.read(judge, criterion) for judge in judges}
        for judge_id, sample in samples.items():
            key = key_of(judge_id, criterion.pk)
            old = last.get("found", {}).get(key)
            found["found"][key] = _measure(sample, told.test(criterion), criterion, old)
            found["cells"][key] = calibration_figures.cells(sample.cases)
        found["versions"][f"c{criterion.pk}"] = list(_pairs(samples))
    return found | {"effort": told.effort(judges), "judges": [each.pk for each in judges]}


def read(project: Project, judge_id: int, criterion_id: int) -> Found | None:
    """The part of the summary that one page shows; None where no worker has counted yet."""
    parts = (("found", key_of(judge_id, criterion_id)), ("effort",), ("versions", f"c{criterion_id}"), ("judges",))
    rows = Summary.objects.filter(project=project, name=NAME)
    row = rows.values_list("computed_at", *(_part(*path) for path in parts)).first()
    if row is None:
        return None
    at, figures, effort, versions, judges = row
    return Found(at, figures or {}, effort or {}, versions or [], judges or [])


def items_of_cell(project: Project, judge_id: int, criterion_id: int, cell: str) -> list[int]:
    """The items behind a cell of a confusion matrix, as last counted."""
    rows = Summary.objects.filter(project=project, name=NAME)
    path = _part("cells", key_of(judge_id, criterion_id), cell)
    return rows.values_list(path, flat=True).first() or []


def key_of(judge_id: int, criterion_id: int) -> str:
    """
    >>> key_of(3, 5)
    'j3c5'
    """
    return f"j{judge_id}c{criterion_id}"


def _part(*path: str) -> Any:
    found: Any = "data"
    for name in path:
        found = KeyTransform(name, found)
    return found


def _judges(project: Project) -> list[Judge]:
    """The judge in force first, then the latest others."""
    ordered = sorted(
        Judge.objects.filter(project=project), key=lambda each: (each.pk != project.judge_id, -each.version)
    )
    return ordered[:MOST_JUDGES]


def _measure(sample: Sample, test: Test, criterion: Criterion, last: Mapping[str, Any] | None) -> Figures:
    digest = f"{sample.digest}:{test.n}:{test.delta:.9f}"
    if last and last.get("digest") == digest:
        return dict(last)
    return {
        "digest": digest,
        "calibration": calibration_figures.measure(sample, criterion.question),
        "coverage": coverage_figures.measure(sample, test),
    }


def _pairs(samples: Mapping[int, Sample]) -> Iterable[Figures]:
    """Each two judges on the cases that both are measured on, the one in force or the later one first."""
    known = {pk: {each.case_id: each for each in sample.cases} for pk, sample in samples.items()}
    ids = list(known)
    for place, one in enumerate(ids):
        for other in ids[place + 1 :]:
            both = [(known[one][case], known[other][case]) for case in sorted(known[one].keys() & known[other].keys())]
            if both:
                yield {"first": one, "second": other, **calibration_figures.pair(both)}


class _Told:
    """What is counted once for all judges of a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.drawn: dict[int, dict[str, tuple[int, int]]] = {}
        for criterion, stream, n, answered in bulk.execute(figure_sql.DRAWN, project=project.pk):
            self.drawn.setdefault(criterion, {})[stream] = (n, answered)
        self.tested = dict(bulk.execute(figure_sql.TESTED, project=project.pk))

    def test(self, criterion: Criterion) -> Test:
        from judge.stats.selective import share_of_delta

        assert self.project.policy is not None
        _, delta = self.project.policy.risk_of(criterion.key)
        tested = self.tested.get(criterion.pk, 0) + 1
        n, _ = self.drawn.get(criterion.pk, {}).get("certify", (0, 0))
        return Test(n, share_of_delta(delta, tested_judges=tested), tested)

    def effort(self, judges: Iterable[Judge]) -> Figures:
        seconds, n_timed = foresight.median_seconds(self.project)
        cases = dict(bulk.execute(figure_sql.CASES, project=self.project.pk))
        costs = {f"j{judge.pk}": comparisons.cost_of(judge) for judge in judges}
        return {
            "seconds": seconds,
            "n_timed": n_timed,
            "cases": {
                f"c{criterion}": n - sum(drawn for drawn, _ in self.drawn.get(criterion, {}).values())
                for criterion, n in cases.items()
            },
            "certify": {f"c{criterion}": list(its.get("certify", (0, 0))) for criterion, its in self.drawn.items()},
            "costs": {key: {"n": cost.n, "money": cost.money} for key, cost in costs.items() if cost},
        }
