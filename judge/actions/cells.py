"""Cells: whether the judge in force may accept a criterion by itself, from which confidence, audited at which rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case as When
from django.db.models import IntegerField, QuerySet, Value
from django.db.models import When as Then

from judge.models import Certificate, Project
from judge.rules.routing import CellState


@dataclass(frozen=True, slots=True)
class Cell:
    """One criterion under the judge in force. ``rate`` is π, the share of the accepted that people see too."""

    state: CellState = CellState.UNCERTIFIED
    threshold: float | None = None
    certificate_id: int | None = None
    rate: float = 1.0


UNCERTIFIED = Cell()


def of_project(project: Project) -> dict[int, Cell]:
    """The cells of the judge in force by criterion id; a criterion that was never tested is not among them."""
    if project.judge_id is None:
        return {}
    columns = ("criterion_id", "state", "threshold", "pk", "watch__rate")
    rows = standing(Certificate.objects.filter(judge=project.judge_id)).values_list(*columns)
    return {criterion: _cell(*told) for criterion, *told in rows}


def standing(found: QuerySet[Certificate]) -> QuerySet[Any]:
    """Of each criterion and judge the certificate in force, else its latest test."""
    in_force = When(Then(state=CellState.CERTIFIED, then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.order_by("criterion", "judge", in_force, "-pk").distinct("criterion", "judge")


def _cell(state: str, threshold: float | None, certificate_id: int, rate: float | None) -> Cell:
    is_certified = state == CellState.CERTIFIED
    return Cell(
        CellState(state), threshold if is_certified else None, certificate_id if is_certified else None, rate or 1.0
    )


def proven(project: Project) -> list[Certificate]:
    """Certificates that labels of the project may rest on: every one that certified something, whatever came after."""
    found = Certificate.objects.filter(project=project, threshold__isnull=False).exclude(state=CellState.UNCERTIFIED)
    return list(found.select_related("criterion", "judge").order_by("pk"))
