"""Watches: what is done about certificates whenever people may have answered. Workers do it, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.models import F

from judge.actions import acceptance, alarms, audits, milestones, reconsiderations, waiting
from judge.models import Certificate
from judge.rules.routing import CellState
from judge.rules.stages import Stage

#: One worker at a time: a second one finds it held and leaves.
LOCK = "hashtext('cojudge.watches')"


def tend() -> bool:
    """Read the audits, ask people about labels in doubt, test waiting batches, draw the samples that are due and close
    milestones; False where another worker is at it."""
    with _alone() as is_ours:
        if is_ours:
            _tend()
    return is_ours


def _tend() -> None:
    audits.read_all()
    alarms.recheck_all()
    waiting.settle_all()
    for certificate in _unsampled():
        reconsiderations.apply(certificate.project, may_sample=True)
    milestones.report_all()


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether we have the lock. A transaction of a connection of its own holds it: behind a pooler, a lock of the
    session would stay with a server connection that the next statement may not get."""
    beside = connections.create_connection("default")
    try:
        beside.set_autocommit(False)
        with beside.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory_xact_lock({LOCK})")
            is_ours = bool(cursor.fetchone()[0])
        yield is_ours
        beside.rollback()  # at once: a closed connection's locks may outlive it for a moment
    finally:
        beside.close()


def _unsampled() -> list[Certificate]:
    """Certificates in force of judges in force that might accept cases that wait, and never drew a sample of them."""
    found = Certificate.objects.filter(
        state=CellState.CERTIFIED, batches=None, watch__isnull=False, project__judge=F("judge")
    ).select_related("project__policy", "project__judge", "project__rubric")
    return [each for each in found.order_by("pk") if _has_waiting(each)]


def _has_waiting(certificate: Certificate) -> bool:
    return acceptance.untouched(certificate).filter(stage=Stage.PEOPLE).exists()
