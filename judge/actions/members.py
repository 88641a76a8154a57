"""Members: who holds which role in a project."""

from __future__ import annotations

from django.db import transaction

from judge.actions import events
from judge.errors import InputError
from judge.models import Membership, Project, Role, User


@transaction.atomic
def remove_role(project: Project, membership_id: int, *, by: User | None) -> Membership | None:
    """Take one role from one person; None if somebody did so already. Raises InputError for the last lead."""
    locked = list(Membership.objects.filter(project=project).select_for_update().order_by("pk"))
    found = next((each for each in locked if each.pk == membership_id), None)
    if found is None:
        return None
    if found.role == Role.LEAD and sum(each.role == Role.LEAD for each in locked) == 1:
        raise InputError(f"{project.name} would have no lead", next_step="Make somebody else a lead first.")
    Membership.objects.filter(pk=found.pk).delete()
    events.note(project, "member removed", by=by, subject=f"user:{found.user_id}", roles=[found.role])
    return found


def may_see_certify(project: Project, by: User | None) -> bool:
    """Whoever may edit rubric, prompt or model must not read what proves the judge; the operator's command line may."""
    return by is None or not (
        by.is_superuser or Membership.objects.filter(project=project, user=by, role=Role.LEAD).exists()
    )
