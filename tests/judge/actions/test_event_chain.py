"""Sealing the audit log in a real database: by one, by many at once, by some that are killed."""

from __future__ import annotations

import time
from itertools import pairwise

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from judge.actions import event_chain, events
from judge.models import Event, Project, User, moving
from judge.rules.chain import Fault
from tests import factories
from tests.flow.workers import database_url
from tests.judge import sealing

pytestmark = pytest.mark.django_db


def tamper(statement: str, *values: object) -> None:
    """What somebody does who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # triggers sleep
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = origin")


def test_each_project_and_the_site_have_a_chain_of_their_own(project: Project, lea: User) -> None:
    other = factories.make_project("Elsewhere")
    events.note(None, "endpoint added", by=lea, url="http://one.example/")
    event_chain.seal_all()
    for each in (project, other, None):
        rows = Event.objects.filter(project=each).order_by("position")
        assert [row.position for row in rows] == list(range(1, len(rows) + 1)) != []
        assert event_chain.breaks(each.pk if each else None) == []
    last = Event.objects.filter(project=other).latest("pk")
    assert event_chain.head(other.pk) == (Event.objects.filter(project=other).count(), last.hash)


def test_sealing_twice_seals_nothing_twice(project: Project) -> None:
    assert event_chain.seal_all() == Event.objects.count()
    before = list(Event.objects.order_by("pk").values_list("position", "hash"))
    assert event_chain.seal_all() == 0
    assert list(Event.objects.order_by("pk").values_list("position", "hash")) == before


def test_more_rows_than_a_batch_are_sealed_in_one_go(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_chain, "BATCH", 3)
    for n in range(10):
        events.note(project, "judged", by=None, n=n)
    assert event_chain.seal_all(most=4) == 6, "two batches: the worker goes on with other errands"
    event_chain.seal_all()
    assert (event_chain.count_open(project.pk), event_chain.breaks(project.pk)) == (0, [])
    assert event_chain.head(project.pk)[0] == Event.objects.filter(project=project).count()


def test_what_json_may_hold_is_sealed_as_postgres_keeps_it(project: Project) -> None:
    told = {"é": ["名", 1e300, 0.1, -0.0, 10**20, None, True], "nested": {"b": 1, "a": {}}, "long": "x" * 5_000}
    events.note(project, "judged", by=None, **told)
    event_chain.seal_all()
    assert event_chain.breaks(project.pk) == []


@pytest.mark.parametrize(
    ("statement", "fault", "position"),
    [
        ("UPDATE judge_event SET verb = 'resumed' WHERE project_id = %s AND position = 3", Fault.CHANGED, 3),
        ("UPDATE judge_event SET data = '{\"n\": 9}' WHERE project_id = %s AND position = 4", Fault.CHANGED, 4),
        ("UPDATE judge_event SET by_id = NULL WHERE project_id = %s AND position = 5", Fault.CHANGED, 5),
        ("UPDATE judge_event SET created_at = now() WHERE project_id = %s AND position = 6", Fault.CHANGED, 6),
        ("DELETE FROM judge_event WHERE project_id = %s AND position = 2", Fault.REMOVED, 2),
        (
            "UPDATE judge_event SET position = CASE position WHEN 3 THEN 1004 ELSE 1003 END "
            "WHERE project_id = %s AND position IN (3, 4); UPDATE judge_event SET position = position - 1000 "
            "WHERE position > 1000",
            Fault.MOVED, 3,
        ),
    ],
    ids=["verb", "data", "person", "time", "removed", "moved"],
)  # fmt: skip
def test_whoever_owns_the_database_leaves_a_trace(
    project: Project, lea: User, statement: str, fault: Fault, position: int
) -> None:
    for n in range(8):
        events.note(project, "judged", by=lea, n=n)
    event_chain.seal_all()
    tamper(statement, project.pk)
    first = event_chain.breaks(project.pk)[0]
    assert (first.fault, first.position) == (fault, position)


def test_a_sealed_row_refuses_even_what_moves_once(project: Project) -> None:
    event_chain.seal_all()
    row = Event.objects.filter(project=project).latest("position")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), moving(Event):
        Event.objects.filter(pk=row.pk).update(hash="0" * 64)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), moving(Event):
        Event.objects.filter(pk=row.pk).update(position=None, hash=None)


def test_writing_an_event_is_one_query_as_before(
    project: Project, django_assert_num_queries: object, lea: User
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        events.note(project, "judged", by=lea)


@pytest.mark.proof
@pytest.mark.django_db(transaction=True)
def test_chains_hold_under_writers_and_sealers_of_which_some_are_killed() -> None:
    """Eight writers with overlapping transactions, two sealers, of which one is killed in the middle; nothing that was
    committed is missing, doubled or out of order."""
    project = factories.make_project("Race")
    n_before = Event.objects.count()
    slow = psycopg.connect(database_url())  # it takes its id first and commits last
    slow.execute(
        "INSERT INTO judge_event (project_id, verb, subject, data) VALUES (%s, 'judged', '', '{}')", [project.pk]
    )
    sealers = [sealing.start("seal", project.slug, "0", "3") for _ in range(2)]
    writers = [sealing.start("write", project.slug, str(seed), "2") for seed in range(2)]
    _wait_until_sealed(n_before)
    sealers[0].kill()
    told = [int(process.communicate(timeout=60)[0]) for process in writers]
    for process in sealers:
        process.communicate(timeout=60)
    slow.commit()
    slow.close()
    event_chain.catch_up()

    assert Event.objects.count() - n_before == sum(told) + 1 > 20
    assert not Event.objects.filter(hash=None).exists()
    for chain in (project.pk, None):
        assert event_chain.breaks(chain) == []
        assert event_chain.head(chain)[0] == Event.objects.filter(project_id=chain).count()
    assert _late_ids(project) > 0, "what came to light late was sealed late"


def _wait_until_sealed(n: int) -> None:
    while Event.objects.filter(position__isnull=False).count() <= n:
        time.sleep(0.02)


def _late_ids(project: Project) -> int:
    """Rows that were sealed behind one with a higher id."""
    ids = list(Event.objects.filter(project=project).order_by("position").values_list("pk", flat=True))
    return sum(later < earlier for earlier, later in pairwise(ids))
