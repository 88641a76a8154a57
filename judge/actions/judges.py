"""Judges: made as candidates, promoted by a lead. None ever changes; another rater or calibrator is another judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched

from django.db import transaction
from django.db.models import Exists, OuterRef

from judge.actions import case_locks, events, reconsiderations, rubrics, verdicts, withdrawals
from judge.errors import InputError
from judge.models import Case, Criterion, Judge, JudgeRater, Judgment, Project, Purpose, Rater, User
from judge.rules.verdicts import read_calibrator

IDENTITY: Mapping[str, object] = {"kind": "identity"}
#: Raters in one judge at most: each of them is asked about each case.
MOST_RATERS = 12
#: Cases locked and spoken on at a time when a judge catches up; bounds memory, not meaning.
CATCH_UP_BATCH = 2_000


@transaction.atomic
def make(
    project: Project,
    raters: Sequence[Rater],
    *,
    name: str,
    by: User | None,
    calibrator: Mapping[str, object] = IDENTITY,
    kind: str = "",
) -> Judge:
    """A candidate judge of machine raters, or the same one that the project has already.

    It speaks at once on what its raters have answered before, and from then on beside the judge in force. Raises
    InputError for people, twice the same rater, none or too many, and a calibrator that cannot be read.
    """
    _check(raters, calibrator)
    fingerprint = _fingerprint(raters, calibrator)
    known = Judge.objects.filter(project=project, content_hash=fingerprint).first()
    if known is not None:
        return known
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # one version number each
    judge = Judge.objects.create(
        project=project,
        version=Judge.objects.filter(project=project).count() + 1,
        name=name[:120],
        kind=kind or (Judge.Kind.PANEL if len(raters) > 1 else Judge.Kind.SINGLE),
        features=[rater.configuration_hash or f"imported:{rater.pk}" for rater in raters],
        calibrator=dict(calibrator),
        content_hash=fingerprint,
    )
    JudgeRater.objects.bulk_create(
        JudgeRater(judge=judge, rater=rater, position=position) for position, rater in enumerate(raters)
    )
    events.note(project, "judge made", by=by, subject=f"judge:{judge.pk}", version=judge.version)
    for cases in _answered(judge):
        verdicts.speak(judge, cases)
    return judge


@transaction.atomic
def promote(judge: Judge, *, by: User | None, even_so: bool = False) -> None:
    """Put a candidate in force. Cases that still wait for a judge and that it has spoken on are routed.

    Certificates belong to their judge: those of the judge that leaves rest. Raises InputError where the candidate would
    lose a criterion that the judge in force may accept, unless ``even_so``.
    """
    project = judge.project
    if project.judge_id == judge.pk:
        return
    if (lost := would_lose(project, judge)) and not even_so:
        keys = ", ".join(each.key for each in lost)
        raise InputError(
            f"{judge.name} has no certificate for {keys}, which the judge in force has",
            next_step="Certify it first, or promote it even so: then people answer these cases again.",
        )
    if project.judge is not None:
        withdrawals.go_stale(withdrawals.in_force(project.judge), withdrawals.OTHER_JUDGE, by=by)
    project.judge = judge
    project.save(update_fields=["judge"])
    withdrawals.reinstate(withdrawals.resting(judge), by=by)
    events.note(project, "judge put in force", by=by, subject=f"judge:{judge.pk}", version=judge.version)
    reconsiderations.apply(project)


def would_lose(project: Project, judge: Judge) -> list[Criterion]:
    """Criteria of the rubric in force that the judge in force may accept and this one may not."""
    if project.judge is None:
        return []
    ours = set(withdrawals.in_force(project.judge).values_list("criterion", flat=True))
    theirs = withdrawals.in_force(judge) | withdrawals.resting(judge)
    lost = ours - set(theirs.values_list("criterion", flat=True))
    return [each for each in rubrics.criteria_in_force(project) if each.pk in lost]


def put_in_force(project: Project, raters: Sequence[Rater], *, name: str, by: User | None) -> Judge:
    """Make a judge of ``raters`` and promote it at once: for a project's first judge, and for commands."""
    judge = make(project, raters, name=name, by=by)
    judge.project = project  # the caller's object learns of its judge
    promote(judge, by=by)
    return judge


def _answered(judge: Judge) -> Iterator[list[Case]]:
    """The project's cases that every rater of the judge has answered, locked, some at a time."""
    found = Case.objects.filter(project=judge.project)
    for seat in judge.seats.all():
        answers = Judgment.objects.filter(
            case=OuterRef("pk"),
            rater=seat.rater_id,
            purpose__in=[Purpose.VOTE, Purpose.IMPORTED],
            retracted_at=None,
        )
        found = found.filter(Exists(answers))
    for ids in batched(list(found.order_by("pk").values_list("pk", flat=True)), CATCH_UP_BATCH):
        yield list(case_locks.lock(ids).values())


def _check(raters: Sequence[Rater], calibrator: Mapping[str, object]) -> None:
    if not 1 <= len(raters) <= MOST_RATERS:
        raise InputError(f"a judge of {len(raters)} raters", expected=f"1 to {MOST_RATERS} machine raters")
    if len({rater.pk for rater in raters}) < len(raters):
        raise InputError("a rater sits twice in the judge", expected="each rater once")
    for rater in raters:
        if rater.kind != Rater.Kind.MACHINE:
            raise InputError(f'"{rater.name}" is a person', expected="machine raters")
    read_calibrator(calibrator)


def _fingerprint(raters: Sequence[Rater], calibrator: Mapping[str, object]) -> str:
    """A single rater with the identity calibrator has the rater's own hash; everything else a hash of its parts."""
    parts = [rater.configuration_hash or f"imported:{rater.pk}" for rater in raters]
    if len(parts) == 1 and dict(calibrator) == dict(IDENTITY) and raters[0].configuration_hash:
        return parts[0]
    canonical = json.dumps([parts, dict(calibrator)], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
