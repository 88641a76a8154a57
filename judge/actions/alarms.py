"""Alarms: what an alarm withdraws, and what ends it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import batched

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from judge.actions import bulk, case_locks, decisions, events, withdrawals
from judge.models import AgreedLabel, Alarm, AuditWatch, Certificate, Criterion, Decision, Project, Role, User, moving
from judge.rules.routing import CellState, Reason
from judge.rules.stages import Stage

logger = logging.getLogger(__name__)

#: Why a certificate is suspended.
TOO_MANY = "audits disagree with the judge too often"
#: People asked anew about a label in doubt.
RECHECKERS = 2
LATELY = timedelta(days=1)
#: Cases locked and sent back at a time; bounds memory, not meaning.
BATCH = 2_000

#: Labels that the judge gave under a certificate from one acceptance on. One that people have decided since stays.
DOUBT = """
UPDATE judge_agreedlabel l SET status = 'in_doubt', status_since = now()
FROM judge_decision d
WHERE d.certificate_id = %(certificate)s AND d.route = 'accept' AND d.id >= %(since)s
  AND l.case_id = d.case_id AND l.decision_id = d.id AND l.status = 'live' AND l.basis = 'judge'
RETURNING l.id
"""
#: Of these the cases that still stand as accepted: nobody has been asked about them.
UNASKED = """
SELECT c.id
FROM judge_decision d
JOIN judge_agreedlabel l ON l.case_id = d.case_id AND l.decision_id = d.id AND l.status = 'in_doubt'
JOIN judge_case c ON c.id = d.case_id AND c.stage = 'accepted'
WHERE d.certificate_id = %(certificate)s AND d.route = 'accept' AND d.id >= %(since)s
ORDER BY c.id
"""


def changed_at(criterion: Criterion) -> datetime | None:
    """Since when the judge may be another one, by the criterion's alarms: certify items imported before prove nothing
    any more (STATISTICS §4). None where no alarm ever rang."""
    found: datetime | None = Alarm.objects.filter(certificate__criterion=criterion).aggregate(latest=Max("changed_at"))[
        "latest"
    ]
    return found


def resolve(criterion: Criterion) -> None:
    """The criterion is certified anew: its standing alarms are over."""
    with moving(Alarm):
        Alarm.objects.filter(certificate__criterion=criterion, resolved_at=None).update(resolved_at=Now())


def standing(project: Project) -> list[Alarm]:
    """Alarms that no new certificate has answered, the newest first."""
    found = Alarm.objects.filter(project=project, resolved_at=None).select_related("certificate__criterion")
    return list(found.order_by("-pk"))


def are_standing(project: Project) -> bool:
    return Alarm.objects.filter(project=project, resolved_at=None).exists()


@transaction.atomic
def ring(certificate: Certificate, watch: AuditWatch, *, since: Decision, changed_at: datetime) -> Alarm:
    """Suspend the certificate, put in doubt what it accepted from ``since`` on, and tell the leads once that is kept.
    Certify items imported before ``changed_at`` will prove nothing of the judge any more.

    The cases go back to people by :func:`recheck`, some at a time, after this is committed.
    """
    withdrawals.move([certificate], CellState.SUSPENDED, TOO_MANY)
    n_in_doubt = _doubt(certificate, since.pk)
    alarm: Alarm = Alarm.objects.create(
        project=certificate.project, certificate=certificate, level=watch.level, n_audited=watch.n_audited,
        n_errors=watch.n_errors, since_decision=since.pk, changed_at=changed_at, n_in_doubt=n_in_doubt,
    )  # fmt: skip
    events.note(
        certificate.project, "alarm", by=None, subject=f"certificate:{certificate.pk}",
        criterion=certificate.criterion.key, audits=watch.n_audited, errors=watch.n_errors, in_doubt=n_in_doubt,
    )  # fmt: skip
    transaction.on_commit(partial(tell_leads, alarm), robust=True)
    return alarm


def recheck(alarm: Alarm) -> int:
    """Ask two people about each label in doubt whose case nobody was asked about; returns how many cases.

    It begins where it was interrupted, and finds what was still being accepted when the alarm rang.
    """
    certificate = alarm.certificate
    _doubt(certificate, alarm.since_decision)
    waiting = bulk.execute(UNASKED, certificate=certificate.pk, since=alarm.since_decision)
    return sum(_ask(alarm.project, ids) for ids in batched((pk for (pk,) in waiting), BATCH))


def recheck_all() -> int:
    """The same for every alarm that rang lately: what was under way then has ended long ago."""
    found = Alarm.objects.filter(created_at__gt=Now() - LATELY)
    found = found.select_related("certificate", "project__policy", "project__judge")
    return sum(recheck(alarm) for alarm in found.order_by("pk"))


def tell_leads(alarm: Alarm) -> int:
    """Mail the leads, each in their language; returns how many were reached. A mail that cannot be sent is written to
    the log as an error and takes nothing back: the page tells of the alarm all the same."""
    leads = User.objects.filter(
        memberships__project=alarm.project, memberships__role=Role.LEAD, is_active=True
    ).distinct()
    if not settings.MAIL_URL:
        logger.error("alarm %d in %s: nobody was mailed, COJUDGE_MAIL_URL is not set", alarm.pk, alarm.project.slug)
        return 0
    return sum(_mail(alarm, lead) for lead in leads.order_by("pk"))


def _mail(alarm: Alarm, lead: User) -> bool:
    if not lead.email:
        logger.error("alarm %d in %s: %s has no address", alarm.pk, alarm.project.slug, lead.get_username())
        return False
    with translation.override(lead.language or settings.LANGUAGE_CODE):
        message = EmailMessage(subject=_subject(alarm), body=_body(alarm), to=[lead.email])
    try:
        message.send()
    except OSError:  # what sockets and smtplib raise
        logger.exception("alarm %d in %s: the mail to %s was not sent", alarm.pk, alarm.project.slug, lead.email)
        return False
    return True


def _subject(alarm: Alarm) -> str:
    criterion = alarm.certificate.criterion.key
    return _("Alarm in %(project)s: %(criterion)s") % {"project": alarm.project.name, "criterion": criterion}


def _body(alarm: Alarm) -> str:
    page = (settings.CSRF_TRUSTED_ORIGINS or [""])[0] + reverse("project", args=[alarm.project.slug])
    return _(
        "People disagree with the judge on %(criterion)s more often than its certificate promises: in %(errors)d of "
        "%(audits)d audits.\n\n"
        "The certificate is suspended and nothing is accepted by the judge alone. %(in_doubt)d labels that were "
        "accepted since %(since)s are in doubt: they are not exported, and people look at them again.\n\n"
        "To certify the judge anew, import new items and run manage.py certify %(slug)s once people have answered "
        "their certify cases.\n\n%(page)s\n"
    ) % {
        "criterion": alarm.certificate.criterion.key, "errors": alarm.n_errors, "audits": alarm.n_audited,
        "in_doubt": alarm.n_in_doubt, "since": f"{_doubted_since(alarm):%Y-%m-%d %H:%M} UTC",
        "slug": alarm.project.slug, "page": page,
    }  # fmt: skip


def _doubted_since(alarm: Alarm) -> datetime:
    found: datetime = Decision.objects.get(pk=alarm.since_decision).created_at
    return found


def _doubt(certificate: Certificate, since: int) -> int:
    with moving(AgreedLabel):
        return len(bulk.execute(DOUBT, certificate=certificate.pk, since=since))


@transaction.atomic
def _ask(project: Project, ids: Iterable[int]) -> int:
    locked = [case for case in case_locks.lock(list(ids)).values() if case.stage == Stage.ACCEPTED]
    decisions.ask_people(project, locked, reason=Reason.RECHECK, people=RECHECKERS)
    return len(locked)
