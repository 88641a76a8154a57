"""Eight people in eight processes on one queue: nobody collides, nothing is lost."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotation.actions import submissions, terms
from annotation.models import Assignment, Lease, Submission
from judge.models import AgreedLabel, Case, Judgment, Project
from judge.rules.stages import Stage
from tests import factories
from tests.annotation import racing
from tests.annotation.answering import answers_for, take

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [f"person{number}" for number in range(8)]


@pytest.fixture
def crowd(transactional_db: None) -> Project:
    project = factories.make_project("Crowded")
    for name in PEOPLE:
        factories.make_member(project, name, factories.Role.ANNOTATOR)
    return project


def test_eight_processes_empty_a_small_queue_without_a_collision(crowd: Project) -> None:
    items = factories.import_items(crowd, n=20)
    came = racing.race(crowd.slug, PEOPLE)
    assert all(len(set(mine)) == len(mine) for mine in came.values()), "nobody got an item twice"
    assert sum(map(len, came.values())) == 2 * len(items), "two people for each item, all of them asked"
    cases = Case.objects.filter(project=crowd)
    assert set(cases.values_list("seats_taken", "people_wanted", "stage")) == {(2, 2, Stage.AGREED)}
    assert Judgment.objects.filter(purpose="vote").count() == 2 * cases.count() == Judgment.objects.count()
    assert AgreedLabel.objects.filter(basis="consensus").count() == cases.count()
    assert set(Lease.objects.values_list("outcome", flat=True)) == {"submitted"}


def test_two_people_racing_for_the_last_seat_both_get_a_true_answer(crowd: Project) -> None:
    (item,) = factories.import_items(crowd)
    Case.objects.filter(item=item).update(people_wanted=1)
    came = racing.race(crowd.slug, PEOPLE[:2], most=0)  # an answer might ask for one person more
    assert sorted(map(len, came.values())) == [0, 1]


def test_one_key_sent_by_eight_connections_at_once_is_written_once(crowd: Project) -> None:
    factories.import_items(crowd)
    person = factories.User.objects.get(username=PEOPLE[0])
    lease = take(crowd, person)
    key, given = uuid.uuid4(), answers_for(lease)

    def send(_number: int) -> bool:
        try:
            return submissions.submit(crowd, by=person, key=key, lease_id=lease.pk, answers=given).is_repeat
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        repeats = list(pool.map(send, range(8)))
    assert sorted(repeats) == [False] + [True] * 7
    assert (Submission.objects.count(), Judgment.objects.count()) == (1, 2)
    assert set(Case.objects.values_list("seats_taken", flat=True)) == {1}


def test_two_windows_of_one_person_share_one_lease(crowd: Project) -> None:
    factories.import_items(crowd, n=8)
    person = factories.User.objects.get(username=PEOPLE[0])

    def claim(_number: int) -> int:
        try:
            return take(crowd, person).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(claim, range(8)))) == 1
    assert json.dumps(sorted(Case.objects.values_list("seats_taken", flat=True))) == json.dumps([0] * 14 + [1] * 2)


@pytest.mark.proof
def test_eight_processes_with_terms_and_assignments_do_not_collide(crowd: Project) -> None:
    """Half of the people read one criterion only, one is capped, and all were given the same items by two leads."""
    items, users = factories.import_items(crowd, n=24), factories.User.objects.in_bulk(PEOPLE, field_name="username")
    for name in PEOPLE[::2]:
        terms.set_terms(crowd, users[name], criteria=["relevance"], by=None)
    terms.set_terms(crowd, users[PEOPLE[1]], daily_cap=3, by=None)
    for user in users.values():
        Assignment.objects.bulk_create(Assignment(project=crowd, item=item, person=user) for item in items[:6])
    came = racing.race(crowd.slug, PEOPLE)
    assert all(len(set(mine)) == len(mine) for mine in came.values() if mine), "nobody got an item twice"
    assert len(came[PEOPLE[1]]) == 3
    cases = Case.objects.filter(project=crowd)
    assert set(cases.values_list("seats_taken", "people_wanted", "stage")) == {(2, 2, Stage.AGREED)}
    assert Judgment.objects.filter(purpose="vote").count() == 2 * cases.count() == Judgment.objects.count()
    assert not Lease.objects.filter(closed_at=None).exists()
    people = Judgment.objects.values_list("case_id", "rater_id")
    assert len(set(people)) == len(people), "nobody answered a case twice"


def test_a_paused_person_gets_nothing_while_others_race(crowd: Project) -> None:
    factories.import_items(crowd, n=40)
    users = factories.User.objects.in_bulk(PEOPLE, field_name="username")
    terms.pause(crowd, users[PEOPLE[0]], "wait", by=None)
    came = racing.race(crowd.slug, PEOPLE[:4])
    assert came[PEOPLE[0]] == []
    assert sum(map(len, came.values())) == 80, "the others answered all of it"
