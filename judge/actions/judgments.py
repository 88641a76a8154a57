"""The one door. Every judgment, of machines and of people, comes in here, with what follows from it.

:func:`record` writes the judgments, the verdicts or labels that they make, the next decisions and the audit event in
one transaction, so that nobody can forget to route.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from judge.actions import bulk, case_locks, decisions, events, labels, suspicions, verdicts, wakes
from judge.actions.bulk import LockedCase
from judge.actions.prepared import insert
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Judgment, JudgmentText, Project, Purpose, Rater, User, moving
from judge.rules.settling import Basis
from judge.rules.stages import Stage
from judge.rules.verdicts import Answer


@dataclass(frozen=True, slots=True)
class NewJudgment:
    """An answer to one case: ``label``, or ``unscored_reason`` where there is none.

    A person's skip and flag are unscored answers with the reasons ``skipped`` and ``flagged``. ``by_order`` holds what
    a machine said of a pair in each order. ``confidence`` and ``at`` (when it was given) come with imported answers
    alone.
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
    by_order: Mapping[str, Mapping[str, float]] | None = None
    confidence: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the door took; answers that were there already are not written again.

    ``ids``: case id → id of the new judgment. ``judgments``: the new rows, where a person gave them.
    """

    ids: Mapping[int, int]
    n_known: int
    judgments: tuple[Judgment, ...] = ()


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
    if rater.kind == Rater.Kind.MACHINE:
        return _record_machine(new, rater=rater, by=by, origin=origin)
    cases = case_locks.lock([each.case_id for each in new])
    _check_labels(new, cases)
    votes = labels.people_votes(cases)  # nobody else can write here meanwhile: we hold the cases
    voted = _voted(votes, rater)
    fresh = [
        replace(each, purpose=_purpose(each, cases[each.case_id]))
        for each in new
        if each.purpose is not Purpose.VOTE or each.case_id not in voted
    ]
    rows = _insert(fresh, cases, rater=rater, submission=submission, origin=origin)
    if rows:
        _follow_up(rows, cases, votes, rater=rater, by=by)
    return _recorded(rows, n_known=len(new) - len(fresh))


def _record_machine(new: Sequence[NewJudgment], *, rater: Rater, by: User | None, origin: str) -> Recorded:
    """The same for a machine, in a handful of statements however many answers there are.

    Whose text tries to command the judge is found here: such a case goes to people.
    """
    signs = suspicions.find(each.case_id for each in new)
    cases = bulk.lock(each.case_id for each in new)
    _check_labels(new, cases)
    voted = bulk.voted(cases, rater.pk)
    fresh = [each for each in new if each.purpose is not Purpose.VOTE or each.case_id not in voted]
    texts = _write_texts(fresh)
    rows = [
        _row(each, cases[each.case_id].criterion_id, texts.get(id(each)), signs[each.case_id] or "") for each in fresh
    ]
    ids = dict(bulk.insert(bulk.INSERT_JUDGMENTS, rows, rater=rater.pk, origin=origin))
    if ids:
        project = Project.objects.select_related("policy", "judge").get(pk=cases[fresh[0].case_id].project_id)
        said = {
            each.case_id: Answer(
                each.probs or {}, each.label, bool(signs[each.case_id]), each.by_order or {}, each.outside_mass or 0.0
            )
            for each in fresh
            if each.purpose in (Purpose.VOTE, Purpose.IMPORTED)
        }
        judged = [cases[case_id] for case_id in said]
        untouched = [case for case in judged if case.stage == Stage.IMPORTED]
        decisions.route(project, untouched, verdicts=verdicts.build(project, judged, rater=rater, said=said))
        _note(project, "judged", rater=rater, by=by, judgments=len(fresh), first_case=fresh[0].case_id)
    return Recorded(ids, n_known=len(new) - len(fresh))


@transaction.atomic
def correct(new: Sequence[NewJudgment], *, rater: Rater, by: User, submission: uuid.UUID | None = None) -> Recorded:
    """Replace a person's own answers. The old rows stay, retracted; labels that rested on votes are settled anew.

    An *extra* answer to a case that no longer waits stays extra, so does one that ``new`` calls extra. Where an
    adjudicator has decided meanwhile the new answer is extra, and the vote that the adjudicator read stands.
    """
    cases = case_locks.lock([each.case_id for each in new])
    _check_labels(new, cases)
    decided = set(
        AgreedLabel.objects.filter(case__in=cases, basis=Basis.ADJUDICATED)
        .exclude(status=AgreedLabel.Status.WITHDRAWN)
        .values_list("case_id", flat=True)
    )
    voted = _voted(labels.people_votes(cases), rater)
    counted = {pk for pk, case in cases.items() if pk in voted or case.stage == Stage.PEOPLE} - decided
    _retract(Judgment.objects.filter(case__in=cases, rater=rater), keep_votes=decided)
    fresh = [each if each.case_id in counted else replace(each, purpose=Purpose.EXTRA) for each in new]
    rows = _insert(fresh, cases, rater=rater, submission=submission, origin="")
    _follow_up(rows, cases, labels.people_votes(cases), rater=rater, by=by, verb="corrected")
    return _recorded(rows, n_known=0)


@transaction.atomic
def replace_measuring(
    new: Sequence[NewJudgment], *, rater: Rater, by: User, submission: uuid.UUID, earlier: uuid.UUID
) -> Recorded:
    """Replace a person's answers of the submit ``earlier``, which measure the person: no vote is touched by it."""
    cases = case_locks.lock([each.case_id for each in new])
    _check_labels(new, cases)
    with moving(Judgment):
        said = Judgment.objects.filter(case__in=cases, rater=rater, submission=earlier, retracted_at=None)
        said.exclude(purpose__in=[Purpose.VOTE, Purpose.EXTRA]).update(retracted_at=timezone.now())
    rows = _insert(new, cases, rater=rater, submission=submission, origin="")
    _follow_up(rows, cases, {}, rater=rater, by=by, verb="corrected")
    return _recorded(rows, n_known=0)


