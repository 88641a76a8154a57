"""Lists: one context, its outputs as rows, one pass. Every row is a lease and a submit of its own, as on the bench."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from annotation.actions import leases, list_sql, submissions, terms
from annotation.actions.submissions import SubmitResult
from annotation.models import Annotator, Draft, Lease
from annotation.rules.answers import Answer
from judge.actions.prepared import fetch_row
from judge.errors import InputError
from judge.models import Project, User

#: The longest list. More of a context comes as the next one.
MOST = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was sent; ``key`` makes its submit one submit."""

    lease_id: int
    key: uuid.UUID
    answers: Mapping[int, Answer]

    @property
    def is_untouched(self) -> bool:
        return all(each.is_open and not each.note for each in self.answers.values())


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a list: submits by lease, and refusals by lease. Rows that nobody touched are in neither."""

    results: Mapping[int, SubmitResult]
    refused: Mapping[int, InputError]

    @property
    def n_new(self) -> int:
        return sum(not each.is_repeat for each in self.results.values())

    @property
    def words(self) -> str:
        """What the person is told; nothing of speed, as the second row of a context takes less than the first."""
        return " ".join(dict.fromkeys(filter(None, (replace(x, is_fast=False).words for x in self.results.values()))))


def is_wanted(project: Project, person: User) -> bool:
    """Whether the person has chosen lists in this project."""
    return Annotator.objects.filter(project=project, person=person, shows_lists=True).exists()


def choose(project: Project, person: User, *, wants: bool) -> None:
    """Remember the person's choice. Without lists, rows in which they have chosen nothing go back to the queue."""
    Annotator.objects.update_or_create(project=project, person=person, defaults={"shows_lists": wants})
    if not wants:
        listed = _mine(project, person).filter(is_listed=True, draft=None)
        for lease_id in listed.values_list("pk", flat=True):
            leases.release(lease_id, by=person)


def fill(project: Project, lease: Lease, *, by: User) -> list[Lease]:
    """The lease with those of its context, with their items and drafts, after taking what is free there.

    An item that measures or teaches the person stays alone.
    """
    if lease.kind != Lease.Kind.WORK:
        return [lease]
    _take(project, lease.item.context_id, by)
    own = _mine(project, by).filter(kind=Lease.Kind.WORK, item__context=lease.item.context_id)
    found = list(own.select_related("item__context", "draft").order_by("item"))
    for each in found:
        each.chosen = each.draft.answers if hasattr(each, "draft") else None
    return found or [lease]


def extend(answers: Mapping[int, dict[str, Any]], *, by: User, minutes: int) -> datetime | None:
    """The heartbeat of a list, with what was chosen by lease: until when its open rows are theirs. None without any."""
    with connection.cursor() as cursor:
        cursor.execute(list_sql.EXTEND, {"leases": list(answers), "person": by.pk, "minutes": minutes})
        alive: dict[int, datetime] = dict(cursor.fetchall())
    drafts = [Draft(lease_id=lease, answers=answers[lease]) for lease in alive if answers[lease]]
    Draft.objects.bulk_create(
        drafts, update_conflicts=True, unique_fields=["lease"], update_fields=["answers", "saved_at"]
    )
    return min(alive.values(), default=None)


def send(project: Project, rows: Sequence[Row], *, by: User, duration_ms: int | None = None) -> Sent:
    """Submit every row in which something was chosen, and give the others back. The same keys again change nothing.

    Rows do not wait for each other: one that is refused leaves the others stored. The time is shared evenly.
    """
    touched = [row for row in rows if not row.is_untouched]
    share = duration_ms // len(touched) if duration_ms is not None and touched else None
    results, refused = {}, {}
    for row in touched:
        try:
            results[row.lease_id] = submissions.submit(
                project, by=by, key=row.key, lease_id=row.lease_id, answers=row.answers, duration_ms=share
            )
        except InputError as error:
            refused[row.lease_id] = error
    if not refused:
        release([row.lease_id for row in rows if row.is_untouched], by=by)
    return Sent(results, refused)


def release(lease_ids: Sequence[int], *, by: User) -> int:
    """Give rows back unanswered; returns how many were open."""
    return sum(leases.release(each, by=by) for each in lease_ids)


def _take(project: Project, context_id: int, by: User) -> None:
    """Take what else is free of the context, within the person's cap for the day."""
    assert project.policy is not None
    try:
        with transaction.atomic():
            fetch_row(
                list_sql.TAKE,
                project=project.pk,
                person=by.pk,
                context=context_id,
                most=_room(project, by),
                minutes=project.policy.lease_minutes,
                midnight=terms.last_midnight(),
                goes_on=leases.GOES_ON,
            )
    except IntegrityError:  # another tab of the same person was first: the list shows what that one took
        return


def _room(project: Project, by: User) -> int:
    cap = terms.of_person(project, by).daily_cap
    return MOST if cap is None else min(MOST, cap - terms.answered_today(project, by))


def _mine(project: Project, person: User) -> Any:
    return Lease.objects.filter(project=project, person=person, closed_at=None)
