"""What people at the workbench feel of a large export: next-item times over HTTP at rest and while it runs.

The export is `manage.py export_labels`; it goes on for as long as it takes, and so do the people.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

from django.db import connection

from judge.actions import summaries
from judge.models import Project
from tests.benchmarks import export_rows, people_http, people_queue
from tests.benchmarks.export_rows import N
from tests.benchmarks.figures import Figure

FIGURES = {"export.web_next_item_p95": "≤ 2 × idle"}
#: In the queue of the people.
WAITING = 100_000
SECONDS = 20.0


def measure() -> list[Figure]:
    waiting, labelled = people_queue.fill("Queue", WAITING), export_rows.fill("Bench large", N)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    summaries.refresh_due()
    with people_http.two_web_workers() as (address, _web):
        cookies = people_http.sessions(waiting)
        people_http.load(address, waiting, cookies, people_http.CALM, 5)
        idle = people_http.load(address, waiting, cookies, people_http.CALM, SECONDS)["p95"]
        busy, told = beside(labelled, lambda: people_http.load(address, waiting, cookies, people_http.CALM, 10))
    p95 = quantiles([ms for each in busy for ms in each["took"]], n=20)[-1]
    baseline = f"p95 {p95:.0f} ms in {len(busy)} spells of 10 s beside it, {idle:.0f} ms at rest; {told}"
    return [Figure("export.web_next_item_p95", p95 / idle, "× idle", "≤ 2 × idle", p95 <= 2 * idle, baseline)]


def beside(project: Project, load: Any) -> tuple[list[dict[str, Any]], str]:
    """What people met while the export ran, whole spells only, and how fast it went."""
    spells: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "manage.py", "export_labels", project.slug, "--output", folder, "--even-so"]
        start = time.monotonic()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as running:
            while running.poll() is None:
                spells.append(load())
        with (Path(folder) / "labels.jsonl").open("rb") as lines:
            n_rows = sum(1 for _ in lines)
    whole = spells[:-1] or spells  # the last one outlived the export
    return whole, f"{n_rows:,} rows in at most {time.monotonic() - start:.0f} s"
