"""Numbers that pages show and workers compute: one row for each project and kind, never the truth itself.

Who has something to show puts a :class:`judge.registry.SummaryKind` into ``registry.summaries`` from its AppConfig. A
beat task looks every few seconds where something moved and counts those anew; a page only reads. What the numbers rest
on is told by a *mark*, so that nothing is counted twice.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from judge import registry
from judge.actions import bulk, tallies
from judge.models import Project, Summary

logger = logging.getLogger(__name__)

#: A summary rests so long before it is counted anew. No number is older than a minute while its project moves: this,
#: the beat, and the counting itself.
REST = timedelta(seconds=25)

#: The project's latest event, and how many there are just before it: whoever commits late with an earlier number is
#: noticed too. The same without what machines answered; where that is long ago it counts as none. The day stands for
#: what moves with time alone, like an audit that is overdue.
MARKS = """
SELECT p.id, e.last, n.*, current_date
FROM judge_project p
CROSS JOIN LATERAL (SELECT id AS last FROM judge_event WHERE project_id = p.id ORDER BY id DESC LIMIT 1) e
CROSS JOIN LATERAL (
    SELECT count(*), max(id) FILTER (WHERE is_of_people), count(*) FILTER (WHERE is_of_people)
    FROM (SELECT id, by_id IS NOT NULL OR verb <> 'judged' AS is_of_people
          FROM judge_event WHERE project_id = p.id AND id > e.last - 1000) near) n
WHERE %(project)s::bigint IS NULL OR p.id = %(project)s
"""
TURN = "SELECT pg_try_advisory_lock(hashtext('summaries'), 0)"
TURN_OVER = "SELECT pg_advisory_unlock(hashtext('summaries'), 0)"
#: Counting takes one core at most: pages want the others.
MODESTLY = "SET LOCAL max_parallel_workers_per_gather = 0"
CLAIM = "SELECT pg_try_advisory_xact_lock(hashtext('summary'), hashtext(%(name)s))"


def read(project: Project, name: str) -> Summary | None:
    """What was counted last; None where nothing has happened yet, or no worker has looked."""
    found: Summary | None = Summary.objects.filter(project=project, name=name).first()
    return found


def refresh(project: Project, name: str) -> bool:
    """Count anew, if anything has moved since the last time. Returns whether it was counted."""
    kind, mark = registry.summaries[name], _marks(project).get(project.pk)
    if mark is None:
        return False
    wanted, known = _whole_mark(project, kind, mark), read(project, name)
    return (known is None or known.fitted_on != wanted) and _count(project, name, wanted)


def rebuild(project: Project, name: str) -> Summary | None:
    """Forget what was counted, and count from the rows of record alone."""
    Summary.objects.filter(project=project, name=name).delete()
    tallies.forget(project)
    refresh(project, name)
    return read(project, name)


def refresh_due() -> int:
    """Every kind of every project that has moved and is due; returns how many were counted. One that cannot be counted
    is written to the log and keeps no other from its turn. One worker does it at a time: others have other work."""
    if not bulk.execute(TURN)[0][0]:
        return 0
    try:
        return _refresh_due()
    finally:
        bulk.execute(TURN_OVER)


def _refresh_due() -> int:
    now, marks = timezone.now(), _marks()
    known: dict[int, dict[str, Summary]] = defaultdict(dict)
    for each in Summary.objects.defer("data"):
        known[each.project_id][each.name] = each
    projects = Project.objects.in_bulk(marks)
    return sum(_refresh_project(projects[pk], mark, known[pk], now) for pk, mark in marks.items())


def _refresh_project(project: Project, mark: Mark, known: Mapping[str, Summary], now: datetime) -> int:
    """How many were counted. Where some were, the others, of which nothing has moved, are as new as these."""
    n_counted, still = 0, []
    for name, kind in registry.summaries.items():
        wanted, last = _whole_mark(project, kind, mark), known.get(name)
        if last is not None and last.fitted_on == wanted:
            still.append(last.pk)
        elif last is None or is_due(last, now=now):
            n_counted += _try(project, name, wanted)
    if n_counted:
        Summary.objects.filter(pk__in=still, computed_at__lt=now).update(computed_at=now)
    return n_counted


def is_due(last: Summary, *, now: datetime) -> bool:
    """Whether a summary has rested for long enough."""
    return now - last.computed_at >= REST


def _try(project: Project, name: str, mark: str) -> bool:
    try:
        return _count(project, name, mark)
    except Exception:
        logger.exception("summary %s of %s was not counted", name, project.slug)
        return False


@transaction.atomic
def _count(project: Project, name: str, mark: str) -> bool:
    """Count and keep; leaves it alone where another worker counts the same at this moment."""
    if not bulk.execute(CLAIM, name=f"{project.pk}:{name}")[0][0]:
        return False
    bulk.execute(MODESTLY)
    began_at = timezone.now()
    data = registry.summaries[name].measure(project)
    values: dict[str, Any] = {"data": data, "fitted_on": mark, "computed_at": began_at}
    Summary.objects.update_or_create(project=project, name=name, defaults=values)
    return True


@dataclass(frozen=True, slots=True)
class Mark:
    """What has happened in a project so far: all of it, and without what machines answered."""

    all: str
    people: str


def _marks(project: Project | None = None) -> dict[int, Mark]:
    """Project → its mark; without those where nothing ever happened."""
    rows = bulk.execute(MARKS, project=project.pk if project else None)
    return {
        pk: Mark(f"{last}:{n}:{day}", f"{of_people or 0}:{n_of_people}:{day}")
        for pk, last, n, of_people, n_of_people, day in rows
    }


def _whole_mark(project: Project, kind: registry.SummaryKind, mark: Mark) -> str:
    known = mark.people if kind.is_of_people else mark.all
    return f"{known}:{kind.mark(project)}" if kind.mark else known
