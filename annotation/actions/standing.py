"""What stands in the queue, for leads: read from its head, so that it costs the same in every project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from judge.actions import bulk
from judge.models import Project

#: Free cases read from the head of the queue. Where more wait the page says so.
READ = 10_000

#: Each with the latest decision on it: one look into an index.
FIRST = """
WITH first AS MATERIALIZED (
    SELECT c.id, c.item_id, c.criterion_id, c.priority, c.queue_order, c.stage_since
    FROM judge_case c
    WHERE c.project_id = %(project)s AND c.stage = 'people' AND c.seats_taken < c.people_wanted
    ORDER BY c.priority DESC, c.queue_order
    LIMIT %(read)s
)
SELECT f.id, f.item_id, f.criterion_id, i.language, coalesce(d.reason, ''), f.stage_since
FROM first f JOIN judge_item i ON i.id = f.item_id
LEFT JOIN LATERAL (SELECT reason FROM judge_decision d WHERE d.case_id = f.id ORDER BY d.id DESC LIMIT 1) d ON true
ORDER BY f.priority DESC, f.queue_order, f.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One case with a free seat."""

    case_id: int
    item_id: int
    criterion_id: int
    language: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of them a lead looks at; what is None is not asked for. ``days``: waiting for at least so long."""

    criterion: int | None = None
    language: str | None = None
    reason: str | None = None
    days: int | None = None

    def takes(self, case: Waiting, now: datetime) -> bool:
        return (
            self.criterion in (None, case.criterion_id)
            and self.language in (None, case.language)
            and self.reason in (None, case.reason)
            and (self.days is None or now - case.since >= timedelta(days=self.days))
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of one criterion, language and reason. ``oldest``: since when the longest of them waits."""

    criterion_id: int
    language: str
    reason: str
    count: int
    oldest: datetime


def first_in_queue(project: Project) -> list[Waiting]:
    """The first cases of the queue with a free seat, in its order."""
    return [Waiting(*row) for row in bulk.execute(FIRST, project=project.pk, read=READ)]


def chosen(cases: Iterable[Waiting], choice: Choice) -> list[Waiting]:
    now = timezone.now()
    return [case for case in cases if choice.takes(case, now)]


def grouped(cases: Sequence[Waiting]) -> list[Group]:
    """The cases by criterion, language and reason, the largest group first."""
    counts = Counter((case.criterion_id, case.language, case.reason) for case in cases)
    oldest: dict[tuple[int, str, str], datetime] = {}
    for case in cases:
        key = (case.criterion_id, case.language, case.reason)
        oldest[key] = min(oldest.get(key, case.since), case.since)
    return [Group(*key, count, oldest[key]) for key, count in counts.most_common()]
