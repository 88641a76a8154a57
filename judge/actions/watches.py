"""Watches: what is done about certificates whenever people may have answered. Workers do it, again and again."""

from __future__ import annotations

from django.db.models import F

from judge.actions import acceptance, alarms, audits, bulk, milestones, reconsiderations, waiting
from judge.models import Certificate
from judge.rules.routing import CellState
from judge.rules.stages import Stage

#: One worker at a time: a second one finds it held and leaves.
TAKE = "SELECT pg_try_advisory_lock(hashtext('cojudge.watches'))"
LEAVE = "SELECT pg_advisory_unlock(hashtext('cojudge.watches'))"


def tend() -> bool:
    """Read the audits, ask people about labels in doubt, test waiting batches, draw the samples that are due and close
    milestones; False where another worker is at it."""
    if not bulk.execute(TAKE)[0][0]:
        return False
    try:
        audits.read_all()
        alarms.recheck_all()
        waiting.settle_all()
        for certificate in _unsampled():
            reconsiderations.apply(certificate.project, may_sample=True)
        milestones.report_all()
    finally:
        bulk.execute(LEAVE)
    return True


def _unsampled() -> list[Certificate]:
    """Certificates in force of judges in force that might accept cases that wait, and never drew a sample of them."""
    found = Certificate.objects.filter(
        state=CellState.CERTIFIED, batches=None, watch__isnull=False, project__judge=F("judge")
    ).select_related("project__policy", "project__judge", "project__rubric")
    return [each for each in found.order_by("pk") if _has_waiting(each)]


def _has_waiting(certificate: Certificate) -> bool:
    return acceptance.untouched(certificate).filter(stage=Stage.PEOPLE).exists()
