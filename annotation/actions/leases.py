"""Leases: who works on which item now. One claim statement, no collisions, no queueing behind each other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists
from django.utils.translation import gettext as _

from annotation.actions import lease_sql
from annotation.actions.lease_sql import fetch_row
from annotation.actions.submissions import sent_back
from annotation.models import Draft, Lease
from judge.models import Case, Project, User
from judge.rules.stages import Stage

#: A retry is needed only when others took all the seats of the item we were after; each such race has a winner.
MOST_TRIES = 50


def claim(project: Project, *, by: User) -> Lease | None:
    """The person's open lease in this project, extended; else a new one on the next item in the queue.

    None when the queue holds nothing for this person: :func:`why_nothing_left` says why.
    """
    statement = lease_sql.CLAIM
    for _attempt in range(MOST_TRIES):
        lease_id, is_picked = _claim(statement, project, by)
        if lease_id:
            return Lease.objects.select_related("item__context", "draft").get(pk=lease_id)
        if not is_picked:
            if statement is lease_sql.CLAIM_PATIENTLY:
                return None
            sweep_expired(project)
            statement = lease_sql.CLAIM_PATIENTLY
    return None


def _claim(statement: str, project: Project, by: User) -> tuple[int | None, bool]:
    """One try: the lease, and whether an item was in sight at all."""
    assert project.policy is not None
    try:
        with transaction.atomic():
            resumed, opened, picked = fetch_row(
                statement, project=project.pk, person=by.pk, minutes=project.policy.lease_minutes
            ) or (None, None, None)
    except IntegrityError:  # another tab of the same person opened a lease since our snapshot: it is found next time
        return None, True
    return resumed or opened, picked is not None


def extend(lease_id: int, *, by: User, minutes: int, answers: dict[str, Any] | None = None) -> datetime | None:
    """The heartbeat of a person at work, with what they have chosen so far: until when the item is theirs now.

    None once the lease is closed.
    """
    extended = fetch_row(lease_sql.EXTEND, lease=lease_id, person=by.pk, minutes=minutes)
    if extended is None:
        return None
    if answers is not None:
        Draft.objects.update_or_create(lease_id=lease_id, defaults={"answers": answers})
    expires_at: datetime = extended[0]
    return expires_at


def release(lease_id: int, *, by: User) -> bool:
    """Give an item back unanswered. False when the lease was closed already, or is somebody else's."""
    return bool(_count(lease_sql.RELEASE, lease=lease_id, person=by.pk))


def sweep_expired(project: Project | None = None) -> int:
    """Close leases that ran out and give their seats back, of one project or of all; returns how many."""
    return _count(lease_sql.SWEEP, project=project.pk if project else None)


class Empty(StrEnum):
    """Why the queue holds nothing for a person."""

    NOTHING_IMPORTED = "nothing_imported"
    WAITING_FOR_JUDGE = "waiting_for_judge"
    HELD_BY_OTHERS = "held_by_others"
    ANSWERED_ALL = "answered_all"
    WITH_ADJUDICATOR = "with_adjudicator"
    ALL_DONE = "all_done"

    @property
    def words(self) -> str:
        return {
            Empty.NOTHING_IMPORTED: _("Nothing has been imported into this project yet."),
            Empty.WAITING_FOR_JUDGE: _("The judge is still reading; nothing waits for people yet."),
            Empty.HELD_BY_OTHERS: _(
                "Other people are working on all that is left. An item comes back here if they let it go."
            ),
            Empty.ANSWERED_ALL: _("You have answered everything that waits. The rest needs other people's eyes."),
            Empty.WITH_ADJUDICATOR: _("All answers are in. The last cases wait for an adjudicator."),
            Empty.ALL_DONE: _("Everything here is decided. Thank you."),
        }[self]


def why_nothing_left(project: Project, *, by: User) -> Empty:
    """Why :func:`claim` found nothing, in one query that stops at the first row of each kind."""
    cases = Case.objects.filter(project=project)
    waiting = cases.filter(stage=Stage.PEOPLE)
    answered = waiting.filter(judgments__rater__user=by, judgments__retracted_at=None)
    open_to_them = waiting.exclude(pk__in=answered.values("pk")).exclude(pk__in=sent_back(by).values("case"))
    found = Project.objects.filter(pk=project.pk).values_list(
        Exists(open_to_them),
        Exists(waiting),
        Exists(cases.filter(stage=Stage.IMPORTED)),
        Exists(cases.filter(stage=Stage.ADJUDICATION)),
        Exists(cases),
    )[0]
    reasons = (
        Empty.HELD_BY_OTHERS,
        Empty.ANSWERED_ALL,
        Empty.WAITING_FOR_JUDGE,
        Empty.WITH_ADJUDICATOR,
        Empty.ALL_DONE,
    )
    return next((reason for reason, is_so in zip(reasons, found, strict=True) if is_so), Empty.NOTHING_IMPORTED)


def _count(statement: str, **values: Any) -> int:
    row = fetch_row(statement, **values)
    return int(row[0]) if row else 0
