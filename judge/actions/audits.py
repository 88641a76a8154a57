"""Audits: what people said of accepted cases, read in the order in which these were accepted (STATISTICS §4).

Reading stops at the first audit that nobody has answered. What an audit said when it was read stands: a correction
that comes later makes a better label and is not read again, so that nobody can undo an alarm, or cause one, twice.
Workers and commands read; pages read the row that they leave.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from judge.actions import alarms, bulk, rates, references
from judge.models import Alarm, AuditWatch, Certificate, Decision, Frame, Project
from judge.rules.routing import CellState, Route
from judge.rules.streams import uniform

#: Acceptances read in one transaction; bounds memory, not meaning.
BATCH = 2_000
#: An audit that nobody has answered for so long counts as an error: whoever leaves them lying gains nothing.
OVERDUE = timedelta(days=7)
#: Errors kept by their decision, from which an alarm dates the change; older ones are out of its reach.
KEPT_ERRORS = 5_000
#: Seconds to wait for acceptances under way; the next reading comes in a minute anyway.
PATIENCE = 2.0

#: What is accepted gets its number before it is committed, so a lower number may come to light later. The newest
#: number, and the first transaction that is younger than all those now under way: once these have ended, no number
#: up to the newest is missing.
NEWEST = "SELECT (SELECT max(id) FROM judge_decision), pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
#: Transactions of another database on the same server write no decisions of ours.
UNDER_WAY = """
SELECT EXISTS (SELECT FROM pg_snapshot_xip(pg_current_snapshot()) AS other
               WHERE other::text::bigint < %(before)s AND NOT EXISTS (
                   SELECT FROM pg_stat_activity a
                   WHERE a.datname <> current_database()
                     AND a.backend_xid::text::bigint = mod(other::text::bigint, 4294967296)))
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One acceptance. ``is_error`` is None where it is not audited, or not answered yet."""

    decision: int
    case: int
    confidence: float
    probability: float
    is_audited: bool
    at: datetime
    is_error: bool | None = None

    @property
    def is_open(self) -> bool:
        return self.is_audited and self.is_error is None


@dataclass(frozen=True, slots=True)
class Step:
    """What reading one batch led to."""

    alarm: Alarm | None = None
    is_more: bool = True


def read_all(project: Project | None = None) -> list[Alarm]:
    """Read what was answered under every certificate in force; the alarms that rang."""
    found = Certificate.objects.filter(state=CellState.CERTIFIED, watch__isnull=False)
    mine = found.filter(project=project) if project else found
    until = settled_until() if mine.exists() else 0
    read_ones = [read(each, until=until) for each in mine.select_related("judge", "policy").order_by("pk")]
    return [alarm for alarm in read_ones if alarm]


def read(certificate: Certificate, *, until: int | None = None) -> Alarm | None:
    """Advance the certificate's watch as far as its audits are answered; the alarm, if one rang now.

    ``until``: the last acceptance to look at, from :func:`settled_until`. Nothing moves once the certificate is no
    longer in force.
    """
    last = settled_until() if until is None else until
    step = Step()
    while step.is_more:
        step = _read_some(certificate, last)
    if step.alarm:
        alarms.recheck(step.alarm)
    return step.alarm


def settled_until(patience: float = PATIENCE) -> int:
    """The newest decision such that none with a lower number can still come to light; 0 if others are not done within
    ``patience`` seconds."""
    newest, before = bulk.execute(NEWEST)[0]
    deadline = time.monotonic() + patience
    while bulk.execute(UNDER_WAY, before=before)[0][0]:
        if time.monotonic() > deadline:
            return 0
        time.sleep(0.02)
    return newest or 0


def recorded(certificate: Certificate) -> Iterator[Accepted]:
    """What was accepted under the certificate, in order, with people's answers as they stand now; up to the first audit
    that waits. For replays: the watch reads each audit once."""
    after, is_more = 0, True
    while is_more:
        found = list(_acceptances(certificate, after, settled_until()))
        rows = _readable(_with_answers(certificate, found))
        yield from rows
        is_more = len(rows) == BATCH
        after = rows[-1].decision if rows else 0


def has_accepted(certificate: Certificate) -> bool:
    return Decision.objects.filter(certificate=certificate, route=Route.ACCEPT).exists()


@transaction.atomic
def _read_some(certificate: Certificate, until: int) -> Step:
    """One batch. Who got there first: the watch's row is the mutex, so a second
    reader waits here and then finds these acceptances read."""
    watch = AuditWatch.objects.select_for_update().get(certificate=certificate)
    if not Certificate.objects.filter(pk=certificate.pk, state=CellState.CERTIFIED).exists():
        return Step(is_more=False)
    n_confidences = _read_confidences(watch, certificate, until)
    found = list(_acceptances(certificate, watch.last_decision, until))
    readable = _readable(_with_answers(certificate, found))
    is_alarmed, n_read = _advance(watch, certificate, readable)
    _save(watch)
    if is_alarmed:
        since, changed_at = _date(watch, certificate)
        return Step(alarms.ring(certificate, watch, since=since, changed_at=changed_at), is_more=False)
    return Step(is_more=BATCH in (n_confidences, n_read))


def _advance(watch: AuditWatch, certificate: Certificate, rows: Sequence[Accepted]) -> tuple[bool, int]:
    """Move the watch over ``rows``, to the alarm at most; whether it rang, and how many rows were read."""
    from judge.stats import drift, running_bound

    alarm, least = drift.read_alarm(watch.state.get("alarm", {})), certificate.policy.pi_min
    n_read = 0
    for n_read, row in enumerate(rows, 1):  # noqa: B007 (read after the loop)
        if row.is_error is not None:
            alarm = drift.advance_alarm(
                alarm, is_error=row.is_error, probability=row.probability, alpha=certificate.alpha, least=least
            )
            if alarm.is_alarmed:
                break
    read_ones = rows[:n_read]
    reached = running_bound.advance_bound(
        running_bound.read_bound(watch.state.get("bound", {})),
        expected=[1 - row.confidence for row in read_ones],
        is_error=[math.nan if row.is_error is None else row.is_error for row in read_ones],
        probability=[row.probability for row in read_ones],
        least=least,
    )
    watch.state |= {"alarm": alarm.as_record(), "bound": reached.as_record()}
    watch.level, watch.bound = alarm.level, running_bound.bound(reached, least=least)
    _count(watch, read_ones)
    return alarm.is_alarmed, n_read


def _count(watch: AuditWatch, rows: Sequence[Accepted]) -> None:
    wrong = [row.decision for row in rows if row.is_error]
    watch.state["errors"] = [*watch.state.get("errors", ()), *wrong][-KEPT_ERRORS:]
    watch.n_accepted += len(rows)
    watch.n_audited += sum(row.is_error is not None for row in rows)
    watch.n_errors += len(wrong)
    if rows:
        watch.last_decision = rows[-1].decision


def _read_confidences(watch: AuditWatch, certificate: Certificate, until: int) -> int:
    """Whether cases still look alike: read as they are accepted, and not only as far as audits are answered."""
    from judge.stats import input_drift

    found = _of(watch.certificate_id, watch.state.get("confidences_read", 0), until)
    rows: list[Any] = list(found.values_list("pk", "confidence")[:BATCH])
    if rows:
        state = input_drift.advance_input(
            input_drift.read_input(watch.state.get("input", {})),
            confidence=[confidence for _, confidence in rows],
            tie=ties(certificate, [pk for pk, _ in rows]),
        )
        watch.state |= {"input": state.as_record(), "confidences_read": rows[-1][0]}
        watch.input_drift = state.highest
    return len(rows)


def ties(certificate: Certificate, decisions: Iterable[int]) -> list[float]:
    """What breaks ties among confidences: chance to everybody who does not know the frame's salt, and the same again
    for whoever reads the acceptances a second time."""
    salt = Frame.objects.filter(pk__in=certificate.frames).order_by("pk").values_list("salt", flat=True).first()
    return [uniform(salt or str(certificate.pk), f"tie:{pk}") for pk in decisions]


def _save(watch: AuditWatch) -> None:
    """``rate`` is what the next single acceptance would have; a batch asks for its own (judge.actions.rates)."""
    pace = rates.now([watch.certificate_id])[watch.certificate_id]
    watch.rate = replace(pace, input_drift=watch.input_drift).rate()
    watch.rated_at = watch.updated_at = Now()
    watch.save()


def _of(certificate_id: int, after: int, until: int) -> QuerySet[Decision]:
    found: QuerySet[Decision] = Decision.objects.filter(
        certificate=certificate_id, route=Route.ACCEPT, pk__gt=after, pk__lte=until
    )
    return found.order_by("pk")


def _acceptances(certificate: Certificate, after: int, until: int) -> Iterable[Accepted]:
    columns = ("pk", "case_id", "confidence", "audit_probability", "is_audited", "created_at")
    rows = _of(certificate.pk, after, until).values_list(*columns)[:BATCH]
    return (Accepted(*row) for row in rows)


def _with_answers(certificate: Certificate, rows: Sequence[Accepted]) -> list[Accepted]:
    """The same with e of STATISTICS §1 where people have answered, or should have long ago."""
    audited = [row.case for row in rows if row.is_audited]
    read_ones = references.of_cases(certificate.judge, certificate.criterion_id, audited) if audited else []
    errors = {each.case_id: each.is_error for each in read_ones if each.is_answered}
    too_old = timezone.now() - OVERDUE
    return [
        replace(row, is_error=errors.get(row.case, True if row.at < too_old else None)) if row.is_audited else row
        for row in rows
    ]


def _readable(rows: Sequence[Accepted]) -> Sequence[Accepted]:
    stop = next((place for place, row in enumerate(rows) if row.is_open), len(rows))
    return rows[:stop]


def _date(watch: AuditWatch, certificate: Certificate) -> tuple[Decision, datetime]:
    """From which acceptance on labels are doubted, and since when the judge may be another one (judge.stats.dating).

    What was accepted between the last audit before the earliest plausible change and the first after it is doubted too.
    """
    from judge.stats.dating import date_change

    accepted = _of(certificate.pk, 0, watch.last_decision)
    audits: list[Any] = list(accepted.filter(is_audited=True).values_list("pk", "created_at"))
    errors: list[int] = watch.state["errors"]
    if len(errors) == KEPT_ERRORS:
        audits = [each for each in audits if each[0] >= errors[0]]
    wrong = set(errors)
    change = date_change([pk in wrong for pk, _ in audits], alpha=certificate.alpha)
    first = accepted.filter(pk__gt=audits[change.earliest - 1][0] if change.earliest else 0).first()
    assert first is not None, "an audit is an acceptance"
    return first, audits[change.latest][1]
