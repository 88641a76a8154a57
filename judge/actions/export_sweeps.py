"""Exports whose message was lost, with a broker or with a worker that was killed: they are asked for again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from judge.actions import queues
from judge.models import ExportJob

TASK, QUEUE = "judge.tasks.make_export", "export"
#: Without a sign of life for so long, workers are asked whether any of them has it.
QUIET = timedelta(seconds=60)
#: An export that is not made by then kills whoever tries.
MOST = timedelta(hours=12)
Find = Callable[[str, str, list[int]], list[int]]


def sweep(*, send: Callable[[int], object], find: Find = queues.find_lost) -> int:
    """Send again what no worker has and no message tells of; give up what is too old. Returns how many were sent."""
    now = timezone.now()
    open_ones = ExportJob.objects.filter(state__in=(ExportJob.State.ASKED, ExportJob.State.RUNNING))
    why = "It was begun again and again and never done. Ask for less at once, or use manage.py export_labels."
    open_ones.filter(created_at__lt=now - MOST).update(state=ExportJob.State.FAILED, why=why, moved_at=Now())
    quiet = list(open_ones.filter(moved_at__lt=now - QUIET).order_by("pk").values_list("pk", flat=True))
    lost = find(TASK, QUEUE, quiet)
    for job_id in lost:
        ExportJob.objects.filter(pk=job_id).update(moved_at=Now())
        send(job_id)
    return len(lost)
