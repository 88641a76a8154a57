"""Summaries are counted where something moved, once, and never by two workers at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from judge import registry
from judge.actions import events, summaries
from judge.models import Event, Project, Summary, User
from judge.tasks import refresh_summaries
from tests import factories
from tests.summaries import counted

pytestmark = pytest.mark.django_db


class Counter:
    """A kind that counts how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def measure(self, project: Project) -> dict[str, Any]:
        self.calls += 1
        return {"events": Event.objects.filter(project=project).count()}


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    made = Counter()
    monkeypatch.setattr(registry, "summaries", {"example": registry.SummaryKind(made.measure)})
    return made


def rest(project: Project, *, seconds: float = 60) -> None:
    Summary.objects.filter(project=project).update(computed_at=timezone.now() - timedelta(seconds=seconds))


def test_beat_counts_what_moved_and_nothing_twice(project: Project, counter: Counter) -> None:
    refresh_summaries()
    refresh_summaries()
    assert counter.calls == 1
    events.note(project, "alarm", by=None)
    rest(project)
    refresh_summaries()
    assert counter.calls == 2
    assert counted(project, "example") == {"events": Event.objects.filter(project=project).count()}


def test_a_project_that_moves_all_the_time_is_counted_now_and_then(project: Project, counter: Counter) -> None:
    for _ in range(3):
        events.note(project, "alarm", by=None)
        refresh_summaries()
    assert counter.calls == 1
    last = Summary.objects.get(project=project)
    assert summaries.is_due(last, now=last.computed_at + timedelta(seconds=30)), "no number is a minute behind"


def test_other_projects_are_left_alone(project: Project, counter: Counter) -> None:
    factories.make_project("Elsewhere")
    assert summaries.refresh_due() == 2
    events.note(project, "alarm", by=None)
    Summary.objects.update(computed_at=timezone.now() - timedelta(minutes=1))
    assert summaries.refresh_due() == 1


def test_whoever_commits_late_with_an_earlier_number_is_noticed(project: Project, counter: Counter) -> None:
    first = events.note(project, "alarm", by=None).pk
    Event.objects.create(pk=first + 9, project=project, verb="alarm")
    assert summaries.refresh(project, "example")
    Event.objects.create(pk=first + 5, project=project, verb="alarm")
    assert summaries.refresh(project, "example")


def test_what_leaves_no_event_may_bring_a_mark_of_its_own(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = ["a"]
    kind = registry.SummaryKind(lambda project: {}, mark=lambda project: moved[0])
    monkeypatch.setattr(registry, "summaries", {"example": kind})
    assert summaries.refresh(project, "example")
    assert not summaries.refresh(project, "example")
    moved[0] = "b"
    assert summaries.refresh(project, "example")


def test_what_is_of_people_rests_while_machines_answer(
    project: Project, lea: User, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = registry.SummaryKind(counter.measure, is_of_people=True)
    monkeypatch.setattr(registry, "summaries", {"example": kind})
    assert summaries.refresh(project, "example")
    events.note(project, "judged", by=None, subject="rater:1")
    assert not summaries.refresh(project, "example")
    events.note(project, "judged", by=lea, subject="rater:2")
    assert summaries.refresh(project, "example")
    events.note(project, "items imported", by=None)
    assert summaries.refresh(project, "example")


def test_what_rests_is_as_new_as_what_was_counted_beside_it(
    project: Project, lea: User, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = {"machines": registry.SummaryKind(counter.measure)}
    kinds["people"] = registry.SummaryKind(lambda project: {}, is_of_people=True)
    monkeypatch.setattr(registry, "summaries", kinds)
    assert summaries.refresh_due() == 2
    rest(project)
    old = Summary.objects.get(name="people").computed_at
    assert summaries.refresh_due() == 0
    assert Summary.objects.get(name="people").computed_at == old, "a project at rest keeps its times"
    events.note(project, "judged", by=None, subject="rater:1")
    assert summaries.refresh_due() == 1
    found = {each.name: each for each in Summary.objects.filter(project=project)}
    assert found["people"].computed_at - old > timedelta(seconds=50), "nothing of it has moved"


def test_project_where_nothing_ever_happened_has_no_numbers(db: None, counter: Counter) -> None:
    silent = Project.objects.create(name="Silent", slug="silent", task="tag")
    assert not summaries.refresh(silent, "example")
    assert summaries.read(silent, "example") is None
    assert summaries.refresh_due() == 0


def test_two_workers_never_count_the_same(project: Project, counter: Counter) -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('summary'), hashtext(%s))", [f"{project.pk}:example"])
            assert not summaries.refresh(project, "example")
            assert counter.calls == 0
            cursor.execute("SELECT pg_advisory_lock(hashtext('summaries'), 0)")
            assert summaries.refresh_due() == 0
    finally:
        other.close()
    assert summaries.refresh(project, "example")


def test_one_kind_that_cannot_be_counted_keeps_no_other_from_its_turn(
    project: Project, counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(project: Project) -> dict[str, Any]:
        raise ValueError("no such number")

    counted_first = {"broken": registry.SummaryKind(fail), **registry.summaries}
    registry.summaries.clear()
    registry.summaries.update(counted_first)
    assert summaries.refresh_due() == 1
    assert "summary broken of shop-tags was not counted" in caplog.text
