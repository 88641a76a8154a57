"""A real Celery worker on a broker of its own: started, killed without warning, started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.db import connection
from django.db.models import Count, F
from psycopg.conninfo import make_conninfo

from judge.models import Case, Judgment, Project, Purpose
from judge.services import state, supervise, valkey
from llm_judge.actions import runs, setups
from llm_judge.models import Completion, Endpoint, Run
from tests import factories

PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was in the database at the kill, and in the end."""

    n_cases: int
    n_votes_at_kill: int
    n_votes: int
    n_twice: int
    n_never: int
    n_decisions: int
    n_completions: int
    status: str


def judge_through_a_kill(n_items: int = 400) -> Outcome:
    """Judge by scripted answers that take 50 ms; kill the worker, with all that it started, while two batches are
    under way and others wait in the queue; start another."""
    project = slow_project(n_items)
    run = runs.start(project, by=None)
    with broker() as (url, log):
        worker = start_worker(url, log)
        try:
            send(url, "start_run", run.pk)
            wait_until(lambda: votes(project) >= n_items // 4, "the worker judges", log)
            kill(worker)
            n_at_kill = votes(project)
            worker = start_worker(url, log)
            wait_until(lambda: has_ended(run, url), "the run ends", log)
        finally:
            kill(worker)
    return outcome(project, run, n_at_kill)


def slow_project(n_items: int) -> Project:
    """Two cases for each item, answered at a pace that leaves time for a kill."""
    project = factories.make_project(f"Through a kill {Project.objects.count()}")
    setups.use_scripted(project)
    Endpoint.objects.filter(name="scripted").update(max_in_flight=4, options={"latency_s": 0.05})
    factories.import_items(project, n=n_items)
    return project


@contextmanager
def broker() -> Iterator[tuple[str, Path]]:
    """The URL of a Valkey of our own, in a folder of its own, and a log beside it."""
    folder = Path(tempfile.mkdtemp(prefix="cojudge-worker-"))
    folder.chmod(0o711)  # as root the server runs as a lesser user, who must pass
    before = os.environ.get("COJUDGE_STATE")
    os.environ["COJUDGE_STATE"] = str(folder / "state")
    try:
        yield valkey.ensure(), folder / "worker.log"
    finally:
        service = supervise.find("valkey")
        supervise.end(service)
        supervise.release(service)
        os.environ.pop("COJUDGE_STATE")
        os.environ |= {"COJUDGE_STATE": before} if before else {}
        shutil.rmtree(folder)


def start_worker(url: str, log: Path) -> subprocess.Popen[bytes]:
    """A worker with two processes on this database and broker; the head of a process group."""
    environment = os.environ | {"BROKER_URL": url, "DATABASE_URL": database_url(), "COJUDGE_LOG_LEVEL": "WARNING"}
    words = [sys.executable, "-m", "celery", "-A", "judge", "worker", "-Q", "judge,interactive", "-c", "2"]
    words += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    with log.open("a") as said:
        return subprocess.Popen(
            words, cwd=state.CHECKOUT, env=environment, start_new_session=True, stdout=said, stderr=said
        )


def database_url() -> str:
    """The database of this very connection: in tests it has another name than DATABASE_URL says."""
    of = connection.settings_dict
    return make_conninfo(
        dbname=of["NAME"], user=of["USER"], password=of["PASSWORD"] or None, host=of["HOST"], port=of["PORT"] or None
    )


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9 the worker and every process that it started."""
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(timeout=30)


def send(url: str, task: str, *args: object) -> None:
    with current_app.connection_for_write(url) as line:
        current_app.send_task(f"llm_judge.tasks.{task}", args, connection=line)


def has_ended(run: Run, url: str) -> bool:
    """Whether the run is over; where it is silent, shorten the sweeper's patience and call it, as beat would."""
    run.refresh_from_db()
    before = run.n_done
    if run.is_live:
        time.sleep(1)
        run.refresh_from_db()
        if run.is_live and run.n_done == before:
            Run.objects.filter(pk=run.pk).update(progressed_at=F("progressed_at") - timedelta(minutes=5))
            send(url, "sweep_runs")
    return not run.is_live


def wait_until(is_so: Callable[[], bool], what: str, log: Path | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            said = f"; the worker said:\n{log.read_text(errors='replace')[-4_000:]}" if log else ""
            raise AssertionError(f"waited {PATIENCE} seconds in vain until {what}{said}")
        time.sleep(0.05)


def votes(project: Project) -> int:
    return Judgment.objects.filter(case__project=project, purpose=Purpose.VOTE).count()


def outcome(project: Project, run: Run, n_at_kill: int) -> Outcome:
    cases = Case.objects.filter(project=project)
    of_judge = Judgment.objects.filter(case__project=project, rater__kind="machine", purpose=Purpose.VOTE)
    return Outcome(
        n_cases=cases.count(),
        n_votes_at_kill=n_at_kill,
        n_votes=of_judge.count(),
        n_twice=of_judge.values("case").annotate(n=Count("pk")).filter(n__gt=1).count(),
        n_never=cases.exclude(pk__in=of_judge.values("case")).count(),
        n_decisions=cases.filter(decisions__isnull=False).count(),
        n_completions=Completion.objects.filter(run=run, judgment__isnull=False).count(),
        status=run.status,
    )
