"""Batches that waited for people when their certificate came, after people had taken some of them.

What people leave may differ from what they take, so a simple random sample of the batch is answered by three blind
people each, and the rest is accepted only if it passes the exact test at delta/10 (judge.stats.batches).
"""

from __future__ import annotations

import random

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from judge.actions import acceptance, case_locks, decisions, events, rates, references
from judge.models import Case, Certificate, Project, WaitingBatch
from judge.rules.routing import CellState, Reason

_RANDOM = random.SystemRandom()
#: The risk at which the sample should pass nine times in ten, in parts of alpha.
HOPED_RISK = 0.5


@transaction.atomic
def draw(project: Project, certificate: Certificate, waiting: QuerySet[Case]) -> WaitingBatch | None:
    """Draw the sample of the cases that wait, and ask people about it first; None where no sample is worth its cost,
    or one was drawn before: a second try would spend more than delta/10."""
    if WaitingBatch.objects.filter(certificate=certificate).exists():
        return None
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    if not (size := _size(certificate, len(ids))):
        return None
    sample = sorted(_RANDOM.sample(ids, size))
    locked = list(case_locks.lock(sample).values())
    decisions.ask_people(project, locked, reason=Reason.WAITING_SAMPLE, people=0)
    decisions.mark_references(sample)
    batch: WaitingBatch = WaitingBatch.objects.create(
        certificate=certificate, cases=ids, sample=sample, level=certificate.delta / 10
    )
    events.note(project, "waiting cases sampled", by=None, subject=f"batch:{batch.pk}", cases=len(ids), sample=size)
    return batch


def settle(batch: WaitingBatch) -> bool:
    """Test the batch if its sample is answered, and accept the rest if it passes; whether it was tested."""
    from judge.stats.batches import check_batch

    certificate = batch.certificate
    if certificate.state != CellState.CERTIFIED:
        return _close(batch, WaitingBatch.State.FAILED, n_errors=0)
    read = references.of_cases(certificate.judge, certificate.criterion_id, batch.sample)
    if not all(each.is_answered for each in read):
        return False
    errors = sum(each.is_error for each in read)
    found = check_batch(
        n_waiting=len(batch.cases), n_sampled=len(read), errors=errors, alpha=certificate.alpha, delta=certificate.delta
    )
    if not found.is_passed:
        return _close(batch, WaitingBatch.State.FAILED, n_errors=errors)
    rest = sorted(set(batch.cases) - set(batch.sample))
    rate = rates.of_batch(certificate, len(rest))
    n_accepted = sum(
        acceptance.accept(certificate.project, certificate, rest[start : start + acceptance.BATCH], rate=rate)
        for start in range(0, len(rest), acceptance.BATCH)
    )
    return _close(batch, WaitingBatch.State.PASSED, n_errors=errors, n_accepted=n_accepted)


def settle_all() -> int:
    """Test every batch whose sample is answered; returns how many were tested."""
    open_ones = WaitingBatch.objects.filter(state=WaitingBatch.State.ASKED).select_related(
        "certificate__judge", "certificate__project__policy", "certificate__policy"
    )
    return sum(settle(batch) for batch in open_ones.order_by("pk"))


def _size(certificate: Certificate, n_waiting: int) -> int:
    from judge.stats.batches import sample_needed

    hoped = certificate.alpha * HOPED_RISK
    return sample_needed(n_waiting, alpha=certificate.alpha, true_risk=hoped, delta=certificate.delta) or 0


def _close(batch: WaitingBatch, state: WaitingBatch.State, *, n_errors: int, n_accepted: int = 0) -> bool:
    WaitingBatch.objects.filter(pk=batch.pk).update(
        state=state, n_errors=n_errors, n_accepted=n_accepted, closed_at=Now()
    )
    events.note(
        batch.certificate.project, "waiting cases tested", by=None, subject=f"batch:{batch.pk}", state=state.value,
        errors=n_errors, accepted=n_accepted,
    )  # fmt: skip
    return True
