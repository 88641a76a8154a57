"""Where a project's cases are: what the overview shows, kept as a summary.

A worker counts. Of a project with few cases the page counts for itself, so that whoever tries Cojudge out sees each
answer at once, with or without a worker; that costs a few milliseconds, and no more however many projects there are.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from judge.actions import bulk, summaries, whereabouts_sql
from judge.models import Project, Summary

NAME = "whereabouts"
#: Up to so many cases a page counts for itself.
FEW = 5_000
#: Answers whose time is looked at, the latest.
RECENT_ANSWERS = 1_000


def read(project: Project) -> Summary | None:
    """As counted last; now, where there are few cases. None before the first count of a large project."""
    if bulk.execute(whereabouts_sql.IS_LARGE, project=project.pk, most=FEW)[0][0]:
        return summaries.read(project, NAME)
    return Summary(project=project, name=NAME, data=measure(project), computed_at=timezone.now())


def measure(project: Project) -> dict[str, Any]:
    """All counts, as JSON: keys of criteria are texts, times are ISO."""
    n_items, n_waiting, oldest, middle, n_accepted, n_audited = bulk.execute(
        whereabouts_sql.TOTALS, project=project.pk
    )[0]
    return {
        "items": n_items,
        **count(project),
        "reasons": [list(row) for row in bulk.execute(whereabouts_sql.REASONS, project=project.pk)],
        "queue": {"n": n_waiting, "oldest": _iso(oldest), "middle": _iso(middle)},
        "accepted": {"n": n_accepted, "audited": n_audited},
        "seconds": _seconds(project),
    }


def count(project: Project) -> dict[str, dict[str, dict[str, int]]]:
    """Criterion → stage → cases, and criterion → basis → labels in force."""
    found: dict[str, dict[str, dict[str, int]]] = {"stages": {}, "bases": {}}
    for table, criterion, name, n in bulk.execute(whereabouts_sql.COUNTS, project=project.pk):
        found[table].setdefault(str(criterion), {})[name] = n
    return found


def _seconds(project: Project) -> dict[str, Any]:
    """How long people take for an answer, with an interval of 95 %."""
    n, *told = bulk.execute(whereabouts_sql.SECONDS, project=project.pk, recent=RECENT_ANSWERS)[0]
    known = [None if each is None else round(float(each), 3) for each in told]
    return {"n": n, **dict(zip(("median", "low", "high"), known, strict=True))}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
