"""The one door. Every judgment, of machines and of people, comes in here, with what follows from it.

:func:`record` writes the judgments, the verdicts or labels that they make, the next decisions and the audit event in
one transaction, so that nobody can forget to route.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from judge.actions import decisions, events, labels, verdicts
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, JudgmentText, Purpose, Rater, User, moving
from judge.rules.settling import Basis
from judge.rules.stages import Stage


@dataclass(frozen=True, slots=True)
class NewJudgment:
    """An answer to one case: ``label``, or ``unscored_reason`` where there is none.

    A person's skip and flag are unscored answers with the reasons ``skipped`` and ``flagged``. ``suspicion`` says why
    the item's text looks like a command to the machine; such a case goes to people. ``confidence`` and ``at`` (when it
    was given) come with imported answers alone.
    """

    case_id: int
    label: str | None = None
    unscored_reason: str = ""
    probs: Mapping[str, float] | None = None
    outside_mass: float | None = None
    note: str = ""
    rationale: str = ""
    purpose: Purpose = Purpose.VOTE
    duration_ms: int | None = None
    suspicion: str = ""
    confidence: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the door took: the new rows; answers that were there already are not written again."""

    judgments: tuple[Judgment, ...]
    n_known: int


@transaction.atomic
def record(
    new: Sequence[NewJudgment],
    *,
    rater: Rater,
    by: User | None = None,
    submission: uuid.UUID | None = None,
    origin: str = "",
) -> Recorded:
    """Write ``new`` judgments of ``rater`` and all that follows from them.

    A second vote of the same rater on a case is not written. A person's vote on a case that no longer waits for people
    is kept as *extra*. Raises InputError for a label outside the criterion's scale; then nothing is written.
    """
    cases = lock_cases([each.case_id for each in new])
    _check_labels(new, cases)
    votes = labels.people_votes(cases) if _is_person(rater) else {}
    voted = _voted(cases, votes, rater)  # nobody else can write here meanwhile: we hold the cases
    fresh = [
        replace(each, purpose=_purpose(each, cases[each.case_id], rater))
        for each in new
        if each.purpose is not Purpose.VOTE or each.case_id not in voted
    ]
    rows = _insert(fresh, cases, rater=rater, submission=submission, origin=origin)
    if rows:
        _follow_up(rows, cases, votes, rater=rater, by=by)
    return Recorded(tuple(rows), n_known=len(new) - len(fresh))


@transaction.atomic
def correct(new: Sequence[NewJudgment], *, rater: Rater, by: User, submission: uuid.UUID | None = None) -> Recorded:
    """Replace a person's own answers. The old rows stay, retracted; labels that rested on votes are settled anew.

    An *extra* answer to a case that no longer waits stays extra, so does one that ``new`` calls extra. Where an
    adjudicator has decided meanwhile the new answer is extra, and the vote that the adjudicator read stands.
    """
    cases = lock_cases([each.case_id for each in new])
    _check_labels(new, cases)
    decided = set(
        AgreedLabel.objects.filter(case__in=cases, basis=Basis.ADJUDICATED)
        .exclude(status=AgreedLabel.Status.WITHDRAWN)
        .values_list("case_id", flat=True)
    )
    voted = _voted(cases, labels.people_votes(cases), rater)
    counted = {pk for pk, case in cases.items() if pk in voted or case.stage == Stage.PEOPLE} - decided
    _retract(Judgment.objects.filter(case__in=cases, rater=rater), keep_votes=decided)
    fresh = [each if each.case_id in counted else replace(each, purpose=Purpose.EXTRA) for each in new]
    rows = _insert(fresh, cases, rater=rater, submission=submission, origin="")
    _follow_up(rows, cases, labels.people_votes(cases), rater=rater, by=by, verb="corrected")
    return Recorded(tuple(rows), n_known=0)


def lock_cases(ids: Sequence[int]) -> dict[int, Case]:
    """The cases with their items, locked in id order until the transaction ends: whoever locks first goes first."""
    found = Case.objects.select_related("item", "project__policy", "project__judge").select_for_update(
        of=("self",), no_key=True
    )
    return {case.pk: case for case in found.filter(pk__in=ids).order_by("pk")}


