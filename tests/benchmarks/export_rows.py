"""Exports of many labels against Postgres's own COPY of the same joined columns, on the same database.

200,000 labels stand for a million unless COJUDGE_BENCH_ALL=1: rates are per row, and memory is compared between the
first 100,000 and all. Each export runs in a process of its own, whose peak memory is the kernel's figure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from django.db import connection

from judge.actions import export_scope, export_seen, export_sql, projects, summaries
from judge.actions.export_scope import Scope, Tally
from judge.models import AgreedLabel, Project
from judge.views import flow
from tests import factories
from tests.benchmarks.figures import Figure

N = 1_000_000 if os.environ.get("COJUDGE_BENCH_ALL") == "1" else 200_000
ROUNDS = 3
FIGURES = {
    "export.jsonl_vs_copy": ">= .5", "export.parquet_vs_csv_copy": ">= .5", "export.memory_ratio": "<= 1.1",
    "export.memory_mb": "<= 300", "export.snapshot_bytes_differ": "0", "export.rows_differ": "0",
}  # fmt: skip

FILL = """
INSERT INTO judge_context (project_id, identity, user_key, content)
SELECT %(project)s, 'c' || n, 'u' || n / 2,
       to_json('user ' || n || ' bought ' || repeat('tents, poles and a moss pole; ', 6))
FROM generate_series(1, %(n)s / 10) n;
INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator, language,
                        category, stream, stream_probability, stream_reason)
SELECT %(project)s, x.id, %(frame)s, 'i' || x.id || '-' || n, 'single', to_json('clip-on grow light ' || n), '', '{}',
       'g' || n %% 3, 'en', '', 'open', 1, 'drawn'
FROM judge_context x CROSS JOIN generate_series(1, 5) n WHERE x.project_id = %(project)s;
INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order)
SELECT %(project)s, i.id, k.id, 'agreed', 2, 2, 0, random()
FROM judge_item i CROSS JOIN judge_criterion k WHERE i.project_id = %(project)s AND k.project_id = %(project)s
ON CONFLICT DO NOTHING;
INSERT INTO judge_decision (case_id, route, reason, people_wanted, policy_id, is_audited)
SELECT c.id, 'people', 'no_certificate', 2, %(policy)s, false FROM judge_case c WHERE c.project_id = %(project)s;
INSERT INTO judge_judgment (case_id, criterion_id, rater_id, purpose, label, unscored_reason, origin, suspicion)
SELECT c.id, c.criterion_id, r.id, 'vote', s.key, '', '', ''
FROM judge_case c CROSS JOIN judge_rater r
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.position = c.id %% 2
WHERE c.project_id = %(project)s AND r.id = ANY (%(raters)s);
INSERT INTO judge_agreedlabel (case_id, criterion_id, label, basis, n_people, probs, p_wrong, status, reason)
SELECT c.id, c.criterion_id, s.key, 'consensus', 2, jsonb_build_object(s.key, 16/17.0), 1/17.0::float8, 'live', ''
FROM judge_case c JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.position = c.id %% 2
WHERE c.project_id = %(project)s;
"""


def measure() -> list[Figure]:
    small, large = fill("Bench small", min(N, 100_000)), fill("Bench large", N)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    summaries.refresh_due()  # as beat has workers do every few minutes
    with tempfile.TemporaryDirectory() as folder:
        lines = compare(large, "jsonl", Path(folder))
        table = compare(large, "parquet", Path(folder))
        return [
            rate("export.jsonl_vs_copy", lines),
            rate("export.parquet_vs_csv_copy", table),
            *memory(small, large, Path(folder)),
            same_bytes(large, Path(folder)),
            same_counts(large, Path(folder)),
        ]


def fill(name: str, n: int) -> Project:
    """A project of n labels that two people agreed on, written by Postgres itself."""
    project = factories.make_project(name)
    (first,) = factories.import_items(project)
    people = [projects.rater_of(factories.make_user(f"{name.split()[1]}{i}")).pk for i in range(2)]
    values = {
        "project": project.pk, "n": n, "frame": first.frame_id, "policy": project.policy_id, "raters": people
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
    return project


def compare(project: Project, kind: str, folder: Path) -> tuple[float, float]:
    """Rows a second: ours from the first statement to the files on the disk, and COPY of the joined columns to a
    file; the median of rounds that take turns."""
    ours, theirs = [], []
    for number in range(ROUNDS):
        theirs.append(timed(lambda: bare_copy(project, folder / "bare", kind)))
        ours.append(export(project, kind, folder / f"{kind}{number}")["seconds"])
    n = AgreedLabel.objects.filter(case__project=project, status="live").count()
    return n / median(ours), n / median(theirs)


def bare_copy(project: Project, path: Path, kind: str) -> None:
    """What psycopg alone takes for the same rows: text for JSON lines, CSV for tables."""
    columns = ", ".join(export_sql.LABELS_COLUMNS.values())
    with connection.cursor() as cursor, path.open("wb") as file:
        cursor.execute("BEGIN")
        scope = Scope(project, seen=export_seen.look(project))
        export_scope.select(scope, Tally())
        start = time.monotonic()
        form = "(FORMAT csv)" if kind == "parquet" else ""
        with cursor.copy(f"COPY ({export_sql.labels(columns)}) TO STDOUT {form}", scope.parameters) as copy:
            for line in copy:
                file.write(line)
        bare_copy.seconds = time.monotonic() - start  # type: ignore[attr-defined]
        cursor.execute("COMMIT")


def timed(work: Callable[[], None]) -> float:
    """Choosing the labels is no part of the bare copy: only the COPY itself counts."""
    work()
    return float(bare_copy.seconds)  # type: ignore[attr-defined]


ONE = """
import json, sys, time
import django
django.setup()
from pathlib import Path
from judge.actions import exports
from judge.models import Project
project = Project.objects.select_related("policy", "rubric", "judge", "generator_template").get(pk=int(sys.argv[1]))
start = time.monotonic()
report = exports.export(project, "labels", Path(sys.argv[3]), by=None, kind=sys.argv[2], even_so=True)
seconds = time.monotonic() - start
# not getrusage: that begins with the peak of the process that started this one
peak = next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "mb": peak, "rows": report.n_rows, "snapshot": report.snapshot.pk,
                  "sha256": report.snapshot.files[0]["sha256"]}))
