"""Reconsiderations: a certificate has come, and what waits is looked at again, as STATISTICS §3 allows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import batched

from django.db import transaction
from django.db.models import Exists, OuterRef

from judge.actions import acceptance, case_locks, decisions, rates, waiting
from judge.models import Case, Certificate, Project, Verdict
from judge.rules.routing import CellState
from judge.rules.stages import Stage


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of the cases of one certificate: accepted now, of them audited, or drawn as a sample first."""

    certificate: Certificate
    n_accepted: int = 0
    n_sampled: int = 0
    n_waiting: int = 0


def apply(project: Project, *, may_sample: bool = False) -> list[Acceptance]:
    """Let the judge in force accept what its certificates allow of the cases that wait; say what became of them.

    ``may_sample``: also draw samples of what people have taken from; workers and commands do, pages leave it to them.
    """
    if project.judge_id is None:
        return []
    found = Certificate.objects.filter(judge=project.judge_id, state=CellState.CERTIFIED).select_related("criterion")
    done = [_apply_one(project, certificate, may_sample=may_sample) for certificate in found.order_by("pk")]
    _route_rest(project)
    return done


def _apply_one(project: Project, certificate: Certificate, *, may_sample: bool) -> Acceptance:
    """Cases that people have not begun to choose from are as the frame is: the certificate speaks of them. Once people
    have taken some, what is left may differ, and a random sample of it has to pass first (STATISTICS §3)."""
    fresh = acceptance.untouched(certificate)
    is_whole = not acceptance.was_chosen_from(certificate)
    ids = list((fresh if is_whole else fresh.filter(stage=Stage.IMPORTED)).order_by("pk").values_list("pk", flat=True))
    rate = rates.of_batch(certificate, len(ids))
    n_accepted = sum(
        acceptance.accept(project, certificate, some, rate=rate) for some in batched(ids, acceptance.BATCH)
    )
    is_sampled = may_sample and not is_whole
    batch = waiting.draw(project, certificate, fresh.filter(stage=Stage.PEOPLE)) if is_sampled else None
    return Acceptance(certificate, n_accepted, len(batch.sample) if batch else 0, len(batch.cases) if batch else 0)


def _route_rest(project: Project) -> None:
    """What no machine waits for any more goes where its verdict leads: cases that the judge in force has spoken on."""
    spoken = Exists(Verdict.objects.filter(judge=project.judge_id, case=OuterRef("pk")))
    left = Case.objects.filter(spoken, project=project, stage=Stage.IMPORTED).order_by("pk")
    for ids in batched(list(left.values_list("pk", flat=True)), acceptance.BATCH):
        with transaction.atomic():
            locked = [case for case in case_locks.lock(ids).values() if case.stage == Stage.IMPORTED]
            verdicts = {row.case_id: row for row in Verdict.objects.filter(judge=project.judge_id, case__in=ids)}
            decisions.route(project, locked, verdicts=verdicts)
