"""Twenty processes claim and answer 2,000 items each while they are killed at random, keep items too long and send
twice: nothing is leased twice, asked too often, lost or doubled."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.db import connection
from django.db.models import Count, F
from psycopg.conninfo import make_conninfo

from annotation.actions import leases
from annotation.models import Lease, Submission
from judge.models import Case, Judgment, Project, Role
from tests import factories
from tests.annotation.answering import run_out
from tests.benchmarks.figures import Figure
from tests.benchmarks.people_queue import fill

FIGURES = {"people.races_broken_promises": "0"}
PEOPLE, CLAIMS = 20, int(os.environ.get("COJUDGE_BENCH_CLAIMS", "2000"))
#: Seconds between kills.
PEACE = 3.0
#: Items beyond two seats for each claim: late answers are extra ones, and the last people must find something.
SPARE = 1_000


def measure() -> list[Figure]:
    project = fill("Unruly", PEOPLE * CLAIMS // 2 + SPARE)
    names = [f"person{number}" for number in range(PEOPLE)]
    for name in names:
        factories.make_member(project, name, Role.ANNOTATOR)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        n_killed = live(project, names, Path(folder))
        acknowledged = {name: read(Path(folder) / name) for name in names}
    seconds, n = time.monotonic() - start, sum(map(len, acknowledged.values()))
    for lease in Lease.objects.filter(project=project, closed_at=None):
        run_out(lease)
    leases.sweep_expired(project)
    broken = count_broken(project, acknowledged)
    told = f"{n:,} submits acknowledged, {n_killed} kills, {n / seconds:.0f} a second: {broken}"
    print(told, file=sys.stderr)
    name, total = "people.races_broken_promises", sum(broken.values())
    return [
        Figure(name, total, "", FIGURES[name], met=not total and n == PEOPLE * CLAIMS and n_killed > 0, baseline=told)
    ]


def live(project: Project, names: list[str], folder: Path) -> int:
    """Everybody works until they are done; how many were killed on the way."""
    url = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    chance, n_killed = random.Random(8), 0

    def start(name: str) -> subprocess.Popen[bytes]:
        words = [project.slug, name, str(CLAIMS), str(folder / name)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.annotation.unruly", *words], env=os.environ | {"DATABASE_URL": url}
        )

    crew = {name: start(name) for name in names}
    while crew:
        time.sleep(PEACE)
        for name, process in list(crew.items()):
            if process.poll() is not None:
                assert process.returncode == 0, f"{name} failed with {process.returncode}"
                del crew[name]
        if crew:
            name = chance.choice(sorted(crew))
            crew[name].kill()
            if crew[name].wait() != 0:
                n_killed += 1
                crew[name] = start(name)
    return n_killed


def read(path: Path) -> list[dict[str, str]]:
    """The journal; a kill may have cut its last line."""
    found = []
    for line in path.read_text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def count_broken(project: Project, acknowledged: dict[str, list[dict[str, str]]]) -> dict[str, int]:
    """Everything that must not be, by name."""
    keys = {row["key"] for rows in acknowledged.values() for row in rows}
    stored = {str(key) for key in Submission.objects.filter(project=project).values_list("key", flat=True)}
    answers = Judgment.objects.filter(case__project=project, retracted_at=None)
    votes = answers.filter(purpose="vote")
    cases = Case.objects.filter(project=project)
    by_case = dict(votes.values_list("case").annotate(n=Count("pk")))
    twice = answers.values("case", "rater").annotate(n=Count("pk")).filter(n__gt=1).count()
    return {
        "acknowledged and not stored": len(keys - stored),
        "a submit without an answer to each of its two cases": abs(answers.count() - 2 * len(stored)),
        "an answer of one person twice": twice,
        "a case with more votes than people wanted": votes.values("case", wanted=F("case__people_wanted"))
        .annotate(n=Count("pk"))
        .filter(n__gt=F("wanted"))
        .count(),
        "a seat miscounted": sum(
            taken != by_case.get(pk, 0) for pk, taken in cases.values_list("pk", "seats_taken").iterator()
        ),
        "open leases of one item and person": Lease.objects.filter(project=project, closed_at=None).count(),
        "people who had nothing left to do": sum(len(rows) < CLAIMS for rows in acknowledged.values()),
    }
