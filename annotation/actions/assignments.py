"""Assignments: a lead gives waiting items to people. They come first to them; others may take the free seats too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from annotation.actions import lease_sql
from annotation.models import Assignment
from judge.actions import events
from judge.actions.prepared import fetch_row
from judge.errors import InputError
from judge.models import Judgment, Membership, Project, Role, User

#: Items that one person may be given at a time.
MOST = 500


@transaction.atomic
def assign(project: Project, items: Iterable[int], people: Sequence[User], *, each: int, by: User) -> dict[User, int]:
    """Give each of ``people`` the next ``each`` of these items that nobody has been given and that they have not
    answered; returns how many each one got. Items are dealt in their order, so a person gets whole contexts.

    Raises InputError for nobody, for too many at a time, and for somebody who does not answer in this project.
    """
    _check(project, people, each)
    given = set(Assignment.objects.filter(project=project, closed_at=None).values_list("item_id", flat=True))
    left = [item for item in dict.fromkeys(items) if item not in given]
    got: dict[User, int] = {}
    for person in people:
        answered = set(_answered(left, person))
        mine = list(islice((item for item in left if item not in answered), each))
        _give(project, mine, person, by)
        left = [item for item in left if item not in set(mine)]
        got[person] = len(mine)
    return got


def take_back(project: Project, person: User, *, by: User) -> int:
    """End the person's open assignments; the items stay in the queue. Returns how many."""
    n = Assignment.objects.filter(project=project, person=person, closed_at=None).update(closed_at=Now())
    if n:
        events.note(project, "assignments ended", by=by, subject=f"user:{person.pk}", items=n)
    return n


def open_ones(project: Project) -> dict[int, int]:
    """How many items each person has been given and has not answered, by the person's id."""
    found = Assignment.objects.filter(project=project, closed_at=None).order_by()
    return dict(found.values_list("person").annotate(n=Count("pk")))


def close_settled() -> int:
    """Close assignments of items that nobody waits for any more; returns how many."""
    row = fetch_row(lease_sql.CLOSE_ASSIGNMENTS)
    return int(row[0]) if row else 0


def _give(project: Project, items: Sequence[int], person: User, by: User) -> None:
    rows = [Assignment(project=project, item_id=item, person=person, by=by) for item in items]
    Assignment.objects.bulk_create(rows, ignore_conflicts=True)  # another lead gave them the same item just now
    if items:
        events.note(project, "items assigned", by=by, subject=f"user:{person.pk}", items=len(items))


def _answered(items: Sequence[int], person: User) -> Iterable[int]:
    said = Judgment.objects.filter(case__item__in=items, rater__user=person, retracted_at=None)
    return said.values_list("case__item_id", flat=True)


def _check(project: Project, people: Sequence[User], each: int) -> None:
    if not people:
        raise InputError(_("nobody was chosen"), expected=_("at least one person"))
    if not 1 <= each <= MOST:
        raise InputError(_("%(n)s items for each") % {"n": each}, expected=f"1 … {MOST}")
    members = Membership.objects.filter(project=project, role=Role.ANNOTATOR, user__in=people)
    if strangers := {person.pk for person in people} - set(members.values_list("user_id", flat=True)):
        name = next(person.display_name for person in people if person.pk in strangers)
        raise InputError(_("%(name)s does not answer in this project") % {"name": name})