"""


def export(project: Project, kind: str, folder: Path) -> dict[str, float]:
    """One export in a process of its own."""
    words = [sys.executable, "-c", ONE, str(project.pk), kind, str(folder)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rate(name: str, rates: tuple[float, float]) -> Figure:
    ours, theirs = rates
    beside = f"{ours:,.0f} rows/s with snapshot, counts and estimate; bare COPY {theirs:,.0f} rows/s; {N:,} labels"
    return Figure(name, round(ours / theirs, 3), "of COPY's rate", FIGURES[name], ours / theirs >= 0.5, beside)


def memory(small: Project, large: Project, folder: Path) -> list[Figure]:
    worst = []
    for kind in ("jsonl", "parquet"):
        few, many = export(small, kind, folder / "few"), export(large, kind, folder / "many")
        worst.append((many["mb"] / few["mb"], many["mb"], f"{kind}: {few['mb']:.0f} MB, {many['mb']:.0f} MB"))
    ratio, peak = max(each[0] for each in worst), max(each[1] for each in worst)
    beside = f"{min(N, 100_000):,} against {N:,} labels; " + "; ".join(each[2] for each in worst)
    return [
        Figure("export.memory_ratio", round(ratio, 3), "", FIGURES["export.memory_ratio"], ratio <= 1.1, beside),
        Figure("export.memory_mb", round(peak), "MB", FIGURES["export.memory_mb"], peak <= 300, beside),
    ]


def same_bytes(project: Project, folder: Path) -> Figure:
    """A snapshot made again after people went on, against what it was."""
    from judge.actions import exports, snapshots

    first = export(project, "jsonl", folder / "first")
    with connection.cursor() as cursor:  # every hundredth label is superseded
        cursor.execute("SELECT set_config('cojudge.moving', 'judge_agreedlabel', false)")
        cursor.execute(
            "UPDATE judge_agreedlabel SET status = 'withdrawn' FROM judge_case c"
            " WHERE c.id = case_id AND c.project_id = %s AND judge_agreedlabel.id %% 100 = 0",
            [project.pk],
        )
        cursor.execute("SELECT set_config('cojudge.moving', '', false)")
    again = exports.make_again(snapshots.find(int(first["snapshot"])), folder / "again", by=None)
    differ = int((folder / "first/labels.jsonl").read_bytes() != again.path.read_bytes())
    beside = f"{again.n_rows:,} rows, a hundredth superseded in between"
    return Figure("export.snapshot_bytes_differ", differ, "files", "0", not differ, beside)


def same_counts(project: Project, folder: Path) -> Figure:
    found = export(project, "jsonl", folder / "count")
    n_lines = sum(1 for _ in (folder / "count/labels.jsonl").open("rb"))
    dashboard = flow.in_all(flow.flows(project, "en")).labelled
    in_sql = AgreedLabel.objects.filter(case__project=project, status="live").count()
    counts = {found["rows"], n_lines, dashboard, in_sql}
    beside = f"file {n_lines:,}, dashboard {dashboard:,}, SQL {in_sql:,}"
    return Figure("export.rows_differ", max(counts) - min(counts), "rows", "0", len(counts) == 1, beside)
