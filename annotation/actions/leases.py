"""Leases: who works on which item now. One claim statement, no collisions, no queueing behind each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction
from django.db.models import Model

from annotation.actions import claim_sql, lease_sql, rests
from annotation.actions.terms import last_midnight
from annotation.models import Draft, Lease
from judge.actions.prepared import fetch_row
from judge.models import Context, Item, Project, User

#: A retry is needed only when others took all the seats of the item we were after; each such race has a winner.
MOST_TRIES = 50
#: For so many seconds a person goes on from their place in the queue before they look from its head again: what comes
#: in above it waits no longer than that. (Who has nothing left there looks from the head at once.)
GOES_ON = 300


def claim(project: Project, *, by: User) -> Lease | None:
    """The person's open lease in this project, extended; else a new one on the next item in the queue.

    It comes with its item and context, but only what somebody who answers may see of them, and with the draft. None
    when the queue holds nothing for this person: :func:`annotation.actions.emptiness.why_nothing_left` says why.
    """
    key, since, statement = ("claim", project.pk, by.pk), time.monotonic(), claim_sql.CLAIM
    if rests.recall(key) and not _holds_one(project, by):
        return None
    for _attempt in range(MOST_TRIES):
        is_picked, *found = _claim(statement, project, by)
        if found and found[0]:
            return _lease(project, by, found)
        if not is_picked:
            if statement is claim_sql.CLAIM_PATIENTLY or rests.took_long(since):
                rests.remember(key, True, since=since)
                return None
            sweep_expired(project)
            statement = claim_sql.CLAIM_PATIENTLY
    return None


def _holds_one(project: Project, by: User) -> bool:
    return Lease.objects.filter(project=project, person=by, closed_at=None).exists()


def _claim(statement: str, project: Project, by: User) -> Sequence[Any]:
    """One try: whether an item was in sight at all, then the columns of the lease and of what lies on the desk."""
    assert project.policy is not None
    try:
        with transaction.atomic():
            row = fetch_row(
                statement,
                project=project.pk,
                person=by.pk,
                rubric=project.rubric_id,
                minutes=project.policy.lease_minutes,
                midnight=last_midnight(),
                goes_on=GOES_ON,
            )
    except IntegrityError:  # another tab of the same person opened a lease since our snapshot: it is found next time
        return (True,)
    assert row is not None
    return row


def _lease(project: Project, by: User, columns: Sequence[Any]) -> Lease:
    """The lease that a claim gave back. What was not read of its item is fetched by whoever asks for it."""
    lease_id, item_id, case_ids, created_at, expires_at, purpose, judge_id, context_id, *rest = columns
    identity, kind, output, language, content, chosen, asked = rest
    context = _known(Context, id=context_id, project_id=project.pk, content=content)
    on_desk = _known(
        Item, id=item_id, project_id=project.pk, context_id=context_id, identity=identity, kind=kind, output=output,
        language=language,
    )  # fmt: skip
    on_desk.context = context
    lease = _known(
        Lease, id=lease_id, project_id=project.pk, item_id=item_id, person_id=by.pk, case_ids=case_ids,
        created_at=created_at, expires_at=expires_at, closed_at=None, outcome="", kind=purpose, known_ids=None,
        judge_id=judge_id,
    )  # fmt: skip
    lease.item, lease.asked, lease.chosen = on_desk, tuple((case, criterion) for case, criterion in asked), chosen
    assert project.policy is not None
    lease.seconds_left = 60 * project.policy.lease_minutes  # the claim has just opened or extended it
    return lease


def _known[M: Model](model: type[M], **columns: Any) -> M:
    """A row of which these columns are known."""
    names = [field.attname for field in model._meta.concrete_fields if field.attname in columns]
    return model.from_db(DEFAULT_DB_ALIAS, names, [columns[name] for name in names])


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


def _count(statement: str, **values: Any) -> int:
    row = fetch_row(statement, **values)
    return int(row[0]) if row else 0
