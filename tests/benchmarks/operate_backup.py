"""A backup of a project of a million cases, restored into an empty database: the snapshot made again there has the same
bytes. 200,000 cases stand for a million unless COJUDGE_BENCH_ALL=1."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from judge.models import Case, Snapshot
from judge.services.postgres import throwaway_postgres
from judge.services.state import CHECKOUT
from tests.benchmarks import export_rows
from tests.benchmarks.figures import Figure

SAME, SECONDS = "operate.backup_snapshot_differs", "operate.backup_and_restore_seconds_a_million"
FIGURES = {SAME: "= 0", SECONDS: "told"}


def measure() -> list[Figure]:
    project = export_rows.fill("Bench backup", export_rows.N)
    n, in_base = Case.objects.filter(project=project).count(), size_of_database()
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        call_command("export_labels", project.slug, "--even-so", "--output", str(folder / "before"))
        backup = timed(os.environ["DATABASE_URL"], "backup", str(folder / "backup"))
        size = sum(path.stat().st_size for path in (folder / "backup").iterdir())
        with elsewhere() as url:
            restore = timed(url, "restore", str(folder / "backup"))
            again = ("export_labels", project.slug, "--snapshot", str(Snapshot.objects.get().pk), "--output")
            timed(url, *again, str(folder / "after"))
        differs = digest(folder / "before") != digest(folder / "after")
    said = f"{n:,} cases: backup {backup:.0f} s, restore {restore:.0f} s; {size / 1e6:.0f} MB of {in_base / 1e6:.0f} MB"
    a_million = (backup + restore) * 1e6 / n
    return [
        Figure(SAME, int(differs), "files", FIGURES[SAME], not differs, said),
        Figure(SECONDS, round(a_million, 1), "s", FIGURES[SECONDS], True, said),
    ]


@contextmanager
def elsewhere() -> Iterator[str]:
    """An empty database of another server."""
    with throwaway_postgres(durable=True) as address:
        yield address.url


def timed(url: str, *words: str) -> float:
    """Seconds that a command of ours takes on that database, as people type it."""
    began = time.monotonic()
    environment = os.environ | {"DATABASE_URL": url}
    subprocess.run([sys.executable, "manage.py", *words], cwd=CHECKOUT, env=environment, check=True)
    return time.monotonic() - began


def size_of_database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def digest(folder: Path) -> str:
    with (folder / "labels.jsonl").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
