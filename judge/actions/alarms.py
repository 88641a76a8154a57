"""Alarms: what an alarm withdraws, and what ends it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max
from django.db.models.functions import Now

from judge.models import Alarm, Criterion, moving


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
