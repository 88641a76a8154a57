"""The project that people and machines work on while everything falls: imported when Django stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from annotation.actions import leases
from annotation.models import Lease
from judge.actions import items
from judge.formats.reading import Row
from judge.models import AgreedLabel, Judgment, Project, Purpose, Role, User
from llm_judge.actions import calls, runs, setups
from llm_judge.models import Endpoint, Run
from tests import factories
from tests.judge import proofs

IN_FLIGHT = 16
PER_CONTEXT = 5


def open_shop(folder: Path, *, n_people: int, n_items: int) -> tuple[Project, Run]:
    """Tables, a project judged by the server at JUDGE_URL that may accept one criterion by itself, people with
    sessions, items, and a run that waits for a worker."""
    call_command("migrate", verbosity=0, interactive=False)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    project = factories.make_project("Shop", lease_minutes=1, pi_min=0.2)
    setups.use_server(project)
    calls.close()
    Endpoint.objects.filter(name="server").update(max_in_flight=IN_FLIGHT, timeout_s=10)
    proofs.certify(project, "relevance", threshold=0.9)
    people = [factories.make_member(project, f"person{n}", Role.ANNOTATOR) for n in range(n_people)]
    (folder / "cookies.json").write_text(json.dumps([session(person) for person in people]))
    items.import_rows(project, rows(n_items), by=None, reject=_refuse, frame="shop")
    return project, runs.start(project, by=None)


def rows(n: int) -> Iterator[Row]:
    for i in range(n):
        context = f"person {i // PER_CONTEXT} likes tents"
        yield Row(i + 1, {"id": f"item-{i}", "context": context, "output": f"tent number {i}"})


def session(person: User) -> dict[str, str]:
    """The cookie of a browser that this person is logged in with."""
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return {name: client.cookies[name].value}


def judge(run: Run, broker: str) -> None:
    """Wake a worker for the run."""
    with current_app.connection_for_write(broker) as line:
        current_app.send_task("llm_judge.tasks.start_run", (run.pk,), connection=line)


def look_afresh() -> None:
    """The connection of ours may be of a server that was killed since."""
    connection.close()


def n_votes(project: Project) -> int:
    look_afresh()
    votes = Judgment.objects.filter(case__project=project, purpose=Purpose.VOTE, rater__kind="machine")
    return votes.count()


def n_accepted(project: Project) -> int:
    return AgreedLabel.objects.filter(case__project=project, basis="judge").count()


def tidy(project: Project) -> None:
    """Let the time of items that people left lying run out, and sweep them as beat does."""
    Lease.objects.filter(project=project, closed_at=None).update(expires_at=Now())
    while leases.sweep_expired(project):
        pass


def _refuse(rejected: object) -> None:
    raise AssertionError(f"a line of the bench's own was rejected: {rejected}")
