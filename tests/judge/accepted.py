"""A cell that accepts, for tests of what audits make of it: machine answers and people's answers through the door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from judge.actions import alarms, items, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.formats.reading import Row
from judge.models import Alarm, AuditWatch, Case, Certificate, Decision, Project, User, moving
from judge.rules.routing import CellState, Route
from judge.rules.settling import FLAGGED
from tests import factories
from tests.flow.workers import database_url
from tests.judge import proofs


def make_cell(name: str = "Watched", *, pi_min: float = 1.0, **changes: object) -> Certificate:
    """A certificate for relevance in a project of its own; ``pi_min`` 1: every acceptance is audited."""
    project = factories.make_project(name, pi_min=pi_min)
    proofs.certify(project, "relevance", threshold=0.8, **changes)
    return Certificate.objects.select_related("project__policy", "project__judge", "policy", "judge", "criterion").get(
        project=project
    )


def bring(project: Project, n: int, *, frame: str = "", confidence: float | Sequence[float] = 0.9) -> list[Case]:
    """Import ``n`` items and let the judge say "fits" of each, in one call; their cases of relevance."""
    first = Case.objects.filter(project=project).count()
    rows = [
        Row(place, {"id": f"{first}-{place}", "context": f"person {first}-{place}", "output": f"tent {first}-{place}"})
        for place in range(n)
    ]
    items.import_rows(project, rows, by=None, reject=lambda _: None, frame=frame or f"frame {first}")
    found = Case.objects.filter(project=project, criterion__key="relevance", stage="imported")
    cases = list(found.order_by("pk"))
    sure = [confidence] * n if isinstance(confidence, float) else confidence
    assert project.judge is not None
    judgments.record(
        [NewJudgment(case.pk, "fits", probs={"fits": p, "weak": 1 - p}) for case, p in zip(cases, sure, strict=True)],
        rater=project.judge.seats.get().rater,
    )
    return cases


def acceptances(certificate: Certificate) -> list[Decision]:
    return list(Decision.objects.filter(certificate=certificate, route=Route.ACCEPT).order_by("pk"))


def answer(cases: Iterable[Case], label: str, people: Iterable[User]) -> None:
    """Each of ``people`` says ``label`` of each case."""
    ids = [case.pk for case in cases]
    for person in people:
        new = [NewJudgment(pk, label) for pk in ids]
        judgments.record(new, rater=projects.rater_of(person), by=person)


def flag(case: Case, person: User) -> None:
    new = NewJudgment(case.pk, None, unscored_reason=FLAGGED)
    judgments.record([new], rater=projects.rater_of(person), by=person)


def correct(case: Case, label: str, person: User) -> None:
    judgments.correct([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


@contextmanager
def as_if_certified(certificate: Certificate) -> Iterator[None]:
    """What a transaction sees that read the cell before it was suspended."""
    with moving(Certificate):
        Certificate.objects.filter(pk=certificate.pk).update(state=CellState.CERTIFIED)
    yield
    with moving(Certificate):
        Certificate.objects.filter(pk=certificate.pk).update(state=CellState.SUSPENDED)


@contextmanager
def held_elsewhere(lock: str, unlock: str) -> Iterator[None]:
    """Another connection runs the statement that takes a lock, and lives on meanwhile."""
    with psycopg.connect(database_url(), autocommit=True) as other:
        assert other.execute(lock).fetchone() == (True,)
        yield
        other.execute(unlock)


def as_accepted(cases: Iterable[Case]) -> None:
    """Let these cases stand as if no audit had been drawn of them."""
    ids = [case.pk for case in cases]
    Case.objects.filter(pk__in=ids).update(stage="accepted", people_wanted=0, is_reference=False)


def recheck_all(certificate: Certificate) -> Alarm:
    """An alarm about everything that was accepted, none of it audited; how one comes about is tested elsewhere."""
    decided = acceptances(certificate)
    as_accepted(Case.objects.filter(pk__in=[each.case_id for each in decided]))
    alarm = alarms.ring(
        certificate, AuditWatch.objects.get(certificate=certificate), since=decided[0], changed_at=decided[0].created_at
    )
    alarms.recheck(alarm)
    return alarm
