"""Rows in the exported file against live labels in the database, while people go on labelling."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from django.db import connection

from judge.actions import exports, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import AgreedLabel, Case, Project, Rater
from tests import factories
from tests.benchmarks.figures import Figure

N_ITEMS = 3_000
FIGURES = {"loop.rows_exported_minus_database": "0"}


def measure() -> list[Figure]:
    project = factories.make_project("Bench export")
    factories.import_items(project, n=N_ITEMS)
    raters = [projects.rater_of(factories.make_user(name)) for name in ("ann", "ben")]
    cases = list(Case.objects.filter(project=project).order_by("pk").values_list("pk", flat=True))
    label(cases[: len(cases) // 2], raters)
    beside = threading.Thread(target=label_and_leave, args=(cases[len(cases) // 2 :], raters))
    beside.start()
    moved = export_while(project, beside)
    beside.join()
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        n_rows = exports.export(project, "labels", Path(folder), by=None).n_rows
        seconds = time.monotonic() - start
    n_live = AgreedLabel.objects.filter(case__project=project, status="live").count()
    difference = abs(n_rows - n_live) + moved
    return [
        Figure("loop.rows_exported_minus_database", difference, "rows", "0", difference == 0,
               f"{n_rows:,} rows in {seconds:.1f} s; also one export while people labelled")
    ]  # fmt: skip


def label(cases: list[int], raters: list[Rater]) -> None:
    """Two people agree on each case."""
    keys = {"relevance": "fits", "specificity": "concrete"}
    names = dict(Case.objects.filter(pk__in=cases).values_list("pk", "criterion__key"))
    for start in range(0, len(cases), 200):
        for rater in raters:
            new = [NewJudgment(pk, keys[names[pk]]) for pk in cases[start : start + 200]]
            judgments.record(new, rater=rater, by=rater.user)


def label_and_leave(cases: list[int], raters: list[Rater]) -> None:
    label(cases, raters)
    connection.close()


def export_while(project: Project, beside: threading.Thread) -> int:
    """Export while labels keep coming: rows in the file minus the count its manifest gives."""
    assert beside.is_alive(), "the people finished before the export began"
    with tempfile.TemporaryDirectory() as folder:
        report = exports.export(project, "labels", Path(folder), by=None)
        return abs(len(report.path.read_text().splitlines()) - report.n_rows)
