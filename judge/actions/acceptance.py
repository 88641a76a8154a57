"""Acceptance: what a certificate lets through of the cases that were there before it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from judge.actions import case_locks, decisions
from judge.models import AgreedLabel, Case, Certificate, Decision, Judgment, Project, Rater, Verdict
from judge.rules.routing import Reason
from judge.rules.stages import Stage
from judge.rules.streams import Stream

#: Cases locked and decided at a time; bounds memory, not meaning.
BATCH = 2_000


def untouched(certificate: Certificate) -> QuerySet[Case]:
    """Open cases of the criterion that wait, that nobody has answered, skipped or flagged, that nobody holds now, and
    of which the judge is confident enough."""
    return _confident(certificate).filter(~Exists(_touches()), seats_taken=0, stage__in=[Stage.IMPORTED, Stage.PEOPLE])


def was_chosen_from(certificate: Certificate) -> bool:
    """Whether people hold or have answered any open case that this certificate would accept."""
    confident = _confident(certificate).filter(stage__in=[Stage.PEOPLE, Stage.ADJUDICATION, Stage.AGREED])
    return confident.filter(Exists(_touches())).exists() or confident.filter(seats_taken__gt=0).exists()


@transaction.atomic
def accept(project: Project, certificate: Certificate, ids: Sequence[int], *, rate: float) -> int:
    """Route these cases anew, in one transaction; returns how many the judge accepted. ``rate`` is π of each
    (judge.actions.rates.of_batch).

    Whoever locks a case first goes first: one that a person has taken meanwhile stays with people.
    """
    locked = case_locks.lock(ids)
    still = set(untouched(certificate).filter(pk__in=ids).values_list("pk", flat=True))
    verdicts = {row.case_id: row for row in Verdict.objects.filter(judge=certificate.judge_id, case__in=still)}
    return decisions.route(project, [locked[pk] for pk in sorted(still)], verdicts=verdicts, rate=rate)


def _confident(certificate: Certificate) -> QuerySet[Case]:
    """Open cases at or above the threshold, but for those that people see because they measure a judge, because an
    alarm put their label in doubt, or because a lead opened them again."""
    enough = Verdict.objects.filter(
        case=OuterRef("pk"), judge=certificate.judge_id, confidence__gte=certificate.threshold, doubt=""
    )
    doubted = AgreedLabel.objects.filter(case=OuterRef("pk"), status=AgreedLabel.Status.IN_DOUBT)
    reopened = Decision.objects.filter(case=OuterRef("pk"), reason=Reason.REOPENED)
    return Case.objects.filter(
        Exists(enough), ~Exists(doubted), ~Exists(reopened), criterion=certificate.criterion_id,
        item__stream=Stream.OPEN, is_reference=False,
    )  # fmt: skip


def _touches() -> QuerySet[Judgment]:
    return Judgment.objects.filter(case=OuterRef("pk"), rater__kind=Rater.Kind.PERSON)
