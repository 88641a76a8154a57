"""What the overview shows of a project: where its cases stand, as last counted, and what happened lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from judge.actions import whereabouts
from judge.models import Case, Criterion, Decision, Event, Judgment, Membership, Project, Role
from judge.rules.routing import Reason
from judge.rules.settling import Basis
from judge.rules.stages import Stage

#: A project moves while something was written within this time: its page asks again every few seconds.
MOVING_FOR = timedelta(seconds=60)
EVENTS_READ, EVENTS_SHOWN, EVENTS_LOOKED_AT = 300, 8, 2_000
#: How far into the queue to look for cases that nobody is left to answer.
QUEUE_READ = 1000
#: Events that come by the hundred: each person's are told as one.
FREQUENT = frozenset({"judged", "corrected"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar, in hundredths of its width."""

    name: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Flow:
    """How many cases stand where: of one criterion, or of all (``criterion`` None)."""

    stages: Mapping[str, int]
    bases: Mapping[str, int]
    criterion: Criterion | None = None
    title: str = ""
    is_in_force: bool = True

    @property
    def total(self) -> int:
        return sum(self.stages.values())

    @property
    def imported(self) -> int:
        return self.stages.get(Stage.IMPORTED, 0)

    @property
    def accepted(self) -> int:
        return self.stages.get(Stage.ACCEPTED, 0)

    @property
    def people(self) -> int:
        return self.stages.get(Stage.PEOPLE, 0)

    @property
    def adjudication(self) -> int:
        return self.stages.get(Stage.ADJUDICATION, 0)

    @property
    def agreed(self) -> int:
        return self.stages.get(Stage.AGREED, 0)

    @property
    def labelled(self) -> int:
        """Labels in force: the rows that an export of labels holds."""
        return sum(self.bases.values())

    @property
    def sent_to_people(self) -> int:
        """Cases that people were asked about: all that are neither with the judge nor accepted."""
        return self.people + self.adjudication + self.agreed

    @property
    def settled_by_people(self) -> int:
        return self.bases.get(Basis.SINGLE, 0) + self.bases.get(Basis.CONSENSUS, 0)

    @property
    def adjudicated(self) -> int:
        return self.bases.get(Basis.ADJUDICATED, 0)

    @property
    def by_judge(self) -> int:
        return self.bases.get(Basis.JUDGE, 0)

    @property
    def by_basis(self) -> list[tuple[str, int]]:
        return [(basis.value, self.bases[basis]) for basis in Basis if self.bases.get(basis)]

    @property
    def segments(self) -> list[Segment]:
        """The stages from the end of the flow to its start, as parts of one bar."""
        parts, start = [], 0.0
        for stage in (Stage.AGREED, Stage.ACCEPTED, Stage.ADJUDICATION, Stage.PEOPLE, Stage.IMPORTED):
            if count := self.stages.get(stage, 0):
                width = 100 * count / self.total
                parts.append(Segment(stage.value, count, start, width))
                start += width
        return parts


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, or all recent ones of a frequent kind by one person; ``count`` is the number of answers in them."""

    verb: str
    by: str
    count: int
    at: datetime


def flows(project: Project, language: str, figures: Mapping[str, Any] | None = None) -> list[Flow]:
    """The flow of each criterion: those in force in the rubric's order, then earlier ones that have cases. From
    ``figures`` (judge.actions.whereabouts), else as counted now."""
    known = whereabouts.count(project) if figures is None else figures
    stages, bases = known.get("stages", {}), known.get("bases", {})
    places = (
        dict(Criterion.objects.filter(links__rubric=project.rubric_id).values_list("pk", "links__position"))
        if project.rubric_id
        else {}
    )
    asked = Criterion.objects.filter(project=project)
    criteria = [each for each in asked if each.pk in places or str(each.pk) in stages]
    criteria.sort(key=lambda each: (each.pk not in places, places.get(each.pk, 0), each.pk))
    return [
        Flow(
            stages.get(str(each.pk), {}), bases.get(str(each.pk), {}), each,
            each.question.in_language(language).title, each.pk in places,
        )
        for each in criteria
    ]  # fmt: skip


def in_all(parts: Iterable[Flow]) -> Flow:
    """The flow of all criteria together."""
    stages: Counter[str] = Counter()
    bases: Counter[str] = Counter()
    for part in parts:
        stages.update(part.stages)
        bases.update(part.bases)
    return Flow(stages, bases)


def latest_decisions() -> QuerySet[Decision]:
    """The decision of each case that no later one follows: an anti-join, twice as fast as asking case by case."""
    later = Decision.objects.filter(case=OuterRef("case"), pk__gt=OuterRef("pk"))
    latest: QuerySet[Decision] = Decision.objects.filter(~Exists(later))
    return latest


def happenings(project: Project) -> list[Happening]:
    """The latest events, the newest first; the answers of one person are told as one. Looks at so many at most."""
    latest = Event.objects.filter(project=project).order_by("-pk")
    near = Event.objects.filter(pk__in=latest.values("pk")[:EVENTS_LOOKED_AT]).select_related("by").order_by("-pk")
    rare, frequent = near.exclude(verb__in=FREQUENT)[:EVENTS_SHOWN], near.filter(verb__in=FREQUENT)[:EVENTS_READ]
    events = sorted([*rare, *frequent], key=lambda event: event.pk, reverse=True)
    return list(islice(_told(events), EVENTS_SHOWN))


def count_stranded(project: Project) -> int:
    """Cases with a free seat that no annotator of the project is left to take: each has answered, skipped or flagged
    them, or sent them back. Counts among the first in the queue, where everybody begins, so it costs the same in
    every project."""
    answered = Judgment.objects.filter(case=OuterRef("pk"), retracted_at=None, rater__user__isnull=False)
    sent_back = Decision.objects.filter(case=OuterRef("pk"), reason=Reason.REQUESTED, by__isnull=False)
    free = Case.objects.filter(project=project, stage=Stage.PEOPLE, seats_taken__lt=F("people_wanted"))
    first = free.order_by("-priority", "queue_order").values_list(
        ArraySubquery(answered.values("rater__user")), ArraySubquery(sent_back.values("by"))
    )[:QUEUE_READ]
    members = Membership.objects.filter(project=project, role=Role.ANNOTATOR, user__is_active=True)
    annotators = set(members.values_list("user_id", flat=True))
    return sum(annotators.issubset([*answerers, *senders]) for answerers, senders in first)


def is_moving(recent: Iterable[Happening]) -> bool:
    """Whether something was written a moment ago, so that it is worth asking again soon."""
    newest = next(iter(recent), None)
    return newest is not None and timezone.now() - newest.at < MOVING_FOR


def _told(events: Iterable[Event]) -> Iterator[Happening]:
    groups: dict[object, list[Event]] = {}
    for event in events:
        key = (event.verb, event.by_id) if event.verb in FREQUENT else event.pk
        groups.setdefault(key, []).append(event)
    for rows in groups.values():
        newest = rows[0]
        count = sum(row.data.get("judgments", 1) for row in rows)
        yield Happening(newest.verb, newest.by.display_name if newest.by else "", count, newest.created_at)
