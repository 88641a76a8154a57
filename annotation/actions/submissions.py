"""Submits: each is written once, whatever the network does; nothing that a person chose is lost."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from annotation.actions import lease_sql
from annotation.actions.lease_sql import fetch_row
from annotation.models import Submission
from annotation.rules.answers import Answer
from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import Case, Criterion, Decision, Judgment, Project, Purpose, Rater, User
from judge.rules.routing import Reason


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What became of a submit. ``extra`` lists the cases whose answers came too late to count as votes."""

    key: uuid.UUID
    is_repeat: bool
    was_late: bool
    extra: tuple[int, ...]

    @property
    def words(self) -> str:
        """What the person is told beside the next item; empty where all went as expected."""
        if self.is_repeat:
            return _("This had arrived already; it was stored once.")
        if self.extra and self.was_late:
            return _(
                "Your time on that item had run out and others filled its seats. Your answers are kept as extra ones."
            )
        if self.extra:
            return _("That item was decided while you worked on it. Your answers are kept as extra ones.")
        return ""


@transaction.atomic
def submit(
    project: Project,
    *,
    by: User,
    key: uuid.UUID,
    lease_id: int,
    answers: Mapping[int, Answer],
    duration_ms: int | None = None,
) -> SubmitResult:
    """Store one answer to each case of the lease. The same key again changes nothing and gives the same result.

    Raises InputError, and stores nothing, when the lease is somebody else's, when a criterion was left open or when a
    label is not in its scale.
    """
    opened = fetch_row(
        lease_sql.OPEN_SUBMISSION, project=project.pk, person=by.pk, key=key, lease=lease_id, duration_ms=duration_ms
    )
    if opened is None:
        raise InputError(_("this item was given to somebody else"), next_step=_("Take the next item instead."))
    case_ids, is_new, is_in_time, *known = opened
    if not is_new:
        return repeat(key, by)
    check_complete(case_ids, answers)
    rater = _rater(by, *known)
    seats = set(case_ids) if is_in_time else _retake_seats(key, answers, rater, by)
    new = new_judgments(answers, extra=set() if is_in_time else set(answers) - seats, duration_ms=duration_ms)
    rows = judgments.record(new, rater=rater, by=by, submission=key).judgments
    give_back(seats - holding(rows))
    return SubmitResult(key, is_repeat=False, was_late=not is_in_time, extra=extra_cases(rows))


def check_complete(case_ids: Sequence[int], answers: Mapping[int, Answer]) -> None:
    """Every criterion shown is answered, skipped or flagged, and nothing else is."""
    if strange := sorted(set(answers) - set(case_ids)):
        raise InputError(_("the answers do not belong to this item"), where=f"case {strange[0]}")
    missing = [case_id for case_id in case_ids if case_id not in answers or answers[case_id].is_open]
    if missing:
        asked = Criterion.objects.filter(cases__in=missing).order_by("cases__pk")
        names = ", ".join(criterion.question.title for criterion in asked)
        raise InputError(
            _("%(names)s: no answer yet") % {"names": names}, expected=_("a label, a skip or a flag for each criterion")
        )


def repeat(key: uuid.UUID, by: User) -> SubmitResult:
    """The result of a submission that was written before, read back from its rows."""
    known = Submission.objects.get(pk=key)
    if known.person_id != by.pk:
        raise InputError(_("this submit belongs to somebody else"), next_step=_("Reload the page."))
    rows = Judgment.objects.filter(case__item=known.item_id, submission=key)
    return SubmitResult(key, is_repeat=True, was_late=known.was_late, extra=extra_cases(rows))


def new_judgments(
    answers: Mapping[int, Answer], *, extra: Collection[int], duration_ms: int | None
) -> list[NewJudgment]:
    """The answers as the door takes them. The time of an item is shared evenly among its criteria."""
    share = None if duration_ms is None else duration_ms // len(answers)
    return [
        NewJudgment(
            case_id,
            label=answer.label,
            unscored_reason=answer.unscored_reason,
            note=answer.note,
            purpose=Purpose.EXTRA if case_id in extra else Purpose.VOTE,
            duration_ms=share,
        )
        for case_id, answer in sorted(answers.items())
    ]


def holding(rows: Iterable[Judgment]) -> set[int]:
    """The cases in which these judgments hold a seat: in-time votes with a label."""
    return {row.case_id for row in rows if row.purpose == Purpose.VOTE and row.label is not None}


def extra_cases(rows: Iterable[Judgment]) -> tuple[int, ...]:
    return tuple(sorted(row.case_id for row in rows if row.purpose == Purpose.EXTRA))


def _rater(by: User, rater_id: int | None, name: str | None) -> Rater:
    """The rater that stands for a person; where its row is known already it is not read again."""
    if rater_id is None or name is None:
        return projects.rater_of(by)
    return Rater(pk=rater_id, kind=Rater.Kind.PERSON, name=name, user=by)


def _retake_seats(key: uuid.UUID, answers: Mapping[int, Answer], rater: Rater, by: User) -> set[int]:
    """Seats for a late submit, where the case still waits, one is free and this person has not answered meanwhile.

    The caller holds the item, so nobody else takes or gives back a seat.
    """
    Submission.objects.filter(pk=key).update(was_late=True)
    locked = judgments.lock_cases(list(answers))
    answered = Judgment.objects.filter(case__in=locked, rater=rater, retracted_at=None)
    return take_seats((locked[each] for each in locked.keys() - set(answered.values_list("case_id", flat=True))), by=by)


def take_seats(cases: Iterable[Case], *, by: User) -> set[int]:
    """Take a seat in each of these locked cases that waits for people, has one free and was not sent back by this
    person, who has read the others' answers; returns the cases in which it was taken."""
    free = {case.pk for case in cases if case.is_waiting and case.seats_taken < case.people_wanted}
    if free:
        free.difference_update(sent_back(by).filter(case__in=free).values_list("case_id", flat=True))
        Case.objects.filter(pk__in=free).update(seats_taken=F("seats_taken") + 1)
    return free


def sent_back(by: User) -> QuerySet[Decision]:
    """The decisions with which this person asked one more person: each case is closed to them (see lease_sql)."""
    requested: QuerySet[Decision] = Decision.objects.filter(reason=Reason.REQUESTED, by=by)
    return requested


def give_back(case_ids: Iterable[int]) -> None:
    """Give back a seat in each of these cases. The caller holds the item and the cases."""
    if ids := list(case_ids):
        Case.objects.filter(pk__in=ids).update(seats_taken=F("seats_taken") - 1)