def _check_labels(new: Sequence[NewJudgment], cases: Mapping[int, Case] | Mapping[int, LockedCase]) -> None:
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
    texts = _write_texts(fresh)
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
            text_id=texts.get(id(each)),
            submission=submission,
            duration_ms=each.duration_ms,
            confidence=each.confidence,
            **({"created_at": each.at} if each.at else {}),
        )
        for each in fresh
    ]
    return insert(rows)


def _row(new: NewJudgment, criterion_id: int, text_id: int | None, suspicion: str) -> dict[str, Any]:
    """What ``bulk.INSERT_JUDGMENTS`` takes."""
    return {
        "case_id": new.case_id,
        "criterion_id": criterion_id,
        "purpose": new.purpose.value,
        "label": new.label,
        "probs": dict(new.probs) if new.probs else None,
        "by_order": new.by_order or None,
        "outside_mass": new.outside_mass,
        "confidence": new.confidence,
        "unscored_reason": new.unscored_reason,
        "suspicion": suspicion,
        "text_id": text_id,
        "duration_ms": new.duration_ms,
        "at": new.at,
    }


def _write_texts(fresh: Sequence[NewJudgment]) -> dict[int, int]:
    """Notes and rationales in rows of their own; the row's id by the identity of the judgment it belongs to."""
    worded = [each for each in fresh if each.note or each.rationale]
    if not worded:
        return {}
    texts = JudgmentText.objects.bulk_create(
        [JudgmentText(note=each.note, rationale=each.rationale) for each in worded]
    )
    return {id(each): text.pk for each, text in zip(worded, texts, strict=True)}


def _retract(answers: QuerySet[Judgment], *, keep_votes: Collection[int]) -> None:
    """Take standing votes and extra answers back, but no votes on the cases ``keep_votes``; the rows stay."""
    standing = answers.filter(purpose__in=[Purpose.VOTE, Purpose.EXTRA], retracted_at=None)
    with moving(Judgment):
        standing.exclude(purpose=Purpose.VOTE, case__in=keep_votes).update(retracted_at=timezone.now())


def _recorded(rows: Sequence[Judgment], *, n_known: int) -> Recorded:
    return Recorded({row.case_id: row.pk for row in rows}, n_known, tuple(rows))


def _voted(votes: labels.Votes, rater: Rater) -> set[int]:
    """The cases on which a person has a live vote already."""
    return {case_id for case_id, by_rater in votes.items() if rater.pk in by_rater}


def _purpose(new: NewJudgment, case: Case) -> Purpose:
    """A person's vote on a case that no longer waits for people is extra."""
    return Purpose.EXTRA if new.purpose is Purpose.VOTE and case.stage != Stage.PEOPLE else new.purpose


def _follow_up(
    rows: Sequence[Judgment],
    cases: Mapping[int, Case],
    votes: labels.Votes,
    *,
    rater: Rater,
    by: User | None,
    verb: str = "judged",
) -> None:
    """Labels after people; ``votes`` are theirs, with or without these."""
    project = rows[0].case.project
    voted = [row for row in rows if row.purpose == Purpose.VOTE]
    if voted:
        for row in voted:
            votes[row.case_id][rater.pk] = labels.vote_of(row)
        labels.settle_cases(project, [cases[row.case_id] for row in voted], votes)
        if any(cases[row.case_id].is_reference and not cases[row.case_id].is_waiting for row in voted):
            transaction.on_commit(wakes.watch_audits, robust=True)
    if chosen := {cases[row.case_id]: row.label for row in rows if row.purpose == Purpose.ADJUDICATION and row.label}:
        labels.adjudicate(project, chosen, votes, by=by)
    _note(project, verb, rater=rater, by=by, judgments=len(rows), first_case=rows[0].case_id)


def _note(project: Project, verb: str, *, rater: Rater, by: User | None, **data: int) -> None:
    events.note(project, verb, by=by, subject=f"rater:{rater.pk}", **data)
