"""An export whose message was lost is asked for again; one that a worker has is left alone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from judge.actions import export_sweeps, queues
from judge.models import ExportJob, Project, User


def job(
    project: Project, by: User, *, quiet: timedelta, state: str = "running", age: timedelta | None = None
) -> ExportJob:
    made: ExportJob = ExportJob.objects.create(key=uuid.uuid4(), project=project, order={}, state=state, by=by)
    now = timezone.now()
    ExportJob.objects.filter(pk=made.pk).update(moved_at=now - quiet, created_at=now - (age or quiet))
    return made


def test_only_quiet_exports_that_no_worker_has_are_sent_again_and_once(project: Project, tim: User) -> None:
    minute = timedelta(minutes=2)
    lost, held = job(project, tim, quiet=minute), job(project, tim, quiet=minute)
    moving = job(project, tim, quiet=minute / 9)
    done = job(project, tim, quiet=minute, state="done")
    sent: list[int] = []
    for _ in range(2):
        export_sweeps.sweep(send=sent.append, find=lambda _task, _queue, ids: [each for each in ids if each != held.pk])
    assert sent == [lost.pk]
    assert {moving.pk, done.pk}.isdisjoint(sent)


def test_an_export_that_is_never_done_fails_in_words(project: Project, tim: User) -> None:
    old = job(project, tim, quiet=timedelta(minutes=5), age=timedelta(hours=13))
    assert export_sweeps.sweep(send=pytest.fail, find=lambda _task, _queue, ids: ids) == 0
    old.refresh_from_db()
    assert (old.state, "never done" in old.why) == ("failed", True)


def test_nothing_counts_as_lost_where_nobody_can_be_asked(settings: object) -> None:
    settings.BROKER_URL = ""  # type: ignore[attr-defined]
    assert queues.find_lost("judge.tasks.make_export", "export", [1]) == []
