"""Lays an item on a person's desk: rows in, blind records out. The only way from rows to the workbench's templates."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import get_language

from annotation.actions import views
from annotation.models import Lease
from annotation.rules.answers import Answer
from annotation.rules.blinding import Sheet, ask, lay_out
from judge.actions import rubrics
from judge.models import Case, Item, Project, RubricCriterion


@dataclass(frozen=True, slots=True)
class Desk:
    """A leased item in front of a person. ``key`` makes its submit one submit."""

    sheet: Sheet
    lease_id: int
    key: uuid.UUID
    seconds_left: int
    #: (criterion, label) that the judge would give, where the draw says that the person sees it first.
    shown: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListDesk:
    """Several leased items of one context in front of a person: the context once, and a row for each item."""

    sheet: Sheet
    rows: tuple[Desk, ...]
    context_id: int

    @property
    def seconds_left(self) -> int:
        return min(row.seconds_left for row in self.rows)


def desk(project: Project, lease: Lease, *, answers: Mapping[int, Answer] | None = None, key: str = "") -> Desk:
    """The item of a lease; ``answers`` and ``key`` come back to a page whose submit was refused."""
    return Desk(
        sheet=sheet(lease.item, _asked(project, lease), answers if answers is not None else draft_of(lease)),
        lease_id=lease.pk,
        key=uuid.UUID(key) if key else uuid.uuid4(),
        seconds_left=_seconds_left(lease),
        shown=tuple(views.of_judge(lease.judge_id, lease.asked_ids)) if lease.judge_id else (),
    )


def list_desk(
    project: Project,
    leases: Sequence[Lease],
    *,
    answers: Mapping[int, Answer] | None = None,
    keys: Mapping[int, uuid.UUID] | None = None,
) -> ListDesk:
    """The items of several leases, whose items and contexts are loaded; ``answers`` and ``keys`` (by lease) as in
    :func:`desk`."""
    asked = defaultdict(list)
    for case in in_rubric_order(project, Case.objects.filter(pk__in=[c for x in leases for c in x.asked_ids])):
        asked[case.item_id].append(case)
    rows = tuple(
        Desk(
            sheet=sheet(each.item, asked[each.item_id], answers if answers is not None else draft_of(each)),
            lease_id=each.pk,
            key=(keys or {}).get(each.pk) or uuid.uuid4(),
            seconds_left=_seconds_left(each),
        )
        for each in leases
    )
    shared = frozenset().union(*(row.sheet.shared for row in rows))
    return ListDesk(replace(rows[0].sheet, shared=shared), rows, leases[0].item.context_id)


def sheet(item: Item, cases: Iterable[Case], answers: Mapping[int, Answer]) -> Sheet:
    """An item with its questions, in the reader's language; ``item.context`` and ``case.criterion`` are loaded."""
    language = get_language() or "en"
    return lay_out(
        context=item.context.content,
        output=item.output,
        language=item.language or "en",
        is_pair=item.kind == Item.Kind.PAIR,
        criteria=[
            ask(case.pk, case.criterion.question, language=language, answer=answers.get(case.pk)) for case in cases
        ],
    )


def in_rubric_order(project: Project, cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases with their criteria, as the rubric in force lists them."""
    place = RubricCriterion.objects.filter(rubric=project.rubric_id, criterion=OuterRef("criterion")).values("position")
    return cases.select_related("criterion").order_by(Subquery(place), "pk")


def _asked(project: Project, lease: Lease) -> Iterable[Case]:
    """The cases of a lease with their criteria, as the rubric in force lists them."""
    if not lease.asked:
        return in_rubric_order(project, Case.objects.filter(pk__in=lease.asked_ids))
    criteria = rubrics.criteria({criterion for _, criterion in lease.asked})
    return [Case(pk=case, criterion=criteria[criterion]) for case, criterion in lease.asked]


def _seconds_left(lease: Lease) -> int:
    if lease.seconds_left is not None:
        return lease.seconds_left
    return max(0, int((lease.expires_at - timezone.now()).total_seconds()))


def draft_of(lease: Lease) -> dict[int, Answer]:
    """What the person had chosen before they left; known of a lease that was just claimed."""
    return {int(case_id): Answer(**answer) for case_id, answer in (lease.chosen or {}).items()}


def as_draft(answers: Mapping[int, Answer]) -> dict[str, dict[str, Any]]:
    """The same, as JSON can hold it."""
    return {str(case_id): asdict(answer) for case_id, answer in answers.items()}
