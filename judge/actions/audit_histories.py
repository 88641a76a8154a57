"""Audit histories: what each certificate's watch said over time, kept as a summary that workers read on.

A history follows the watch: it reads the acceptances that the watch has read, with the errors that the watch found in
them, and so ends where the watch stands. From the start it comes out the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from judge.actions import audit_sql, audits, bulk, references, summaries
from judge.models import AuditWatch, Certificate, Project

if TYPE_CHECKING:
    from judge.stats.history import Read

type Rows = list[tuple[Any, ...]]

NAME = "audit histories"
#: Certificates of which a page shows the history, the newest first.
MOST_CERTIFICATES = 8
#: Acceptances read in one statement; bounds memory, not meaning.
BATCH = 5_000


def shown(project: Project) -> list[Certificate]:
    """The newest certificates that a watch follows and that accepted anything."""
    return list(_newest(project))


def told(project: Project) -> list[Certificate]:
    """The same for pages, which leave alone what only workers read."""
    return list(_newest(project).defer("grid", "figures", "watch__state"))


def _newest(project: Project) -> QuerySet[Certificate]:
    found = Certificate.objects.filter(project=project, watch__isnull=False, watch__n_accepted__gt=0)
    return found.select_related("watch", "policy", "criterion", "judge").order_by("-pk")[:MOST_CERTIFICATES]


def measure(project: Project) -> dict[str, Any]:
    """By certificate its history, read on from what was kept last."""
    last = summaries.read(project, NAME)
    known = last.data if last else {}
    return {str(each.pk): trace(each, known.get(str(each.pk))) for each in shown(project)}


def mark(project: Project) -> str:
    """Watches move without an event."""
    watches = AuditWatch.objects.filter(certificate__project=project).order_by("-certificate")
    places = watches.values_list("last_decision", "state__confidences_read")[:6]
    return ",".join(f"{audit}-{confidence or 0}" for audit, confidence in places)


def trace(certificate: Certificate, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The history up to where the watch stands, read on from ``known`` or from the start."""
    from judge.stats import history

    watch, before = certificate.watch, known or {}
    found = history.read_audits(before.get("audits", {}), alpha=certificate.alpha, least=certificate.policy.pi_min)
    found.read(_audited(certificate, watch, after=found.decision))
    confidences = history.read_input(before.get("input", {}))
    for rows in _batches(certificate, confidences.decision, watch.state.get("confidences_read", 0)):
        moments = [(row[0], row[1], _moment(row[5])) for row in rows]
        confidences.read(moments, audits.ties(certificate, [row[0] for row in rows]))
    return {"audits": found.as_record(), "input": confidences.as_record()}


def _audited(certificate: Certificate, watch: AuditWatch, *, after: int) -> Iterator[Read]:
    from judge.stats.history import Read

    for rows in _batches(certificate, after, watch.last_decision):
        wrong = wrong_ones(certificate, [(row[0], row[4]) for row in rows if row[3]])
        for decision, confidence, probability, is_audited, _, at in rows:
            yield Read(decision, confidence, probability, decision in wrong if is_audited else None, _moment(at))


def wrong_ones(certificate: Certificate, audited: list[tuple[int, int]]) -> set[int]:
    """Of these audits (decision, case) those that the watch read as errors. It forgets its oldest errors
    (judge.actions.audits): what people say now stands in for these."""
    errors: list[int] = certificate.watch.state.get("errors", [])
    found = set(errors)
    if len(errors) < audits.KEPT_ERRORS or not audited or audited[0][0] >= errors[0]:
        return found
    old = {case: decision for decision, case in audited if decision < errors[0]}
    answers = references.of_cases(certificate.judge, certificate.criterion_id, old)
    return found | {old[each.case_id] for each in answers if each.is_error}


def _batches(certificate: Certificate, after: int, until: int) -> Iterator[Rows]:
    while rows := bulk.execute(
        audit_sql.READ, certificate=certificate.pk, after=after, until=until, limit=BATCH
    ):  # fmt: skip
        yield rows
        after = rows[-1][0]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
