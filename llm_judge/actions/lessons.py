"""What the student learns from: people's labels of the train stream, as judge.actions.teaching allows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from judge.actions import teaching
from judge.models import Case, Project
from judge.rules.scales import ScaleKind


@dataclass(frozen=True, slots=True)
class Lesson:
    """One case that people have labelled, as the student reads it."""

    case_id: int
    criterion_id: int
    context_id: int
    context: Any
    output: Any
    label: str


def gather(project: Project) -> list[Lesson]:
    """The cases to learn from, in the order of their ids. A case on which people are evenly divided teaches nothing."""
    rows = list(_labelled(project).select_related("item__context").order_by("pk"))
    labels = teaching.labels_of(row.pk for row in rows)
    return [
        Lesson(row.pk, row.criterion_id, row.item.context_id, row.item.context.content, row.item.output, labels[row.pk])
        for row in rows
        if row.pk in labels
    ]


def has_news(project: Project, since: datetime | None) -> bool:
    """Whether people have answered anything here since then: the cheapest look, before any counting."""
    found = teaching.answers().filter(case__project=project)
    return (found.filter(created_at__gt=since) if since else found).exists()


def count(project: Project) -> dict[int, int]:
    """Labelled cases by criterion id: cheap, and at most a few more than ``gather`` finds."""
    found = _labelled(project).order_by().values_list("criterion_id").annotate(n=Count("pk"))
    return dict(found)


def count_set_aside(project: Project) -> int:
    """Labelled train cases that are not learned from: their context holds a case that judges are tested on."""
    return teaching.answered(_train(project)).count() - _labelled(project).count()


def _labelled(project: Project) -> QuerySet[Case]:
    return teaching.teachable(_train(project))


def _train(project: Project) -> QuerySet[Case]:
    """Pairs are not learned."""
    return teaching.train_cases(project).exclude(criterion__kind=ScaleKind.PREFERENCE)
