"""Undo: a person's last submits, and how they change one. The first answer stays in the rows, retracted."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from annotation.actions import known, lease_sql, submissions
from annotation.actions.answers import answer_of
from annotation.actions.submissions import SubmitResult
from annotation.models import Submission
from annotation.rules.answers import Answer
from judge.actions import case_locks, judgments, projects
from judge.actions.prepared import fetch_row
from judge.errors import InputError
from judge.models import Case, Judgment, Project, Purpose, User

#: How many submits back a person may reach.
REACH = 10


@dataclass(frozen=True, slots=True)
class Past:
    """One of a person's own submits with the answers it left, by case."""

    submission: Submission
    cases: Mapping[Case, Answer]


def recent(project: Project, *, by: User) -> list[Past]:
    """The person's last ten submits, newest first, in their latest correction."""
    latest = _own(project, by).filter(corrected_by=None)
    return _with_answers(list(latest.order_by("-created_at")[:REACH]))


def find(project: Project, key: uuid.UUID, *, by: User) -> Past | None:
    """The person's own submit with this key, in its latest correction; None where there is none."""
    own = _own(project, by)
    found = own.filter(pk=key).first()
    while found and (later := own.filter(corrects=found).first()):
        found = later
    return _with_answers([found])[0] if found else None


def _own(project: Project, by: User) -> QuerySet[Submission]:
    """The person's submits that they may change: not those after which they were told the right labels."""
    own = Submission.objects.filter(project=project, person=by).select_related("item__context")
    return own.exclude(lease__kind__in=known.TAUGHT)


@transaction.atomic
def correct(past: Past, *, by: User, key: uuid.UUID, answers: Mapping[int, Answer]) -> SubmitResult:
    """Replace the answers of one's own submit. The same key again changes nothing.

    A vote stays a vote, and an extra answer stays extra. Where the case still waits a skip that becomes an answer, or
    an extra answer, takes a free seat; else it is kept as *extra*.
    """
    submissions.check_complete([case.pk for case in past.cases], answers)
    earlier = past.submission
    opened = fetch_row(
        lease_sql.OPEN_CORRECTION, project=earlier.project_id, person=by.pk, key=key, item=earlier.item_id
    )
    if opened != (True,):
        return submissions.repeat(key, by)
    try:
        with transaction.atomic():
            Submission.objects.filter(pk=key).update(corrects=earlier)
    except IntegrityError:
        raise InputError(
            _("you have changed this in another window already"), next_step=_("Reload the page to see it.")
        ) from None
    purpose = _purpose(earlier)
    if purpose is Purpose.VOTE:
        return _replace(list(past.cases), answers, by, key)
    new = submissions.new_judgments(answers, extra=(), duration_ms=None, purpose=purpose)
    rater = projects.rater_of(by)
    judgments.replace_measuring(new, rater=rater, by=by, submission=key, earlier=earlier.pk)
    return SubmitResult(key, is_repeat=False, was_late=False, extra=())


def _purpose(earlier: Submission) -> Purpose:
    """What the answers of a submit are: a vote, also where it came too late; or what measures the person."""
    first = Judgment.objects.filter(case__item=earlier.item_id, submission=earlier.pk).values_list("purpose", flat=True)
    said = Purpose(first[0]) if first else Purpose.VOTE
    return Purpose.VOTE if said is Purpose.EXTRA else said


def _replace(cases: list[Case], answers: Mapping[int, Answer], by: User, key: uuid.UUID) -> SubmitResult:
    rater = projects.rater_of(by)
    locked = case_locks.lock([case.pk for case in cases])
    held = _held(locked, rater.pk)
    wanted = {case_id for case_id, answer in answers.items() if answer.label is not None}
    seated = held | submissions.take_seats((locked[case_id] for case_id in wanted - held), by=by)
    new = submissions.new_judgments(answers, extra=wanted - seated, duration_ms=None)
    rows = judgments.correct(new, rater=rater, by=by, submission=key).judgments
    submissions.give_back(seated - _held(locked, rater.pk))
    return SubmitResult(key, is_repeat=False, was_late=False, extra=submissions.extra_cases(rows))


def _held(cases: Mapping[int, Case], rater_id: int) -> set[int]:
    """The cases in which the person's vote holds a seat now."""
    votes = Judgment.objects.filter(case__in=cases, rater=rater_id, retracted_at=None, purpose=Purpose.VOTE)
    return set(votes.exclude(label=None).values_list("case_id", flat=True))


def _with_answers(found: list[Submission]) -> list[Past]:
    rows = Judgment.objects.filter(
        case__item__in=[each.item_id for each in found], submission__in=[each.pk for each in found]
    ).select_related("case__criterion", "text")
    answers: dict[uuid.UUID, dict[Case, Answer]] = defaultdict(dict)
    for row in rows.order_by("case_id"):
        assert row.submission is not None
        answers[row.submission][row.case] = answer_of(row)
    return [Past(each, answers[each.pk]) for each in found]
