"""What ends a certificate before an alarm does: another judge, rubric, server or promise. What rests may hold again.

A certificate that went stale proves something about what no longer runs, or less than is asked for now. Judging goes
on all the while; what arrives is routed to people, for want of a certificate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from judge.actions import events
from judge.errors import InputError
from judge.models import Certificate, Judge, Policy, Project, Rater, RubricCriterion, User, moving
from judge.rules.routing import CellState

#: Why a certificate rests: it holds again once its judge is in force, or the rubric in force asks its question.
OTHER_JUDGE = "another judge is in force"
OTHER_RUBRIC = "the rubric in force does not ask this"
#: Why it is over. What follows these words, after a colon, tells the case in point.
LATER_TEST = "a later test accepts more"
OTHER_SERVER = "the server changed"
STRICTER = "less disagreement is allowed now"
SURER = "the promise must be surer now"
BY_LEAD = "a lead withdrew it"


class Ending(NamedTuple):
    """A certificate that a new policy would end, and why."""

    certificate_id: int
    why: str
    detail: str


def go_stale(found: QuerySet[Certificate], why: str, *, by: User | None = None, detail: str = "") -> int:
    """Withdraw the certificates among ``found`` that hold, or rest and would hold again. Returns how many."""
    rows = list(found.filter(_holds_or_rests()).select_related("project", "criterion"))
    told = f"{why}: {detail}" if detail else why
    move(rows, CellState.STALE, told)
    for row in rows:
        events.note(row.project, "certificate stale", by=by, subject=f"certificate:{row.pk}", why=told)
    return len(rows)


def move(rows: Iterable[Certificate], state: CellState, why: str) -> None:
    """Put certificates into a state; nothing else of them ever changes."""
    ids = [row.pk for row in rows]
    if ids:
        with moving(Certificate):
            Certificate.objects.filter(pk__in=ids).update(state=state, state_reason=why[:200], state_since=Now())


def reinstate(found: QuerySet[Certificate], *, by: User | None = None) -> None:
    """Certificates that only rested are true as they were."""
    rows = list(found.select_related("project"))
    move(rows, CellState.CERTIFIED, "")
    for row in rows:
        events.note(row.project, "certificate reinstated", by=by, subject=f"certificate:{row.pk}")


def resting(judge: Judge) -> QuerySet[Any]:
    """Certificates that hold again once their judge is in force."""
    return Certificate.objects.filter(judge=judge, state=CellState.STALE, state_reason=OTHER_JUDGE)


def in_force(judge: Judge) -> QuerySet[Any]:
    return Certificate.objects.filter(judge=judge, state=CellState.CERTIFIED)


def follow_rubric(project: Project, *, by: User | None) -> None:
    """Certificates of criteria that the rubric in force does not ask rest; those of criteria that are back hold."""
    asked = Exists(RubricCriterion.objects.filter(rubric=project.rubric_id, criterion=OuterRef("criterion")))
    found = Certificate.objects.filter(project=project)
    go_stale(found.filter(~asked).exclude(state_reason=OTHER_RUBRIC), OTHER_RUBRIC, by=by)
    reinstate(found.filter(asked, state=CellState.STALE, state_reason=OTHER_RUBRIC), by=by)


def follow_policy(before: Policy, after: Policy, *, by: User | None) -> None:
    """Where the policy asks for more than it did, certificates that promise less are no proof any more, whichever
    judge has them."""
    for ending in would_end(before, after):
        go_stale(Certificate.objects.filter(pk=ending.certificate_id), ending.why, by=by, detail=ending.detail)


def would_end(before: Policy, after: Policy) -> list[Ending]:
    """The certificates that end when ``after`` takes the place of ``before``, in the order of their tests."""
    found = []
    for key, pk, alpha, delta in _held(before.project_id):
        (old_alpha, old_delta), (new_alpha, new_delta) = before.risk_of(key), after.risk_of(key)
        if new_alpha < min(old_alpha, alpha):
            found.append(Ending(pk, STRICTER, _fell(alpha, new_alpha)))
        elif new_delta < min(old_delta, delta):
            found.append(Ending(pk, SURER, _fell(delta, new_delta)))
    return found


def follow_server(rater: Rater, *, was: str, now: str) -> int:
    """The server that answers for ``rater`` is another one than it was when the rater was made; returns how many
    certificates that ended, of all judges that seat it."""
    found = Certificate.objects.filter(judge__seats__rater=rater)
    return go_stale(found, OTHER_SERVER, detail=f"{was} → {now}")


@transaction.atomic
def withdraw(certificate: Certificate, reason: str, *, by: User) -> bool:
    """A lead gives a certificate up; False where it held no longer. Raises InputError where no reason is given."""
    if not reason.strip():
        raise InputError("no reason is given", expected="why the certificate no longer speaks of what runs")
    return go_stale(Certificate.objects.filter(pk=certificate.pk), BY_LEAD, by=by, detail=reason.strip()) > 0


def _held(project_id: int) -> list[tuple[str, int, float, float]]:
    found = Certificate.objects.filter(_holds_or_rests(), project=project_id).order_by("pk")
    return list(found.values_list("criterion__key", "pk", "alpha", "delta"))


def _holds_or_rests() -> Q:
    resting = Q(state=CellState.STALE, state_reason__in=[OTHER_JUDGE, OTHER_RUBRIC])
    return Q(state=CellState.CERTIFIED) | resting


def _fell(before: float, after: float) -> str:
    return f"{100 * before:g} % → {100 * after:g} %"