def _check_labels(new: Sequence[NewJudgment], cases: Mapping[int, Case]) -> None:
    scales = labels.scales_of(cases.values())
    for each in new:
        if each.case_id not in cases:
            raise InputError(f"there is no case {each.case_id}")
        scale = scales[cases[each.case_id].criterion_id]
        if each.label is not None and each.label not in scale:
            raise InputError(
                f'label "{each.label}" is not in the scale', where=f"case {each.case_id}", expected=", ".join(scale)
            )


def _insert(
    fresh: Sequence[NewJudgment], cases: Mapping[int, Case], *, rater: Rater, submission: uuid.UUID | None, origin: str
) -> list[Judgment]:
    worded = [each for each in fresh if each.note or each.rationale]
    texts = JudgmentText.objects.bulk_create(
        [JudgmentText(note=each.note, rationale=each.rationale) for each in worded]
    )
    text_of = {id(each): text for each, text in zip(worded, texts, strict=True)}
    rows = [
        Judgment(
            case=cases[each.case_id],
            criterion_id=cases[each.case_id].criterion_id,
            rater=rater,
            purpose=each.purpose,
            label=each.label,
            probs=dict(each.probs) if each.probs else None,
            outside_mass=each.outside_mass,
            unscored_reason=each.unscored_reason,
            origin=origin,
            text=text_of.get(id(each)),
            submission=submission,
            duration_ms=each.duration_ms,
            suspicion=each.suspicion,
            confidence=each.confidence,
            **({"created_at": each.at} if each.at else {}),
        )
        for each in fresh
    ]
    return list(Judgment.objects.bulk_create(rows))


def _retract(answers: QuerySet[Judgment], *, keep_votes: Collection[int]) -> None:
    """Take standing votes and extra answers back, but no votes on the cases ``keep_votes``; the rows stay."""
    standing = answers.filter(purpose__in=[Purpose.VOTE, Purpose.EXTRA], retracted_at=None)
    with moving(Judgment):
        standing.exclude(purpose=Purpose.VOTE, case__in=keep_votes).update(retracted_at=timezone.now())


def _is_person(rater: Rater) -> bool:
    return rater.kind == Rater.Kind.PERSON


def _voted(cases: Collection[int], votes: labels.Votes, rater: Rater) -> set[int]:
    """The cases on which ``rater`` has a live vote already."""
    if _is_person(rater):
        return {case_id for case_id, by_rater in votes.items() if rater.pk in by_rater}
    live = Judgment.objects.filter(case__in=cases, rater=rater, purpose=Purpose.VOTE, retracted_at=None)
    return set(live.values_list("case_id", flat=True))


def _purpose(new: NewJudgment, case: Case, rater: Rater) -> Purpose:
    is_late = _is_person(rater) and new.purpose is Purpose.VOTE and case.stage != Stage.PEOPLE
    return Purpose.EXTRA if is_late else new.purpose


def _follow_up(
    rows: Sequence[Judgment],
    cases: Mapping[int, Case],
    votes: labels.Votes,
    *,
    rater: Rater,
    by: User | None,
    verb: str = "judged",
) -> None:
    """Verdicts and decisions after a machine, labels after a person; ``votes`` are people's, with or without these."""
    project = rows[0].case.project
    voted = [row for row in rows if row.purpose == Purpose.VOTE]
    if not _is_person(rater):
        judged = [cases[row.case_id] for row in rows if row.purpose in (Purpose.VOTE, Purpose.IMPORTED)]
        untouched = [case for case in judged if case.stage == Stage.IMPORTED]
        decisions.route(project, untouched, verdicts=verdicts.build(project, judged, rater=rater))
    elif voted:
        for row in voted:
            votes[row.case_id][rater.pk] = labels.vote_of(row)
        labels.settle_cases(project, [cases[row.case_id] for row in voted], votes)
    if chosen := {cases[row.case_id]: row.label for row in rows if row.purpose == Purpose.ADJUDICATION and row.label}:
        labels.adjudicate(project, chosen, votes, by=by)
    events.note(project, verb, by=by, subject=f"rater:{rater.pk}", judgments=len(rows), first_case=rows[0].case_id)
