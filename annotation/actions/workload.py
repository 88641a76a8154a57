"""How much each person did in four weeks, how evenly, and what adjudicators carry: counted by a worker, for leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from annotation.actions import workload_sql
from annotation.models import Annotator, Assignment
from judge.actions import bulk
from judge.models import Membership, Project, Role

NAME = "workload"
#: What "lately" is.
DAYS = 28
#: A person's votes on a criterion that are looked through for cases on which people split, the latest.
MOST_VOTES = 2_000


def measure(project: Project) -> dict[str, Any]:
    """All figures: JSON-able. Every day of the four weeks is listed."""
    since = _since()
    values = {"project": project.pk, "since": since, "zone": settings.TIME_ZONE}
    days = [(since.date() + timedelta(days=place)).isoformat() for place in range(DAYS)]
    n_waiting, oldest = bulk.execute(workload_sql.WAITING, project=project.pk)[0]
    needed = bulk.execute(workload_sql.NEEDED, project=project.pk)
    return {
        "days": days,
        "people": _people(project, values, days),
        "waiting": {"n": n_waiting, "oldest": oldest.isoformat() if oldest else None},
        "needed": [{"criterion": pk, "count": [hits, n]} for pk, hits, n in needed],
    }


def _since() -> datetime:
    """The first moment of the four weeks that end with today."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def _people(project: Project, values: Mapping[str, Any], days: list[str]) -> list[dict[str, Any]]:
    """Everybody who may answer or decide here, or did, by user: also whoever did nothing."""
    answered, decided = _by_day(values), _decided(values)
    split = {user: [hits, n] for user, hits, n in bulk.execute(workload_sql.SPLIT, most=MOST_VOTES, **values)}
    roles = _roles(project)
    assigned = dict(
        Assignment.objects.filter(project=project, closed_at=None).values_list("person").annotate(n=Count("pk"))
    )
    paused = set(Annotator.objects.filter(project=project, is_paused=True).values_list("person_id", flat=True))
    return [
        {
            "user": user,
            "answers": Role.ANNOTATOR in roles.get(user, ()),
            "adjudicates": Role.ADJUDICATOR in roles.get(user, ()),
            "is_paused": user in paused,
            "items": [answered[user][day][0] for day in days],
            "n_answers": sum(told[1] for told in answered[user].values()),
            "ms": sum(told[2] for told in answered[user].values()),
            "n_timed": sum(told[3] for told in answered[user].values()),
            "split": split.get(user, [0, 0]),
            "decided": [decided[user][day] for day in days],
            "assigned": assigned.get(user, 0),
        }
        for user in sorted({*answered, *decided, *roles})
    ]


def _by_day(values: Mapping[str, Any]) -> dict[int, dict[str, tuple[int, int, int, int]]]:
    """User → day → items, answers, milliseconds, answers whose time is known."""
    found: dict[int, dict[str, tuple[int, int, int, int]]] = defaultdict(lambda: defaultdict(lambda: (0, 0, 0, 0)))
    for user, day, items, answers, ms, timed in bulk.execute(workload_sql.DAYS, **values):
        found[user][_iso(day)] = (items, answers, ms, timed)
    return found


def _decided(values: Mapping[str, Any]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for user, day, n in bulk.execute(workload_sql.DECIDED, **values):
        found[user][_iso(day)] = n
    return found


def _roles(project: Project) -> dict[int, set[str]]:
    """User → their roles of work here."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = Membership.objects.filter(project=project, role__in=(Role.ANNOTATOR, Role.ADJUDICATOR))
    for user, role in rows.values_list("user", "role"):
        found[user].add(role)
    return found


def _iso(day: date) -> str:
    return day.isoformat()
