"""Slices of the audits, ranked by evidence that the judge errs more there than was promised; and what alarms led to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judge.actions import audit_histories, audit_sql, audits, bulk
from judge.models import Alarm, Certificate, Project

if TYPE_CHECKING:
    from judge.stats.slices import Ranked

NAME = "audit slices"
#: Slices told of each certificate, those with most evidence first.
MOST_SLICES = 20


def measure(project: Project) -> dict[str, Any]:
    """By certificate the ranked slices, by alarm what became of the labels that it doubted. JSON-able."""
    alarms = Alarm.objects.filter(project=project).order_by("-pk")[: audit_histories.MOST_CERTIFICATES]
    return {
        "slices": {str(each.pk): rank(each) for each in audit_histories.shown(project)},
        "alarms": {str(alarm.pk): _outcome(alarm) for alarm in alarms},
    }


def rank(certificate: Certificate) -> dict[str, Any]:
    """The slices with most evidence, and how many there are and are flagged in all."""
    from judge.stats import slices

    watch = certificate.watch
    errors: list[int] = watch.state.get("errors", [])
    since = errors[0] if len(errors) == audits.KEPT_ERRORS else 0
    rows = bulk.execute(
        audit_sql.SLICES, certificate=certificate.pk, errors=bulk.array(errors), since=since, until=watch.last_decision
    )
    found = slices.rank([slices.Slice(*row) for row in rows], alpha=certificate.alpha)
    return {
        "n": len(found), "n_flagged": sum(each.is_flagged for each in found), "level": slices.LEVEL,
        "alpha": certificate.alpha, "is_partial": since > 0, "rows": [_told(each) for each in found[:MOST_SLICES]],
    }  # fmt: skip


def _told(found: Ranked) -> dict[str, Any]:
    from judge.stats import exact

    ends = exact.clopper_pearson(found.slice.n_errors, found.slice.n)
    return {
        "by": found.slice.by, "value": found.slice.value, "n": found.slice.n, "errors": found.slice.n_errors,
        "low": round(ends.low, 6), "high": round(ends.high, 6), "evidence": round(found.evidence, 4),
        "is_flagged": found.is_flagged,
    }  # fmt: skip


def _outcome(alarm: Alarm) -> dict[str, int]:
    told = bulk.execute(
        audit_sql.OUTCOMES, certificate=alarm.certificate_id, since=alarm.since_decision, rang=alarm.created_at
    )[0]
    return dict(zip(("in_doubt", "kept", "changed"), told, strict=True))
