"""What the student may learn from: people's labels of the train stream, and of nothing else.

Items of the certify and gold streams and audited items are what judges are tested on. An item that shares its context
with one of them is left out too: it would teach the answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from judge.actions import rubrics
from judge.models import AgreedLabel, Case, Decision, Item, Judgment, Project, Purpose, Rater
from judge.rules.scales import ScaleKind
from judge.rules.settling import Basis
from judge.rules.streams import Stream

#: Answers of people that count: given here, or brought along.
_COUNTED = (Purpose.VOTE, Purpose.IMPORTED)


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
    labels = _labels([row.pk for row in rows])
    return [
        Lesson(row.pk, row.criterion_id, row.item.context_id, row.item.context.content, row.item.output, labels[row.pk])
        for row in rows
        if row.pk in labels
    ]


def has_news(project: Project, since: datetime | None) -> bool:
    """Whether people have answered anything here since then: the cheapest look, before any counting."""
    found = _answers().filter(case__project=project)
    return (found.filter(created_at__gt=since) if since else found).exists()


def count(project: Project) -> dict[int, int]:
    """Labelled cases by criterion id: cheap, and at most a few more than ``gather`` finds."""
    found = _labelled(project).order_by().values_list("criterion_id").annotate(n=Count("pk"))
    return dict(found)


def count_set_aside(project: Project) -> int:
    """Labelled train cases that are not learned from: their context holds a case that judges are tested on."""
    return _answered(_train(project)).count() - _labelled(project).count()


def _labelled(project: Project) -> QuerySet[Case]:
    tested = Item.objects.filter(
        Q(stream__in=(Stream.CERTIFY, Stream.GOLD))
        | Exists(Decision.objects.filter(case__item=OuterRef("pk"), is_audited=True)),
        context=OuterRef("item__context"),
    )
    return _answered(_train(project)).exclude(Exists(tested))


def _train(project: Project) -> QuerySet[Case]:
    criteria = [each for each in rubrics.criteria_in_force(project) if each.kind != ScaleKind.PREFERENCE]
    return Case.objects.filter(
        project=project,
        criterion__in=criteria,
        item__stream=Stream.TRAIN,
        item__erased_at=None,
        item__context__erased_at=None,
    )


def _answered(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Whoever adjudicates or corrects has voted, or others have: each agreed label of people rests on answers."""
    return cases.filter(Exists(_answers().filter(case=OuterRef("pk"))))


def _answers() -> QuerySet[Judgment]:
    return Judgment.objects.filter(
        purpose__in=_COUNTED, rater__kind=Rater.Kind.PERSON, label__isnull=False, retracted_at=None
    )


def _labels(case_ids: Iterable[int]) -> dict[int, str]:
    """People's agreed label, where there is one; else what most of them said."""
    ids = list(case_ids)
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for case_id, label in _answers().filter(case__in=ids).values_list("case_id", "label"):
        votes[case_id][str(label)] += 1
    agreed = AgreedLabel.objects.filter(case__in=ids, status=AgreedLabel.Status.LIVE).exclude(basis=Basis.JUDGE)
    return _majorities(votes) | dict(agreed.values_list("case_id", "label"))


def _majorities(votes: Mapping[int, Counter[str]]) -> dict[int, str]:
    found = {}
    for case_id, given in votes.items():
        label, n = given.most_common(1)[0]
        if 2 * n > given.total():
            found[case_id] = label
    return found
