"""Retention: a project may keep texts for so many days after their import; then a worker erases them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from judge.actions import erasures, events
from judge.errors import InputError
from judge.models import Item, Project, User

LONGEST_DAYS = 36_500
#: Items of one project that one sweep erases; the next sweep goes on.
MOST = 20_000


@transaction.atomic
def set_days(project: Project, days: int | None, *, by: User | None) -> None:
    """Keep the texts of the project for ``days`` after their import; None: until somebody erases them."""
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"{days} days", expected=f"1 to {LONGEST_DAYS:,}, or none")
    if Project.objects.filter(pk=project.pk).exclude(keep_texts_days=days).update(keep_texts_days=days):
        events.note(project, "retention set", by=by, days=days)
    project.keep_texts_days = days


def sweep() -> int:
    """Erase what has been kept long enough; returns how many items. A context goes with its last item."""
    return sum(_sweep(project) for project in Project.objects.exclude(keep_texts_days=None).order_by("pk"))


def _sweep(project: Project) -> int:
    assert project.keep_texts_days is not None
    until = timezone.now() - timedelta(days=project.keep_texts_days)
    due = Item.objects.filter(project=project, erased_at=None, imported_at__lt=until).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:MOST])
    if not ids:
        return 0
    done = erasures.erase_rows(project, ids, [], by=None, reason="retention")
    erasures.erase_rows(project, [], erasures.lonely_contexts(project, ids), by=None, reason="retention")
    return done.n_items
