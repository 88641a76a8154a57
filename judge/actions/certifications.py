"""Certifying from its beginning to its end: which judge, its calibrator, the tests, and what they then let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation

from judge.actions import audits, calibrations, certificates, events, queues, reconsiderations, seating
from judge.actions.certificates import Outcome
from judge.actions.reconsiderations import Acceptance
from judge.errors import CojudgeError
from judge.models import Event, Judge, Project, User

#: What a lead's wish became, as events; the page shows the last of them.
ASKED, DONE, NOT_DONE = "certificates asked for", "certificates done", "certificates not done"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. ``is_new``: a calibrator was fitted, which makes another judge. ``accepted`` is None for a
    candidate: it accepts nothing until a lead promotes it."""

    judge: Judge
    is_new: bool
    outcomes: Sequence[Outcome]
    accepted: Sequence[Acceptance] | None


def run(
    project: Project,
    *,
    version: int | None = None,
    by: User | None,
    alpha: float | None = None,
    delta: float | None = None,
    frames: Sequence[str] = (),
    looks: Sequence[int] = (),
) -> Report:
    """Test the judge of ``version`` (else the one in force) and let it accept what its certificates allow.

    The rest as in ``certificates.certify``. For workers and commands. Raises InputError where there is nothing to test.
    """
    judge = seating.judge_to_certify(project, version=version, by=by)
    fitted = calibrations.ensure(judge, by=by)
    outcomes = certificates.certify(project, fitted, alpha=alpha, delta=delta, frames=frames, looks=looks, by=by)
    is_in_force = fitted.pk == project.judge_id
    accepted = reconsiderations.apply(project, may_sample=True) if is_in_force else None
    audits.read_all(project)  # without a worker nobody else would
    return Report(fitted, fitted.pk != judge.pk, outcomes, accepted)


@transaction.atomic
def start(project: Project, *, version: int | None = None, by: User) -> None:
    """Wake a worker to certify now. Raises ServiceError where there is no queue; then nothing is noted."""
    events.note(project, ASKED, by=by, judge=version)
    queues.send("judge.tasks.certify", project.pk, by.pk, version or 0)


def work(project_id: int, user_id: int, version: int) -> None:
    """What the worker does: certify, and say in an event what came of it."""
    project, by = Project.objects.get(pk=project_id), User.objects.get(pk=user_id)
    with translation.override(by.language or None):
        try:
            report = run(project, version=version or None, by=by)
        except CojudgeError as error:
            events.note(project, NOT_DONE, by=by, why=str(error))
            return
    waits = {each.criterion.key: each.words for each in report.outcomes if each.words}
    n_accepted = sum(each.n_accepted for each in report.accepted or ())
    events.note(project, DONE, by=by, judge=report.judge.version, waits=waits, accepted=n_accepted)


def latest(project: Project) -> Event | None:
    """The last wish, or what came of it."""
    found: Event | None = Event.objects.filter(project=project, verb__in=(ASKED, DONE, NOT_DONE)).order_by("pk").last()
    return found
