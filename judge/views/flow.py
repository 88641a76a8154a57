"""What the overview shows of a project, each need in one grouped query. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone

from judge.models import AgreedLabel, Case, Criterion, Decision, Event, Item, Judgment, Membership, Project, Role
from judge.rules.routing import Reason
from judge.rules.settling import Basis
from judge.rules.stages import Stage

#: A project moves while something was written within this time: its page asks again every few seconds.
MOVING_FOR = timedelta(seconds=60)
EVENTS_READ, EVENTS_SHOWN = 300, 8
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


def count_items(project: Project) -> int:
    return Item.objects.filter(project=project).count()


def flows(project: Project, language: str) -> list[Flow]:
    """The flow of each criterion: those in force in the rubric's order, then earlier ones that have cases."""
    stages, bases = _stages(project), _bases(project)
    places = (
        dict(Criterion.objects.filter(links__rubric=project.rubric_id).values_list("pk", "links__position"))
        if project.rubric_id
        else {}
    )
    criteria = [each for each in Criterion.objects.filter(project=project) if each.pk in places or each.pk in stages]
    criteria.sort(key=lambda each: (each.pk not in places, places.get(each.pk, 0), each.pk))
    return [
        Flow(stages[each.pk], bases[each.pk], each, each.question.in_language(language).title, each.pk in places)
        for each in criteria
    ]


def in_all(parts: Iterable[Flow]) -> Flow:
    """The flow of all criteria together."""
    stages: Counter[str] = Counter()
    bases: Counter[str] = Counter()
    for part in parts:
        stages.update(part.stages)
        bases.update(part.bases)
    return Flow(stages, bases)


def reasons(project: Project) -> list[tuple[str, int]]:
    """Why cases are with people now: the latest decision of each, counted by reason."""
    waiting = latest_decisions().filter(case__project=project, case__stage__in=[Stage.PEOPLE, Stage.ADJUDICATION])
    return list(waiting.values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason"))


def latest_decisions() -> QuerySet[Decision]:
    """The decision of each case that no later one follows: an anti-join, twice as fast as asking case by case."""
    later = Decision.objects.filter(case=OuterRef("case"), pk__gt=OuterRef("pk"))
    latest: QuerySet[Decision] = Decision.objects.filter(~Exists(later))
    return latest


def happenings(project: Project) -> list[Happening]:
    """The latest events, the newest first; the answers of one person are told as one."""
    latest = Event.objects.filter(project=project).select_related("by").order_by("-pk")
    rare, frequent = latest.exclude(verb__in=FREQUENT)[:EVENTS_SHOWN], latest.filter(verb__in=FREQUENT)[:EVENTS_READ]
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


def _stages(project: Project) -> Mapping[int, dict[str, int]]:
    rows = Case.objects.filter(project=project).values_list("criterion_id", "stage").annotate(n=Count("pk"))
    return _table(rows.order_by())


def _bases(project: Project) -> Mapping[int, dict[str, int]]:
    live = AgreedLabel.objects.filter(criterion__project=project, status=AgreedLabel.Status.LIVE)
    return _table(live.values_list("criterion_id", "basis").annotate(n=Count("pk")).order_by())


def _table(rows: Iterable[tuple[int, str, int]]) -> Mapping[int, dict[str, int]]:
    table: dict[int, dict[str, int]] = defaultdict(dict)
    for criterion_id, name, count in rows:
        table[criterion_id][name] = count
    return table
