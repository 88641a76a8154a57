"""Importing by command against a bare COPY of the same rows: contexts, items and cases as the import made them.

The bare COPY reads a file that Postgres wrote of just these rows, into empty tables with the same columns, checks and
indexes. The command reads JSON lines, checks each, draws streams, looks for what is known, and keeps its word if it is
killed. Both commit durably. Foreign keys and the routing of cases to people are part of the import's time alone.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from django.db import connection

from judge.models import Case, Item
from tests import factories
from tests.benchmarks.figures import Figure
from tests.benchmarks.loop_import import run
from tests.benchmarks.operate_push import lines

N_ITEMS = 1_000_000 if os.environ.get("COJUDGE_BENCH_ALL") == "1" else 100_000
FIGURES = {"operate.import_over_copy": "≥ .3"}
TABLES = ("judge_context", "judge_item", "judge_case")


def measure() -> list[Figure]:
    from llm_judge.actions import setups

    project = factories.make_project("Bench import")
    setups.use_scripted(project)  # with a judge, items wait for it: an import alone, without the routing
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines(0, N_ITEMS))
        peak_mb, seconds = run([sys.executable, "manage.py", "import_items", project.slug, str(path)])
        bare = copy_bare(Path(folder))
    is_whole = Item.objects.count() == N_ITEMS and Case.objects.count() == 2 * N_ITEMS
    reason = "" if is_whole else "not every item arrived"
    ratio = bare / seconds
    told = (
        f"{N_ITEMS:,} items, {2 * N_ITEMS:,} cases: {N_ITEMS / seconds:,.0f} items/s in {seconds:.1f} s with the "
        f"command's start, peak {peak_mb:.0f} MB; bare COPY {N_ITEMS / bare:,.0f} items/s in {bare:.1f} s"
    )
    return [Figure("operate.import_over_copy", ratio, "of COPY", "≥ .3", ratio >= 0.3 and is_whole, told, reason)]


def copy_bare(folder: Path) -> float:
    """Seconds that COPY takes for the rows that are in the tables now."""
    files = {table: folder / f"{table}.copy" for table in TABLES}
    with connection.cursor() as cursor:
        for table, path in files.items():
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            with path.open("wb") as file, cursor.copy(f"COPY {table} TO STDOUT") as rows:
                file.writelines(bytes(part) for part in rows)
        start = time.monotonic()
        for table, path in files.items():
            with path.open("rb") as file, cursor.copy(f"COPY bare_{table} FROM STDIN") as rows:
                while part := file.read(1 << 20):
                    rows.write(part)
        return time.monotonic() - start
