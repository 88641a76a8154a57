"""How tests answer an item, through the product's own actions."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from annotation.actions import leases, submissions
from annotation.actions.submissions import SubmitResult
from annotation.models import Lease
from annotation.rules.answers import Answer
from judge.models import Case, Project, User

GOOD = {"relevance": Answer("fits"), "specificity": Answer("concrete")}
BAD = {"relevance": Answer("weak"), "specificity": Answer("too_generic")}


def answers_for(lease: Lease, by_key: Mapping[str, Answer] = GOOD) -> dict[int, Answer]:
    """``by_key`` turned into answers to the cases of a lease."""
    cases = Case.objects.filter(pk__in=lease.case_ids).select_related("criterion")
    return {case.pk: by_key[case.criterion.key] for case in cases if case.criterion.key in by_key}


def take(project: Project, person: User) -> Lease:
    lease = leases.claim(project, by=person)
    assert lease is not None
    return lease


def answer(
    project: Project, person: User, by_key: Mapping[str, Answer] = GOOD, *, lease: Lease | None = None
) -> SubmitResult:
    """Claim the next item, unless ``lease`` is given, and submit."""
    lease = lease or take(project, person)
    return submissions.submit(
        project, by=person, key=uuid.uuid4(), lease_id=lease.pk, answers=answers_for(lease, by_key)
    )


def seats(project: Project) -> dict[str, tuple[int, int]]:
    """Seats taken and people wanted, by item and criterion."""
    cases = Case.objects.filter(project=project).select_related("item", "criterion")
    return {f"{case.item.identity} {case.criterion.key}": (case.seats_taken, case.people_wanted) for case in cases}


def run_out(lease: Lease) -> None:
    """Let the time of a lease be over."""
    Lease.objects.filter(pk=lease.pk).update(expires_at=timezone.now() - timedelta(hours=1))
