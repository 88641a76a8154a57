"""What an erasure ends among people: leases on the items, with their drafts, and assignments."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F
from django.db.models.functions import Now

from annotation.models import Assignment, Draft, Lease
from judge.models import Case, Project


def erase(project: Project, item_ids: Sequence[int], case_ids: Sequence[int]) -> None:
    """Inside the erasure's transaction, which holds the items and their cases: no claim or submit is between."""
    Draft.objects.filter(lease__item__in=item_ids).delete()
    for lease in Lease.objects.filter(project=project, item__in=item_ids, closed_at=None):
        Case.objects.filter(pk__in=lease.case_ids).update(seats_taken=F("seats_taken") - 1)
        Lease.objects.filter(pk=lease.pk).update(closed_at=Now(), outcome=Lease.Outcome.RELEASED)
    Assignment.objects.filter(item__in=item_ids, closed_at=None).update(closed_at=Now())
