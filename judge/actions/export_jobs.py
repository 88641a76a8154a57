"""Exports that are asked for on the page: made by a worker, or beside the web process where there is no queue.

The web process itself never makes one: an export reads millions of rows and computes intervals. Its archive waits in
the state folder for a while; the snapshot stays, and makes it again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from django.db.models.functions import Now
from django.utils import translation
from psycopg.conninfo import make_conninfo

from judge.actions import erasures, exports, members, queues, snapshots
from judge.actions.exports import ExportReport, Order, Told
from judge.errors import CojudgeError, InputError
from judge.models import AgreedLabel, ExportJob, Project, User
from judge.rules.exporting import parse_filters, parse_split
from judge.services import state

#: Archives wait this long for somebody to fetch them.
KEEP_SECONDS = 7 * 24 * 60 * 60
#: Labels that are exported while the page waits, where there is no queue.
MOST_AT_ONCE = 50_000
#: Seconds that the page waits at most.
PATIENCE = 120


def start(project: Project, order: Mapping[str, Any], *, by: User) -> ExportJob:
    """Have ``order`` made: by a worker, or at once where there is no queue.

    Raises InputError for an order that cannot be read or is too large to be made at once.
    """
    _read(project, order)  # what is wrong with it is told now
    _forget_old()
    n_labels = AgreedLabel.objects.filter(criterion__project=project, status=AgreedLabel.Status.LIVE).count()
    if not settings.BROKER_URL and n_labels > MOST_AT_ONCE:
        raise InputError(
            f"{n_labels:,} labels are too many to be exported here without a worker",
            next_step="Use manage.py export_labels, or set up a queue (BROKER_URL).",
        )
    with transaction.atomic():
        job = ExportJob.objects.create(
            key=uuid.uuid4(), project=project, order=dict(order), n_labels=n_labels, by=by
        )  # fmt: skip
        if settings.BROKER_URL:
            queues.send("judge.tasks.make_export", job.pk)
    if not settings.BROKER_URL:
        _run_beside(job)
    job.refresh_from_db()
    return job


def work(job_id: int) -> None:
    """What the worker does. A message that comes twice finds the job done."""
    job = ExportJob.objects.select_related("by").get(pk=job_id)
    if job.state in (ExportJob.State.DONE, ExportJob.State.FAILED):
        return
    _move(job, state=ExportJob.State.RUNNING, n_rows=0)
    with translation.override(job.by.language or None):
        try:
            report = _make(job)
        except (CojudgeError, OSError) as error:
            _move(job, state=ExportJob.State.FAILED, why=str(error))
            return
    _move(job, state=ExportJob.State.DONE, n_rows=report.n_rows, snapshot=report.snapshot)


def archive(job: ExportJob, *, by: User) -> Path | None:
    """The file to fetch; None where it waits no longer, or holds what this person must not see."""
    if job.by_id != by.pk or job.snapshot is None:
        return None
    if job.snapshot.sees_certify and not members.may_see_certify(job.project, by):
        return None
    path = _archive_path(job)
    is_whole = path.is_file() and not erasures.is_stale(job.project, job.created_at)
    return path if is_whole else None


def _make(job: ExportJob) -> ExportReport:
    project = Project.objects.select_related("policy", "rubric", "judge", "generator_template").get(pk=job.project_id)
    progress = _teller(job)
    target = _archive_path(job)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{job.key}.") as made:
        folder = Path(made) / f"{project.slug}-{job.order.get('format', 'labels')}"
        if number := job.order.get("snapshot"):
            report = exports.make_again(snapshots.find(number, project), folder, by=job.by, progress=progress)
        else:
            report = exports.make(project, _read(project, job.order), folder, by=job.by, progress=progress)
        _pack(folder, Path(made) / "archive.zip").replace(target)
    return report


def _read(project: Project, order: Mapping[str, Any]) -> Order:
    """The order in the words of the form."""
    since = order.get("since")
    return Order(
        format=order.get("format", "labels"), kind=order.get("kind", "jsonl"), dialect=order.get("dialect", ""),
        filters=parse_filters(order.get("where", ())), split=parse_split(order.get("split", "")),
        since=snapshots.find(since, project) if since else None, even_so=bool(order.get("even_so")),
    )  # fmt: skip


def _pack(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, f"{folder.name}/{path.name}")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return target


def _teller(job: ExportJob) -> Told:
    """Progress goes through a connection of its own: the export's transaction is seen by nobody before it ends."""

    def tell(n_rows: int) -> None:
        beside = connections.create_connection("default")
        try:
            with beside.cursor() as cursor:
                cursor.execute(
                    "UPDATE judge_exportjob SET n_rows = %s, moved_at = now() WHERE id = %s", [n_rows, job.pk]
                )
        finally:
            beside.close()

    return tell


def _move(job: ExportJob, **columns: Any) -> None:
    ExportJob.objects.filter(pk=job.pk).update(**columns, moved_at=Now())


def _run_beside(job: ExportJob) -> None:
    """A process of its own, so that the web process stays small; it is waited for."""
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), "make_export", str(job.pk)]
    environment = {**os.environ, "DATABASE_URL": _address(), "COJUDGE_SECRET_KEY": settings.SECRET_KEY}
    try:
        done = subprocess.run(words, env=environment, timeout=PATIENCE, capture_output=True, text=True, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        _move(job, state=ExportJob.State.FAILED, why=f"not done after {PATIENCE} seconds; use manage.py export_labels")
        return
    if done.returncode:
        _move(job, state=ExportJob.State.FAILED, why=done.stderr[-500:] or "it ended without a word")


def _address() -> str:
    told = connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    parts = {name: str(told[key]) for key, name in names.items() if told.get(key)}
    options = {key: value for key, value in told.get("OPTIONS", {}).items() if isinstance(value, str)}
    return make_conninfo("", **{**options, **parts})


def _archive_path(job: ExportJob) -> Path:
    return state.folder() / "exports" / str(job.project_id) / f"{job.key}.zip"


def _forget_old() -> None:
    """Archives that nobody fetched, and folders of exports that were killed."""
    for path in (state.folder() / "exports").glob("*/*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
