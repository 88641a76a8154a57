"""Submits: each is written once, whatever the network does; nothing that a person chose is lost."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from annotation.actions import lease_sql, pauses
from annotation.models import Lease, Submission
from annotation.rules.answers import Answer
from annotation.rules.measuring import is_fast
from judge.actions import case_locks, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.actions.prepared import fetch_row
from judge.errors import InputError
from judge.models import Case, Criterion, Decision, Judgment, Project, Purpose, Rater, User
from judge.rules.routing import Reason

#: What the answers of a lease are, by its kind.
PURPOSES = {
    Lease.Kind.WORK: Purpose.VOTE,
    Lease.Kind.GOLD_QUESTION: Purpose.GOLD_QUESTION,
    Lease.Kind.TAUGHT_QUESTION: Purpose.GOLD_QUESTION,
    Lease.Kind.REPEAT: Purpose.REPEAT,
    Lease.Kind.TRAINING: Purpose.TRAINING,
    Lease.Kind.SHOWN_FIRST: Purpose.SHOWN_FIRST,
}


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What became of a submit. ``extra`` lists the cases whose answers came too late to count as votes; ``kind`` is
    that of the lease, ``is_fast`` whether nobody can have read the item in that time."""

    key: uuid.UUID
    is_repeat: bool
    was_late: bool
    extra: tuple[int, ...]
    kind: str = Lease.Kind.WORK
    is_fast: bool = False

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
        if self.is_fast:
            return _(
                "That was much faster than usual. If it was by mistake, you can change it among your last answers."
            )
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
    case_ids, kind, is_new, is_in_time, rater_id, name, usual_ms = opened
    if not is_new:
        return repeat(key, by)
    check_complete(case_ids, answers)
    rater, purpose = _rater(by, rater_id, name), PURPOSES[kind]
    holds_seats = is_in_time or purpose is not Purpose.VOTE  # what measures the person never had one, and is never late
    seats = set(case_ids) if holds_seats else _retake_seats(key, answers, rater, by)
    new = new_judgments(answers, extra=set(answers) - seats, duration_ms=duration_ms, purpose=purpose)
    rows = judgments.record(new, rater=rater, by=by, submission=key).judgments
    if purpose is Purpose.VOTE:
        give_back(seats - holding(rows))
    if purpose is Purpose.GOLD_QUESTION:
        pauses.heed_gold(project, by, rater)
    too_fast = is_fast(duration_ms, _usual(usual_ms), Counter(row.criterion_id for row in rows))
    return SubmitResult(key, False, not holds_seats, extra_cases(rows), kind=kind, is_fast=too_fast)


def _usual(told: str | None) -> dict[int, float]:
    """Criterion → the person's usual time, as the worker's summary has it in JSON."""
    return {int(criterion): ms for criterion, ms in orjson.loads(told).items()} if told else {}


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
    known = Submission.objects.select_related("lease").get(pk=key)
    if known.person_id != by.pk:
        raise InputError(_("this submit belongs to somebody else"), next_step=_("Reload the page."))
    rows = Judgment.objects.filter(case__item=known.item_id, submission=key)
    kind = known.lease.kind if known.lease else Lease.Kind.WORK
    return SubmitResult(key, is_repeat=True, was_late=known.was_late, extra=extra_cases(rows), kind=kind)


def new_judgments(
    answers: Mapping[int, Answer],
    *,
    extra: Collection[int],
    duration_ms: int | None,
    purpose: Purpose = Purpose.VOTE,
) -> list[NewJudgment]:
    """The answers as the door takes them. The time of an item is shared evenly among its criteria."""
    share = None if duration_ms is None else duration_ms // len(answers)
    return [
        NewJudgment(
            case_id,
            label=answer.label,
            unscored_reason=answer.unscored_reason,
            note=answer.note,
            purpose=Purpose.EXTRA if case_id in extra else purpose,
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
    locked = case_locks.lock(list(answers))
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
