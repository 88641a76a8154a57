"""Lists: several items of one context at once, with the promises of single items."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from annotation.actions import leases, lists, submissions, terms
from annotation.actions.lists import Row, Sent
from annotation.models import Lease, Submission
from annotation.rules.answers import Answer
from judge.models import Case, Judgment, Project, User
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer, answers_for, run_out, seats, take


def open_list(project: Project, person: User) -> list[Lease]:
    return lists.fill(project, take(project, person), by=person)


def row(lease: Lease, by_key: Mapping[str, Answer] = GOOD) -> Row:
    return Row(lease.pk, uuid.uuid4(), dict.fromkeys(lease.case_ids, Answer()) | answers_for(lease, by_key))


def send(project: Project, person: User, rows: list[Row]) -> Sent:
    return lists.send(project, rows, by=person, duration_ms=60_000)


def test_a_list_holds_what_waits_in_one_context_and_nothing_of_another(project: Project, ann: User) -> None:
    items = factories.import_items(project, n=10, per_context=5)
    rows = open_list(project, ann)
    assert {each.item_id for each in rows} == {item.pk for item in items if item.context_id == rows[0].item.context_id}
    assert len(rows) == 5
    assert sorted(each.is_listed for each in rows) == [False, True, True, True, True]
    assert sum(taken for taken, _ in seats(project).values()) == 10, "a seat in each case of five items"
    again = open_list(project, ann)
    assert [each.pk for each in again] == [each.pk for each in rows], "a reload shows the same list"


def test_a_list_has_an_end_and_the_rest_comes_as_the_next(project: Project, ann: User) -> None:
    factories.import_items(project, n=lists.MOST + 3, per_context=100)
    rows = open_list(project, ann)
    assert len(rows) == lists.MOST
    send(project, ann, [row(each) for each in rows])
    assert len(open_list(project, ann)) == 3


def test_answered_rows_are_stored_and_the_others_given_back(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    first, second, third = open_list(project, ann)
    sent = send(project, ann, [row(first), row(second, {}), row(third, BAD)])
    assert (sent.n_new, sent.refused, sent.words) == (2, {}, "")
    assert sorted(Lease.objects.values_list("outcome", flat=True)) == ["released", "submitted", "submitted"]
    assert Judgment.objects.filter(purpose="vote", rater__user=ann).count() == 4
    assert sorted(taken for taken, _ in seats(project).values()) == [0, 0, 1, 1, 1, 1]
    assert set(Submission.objects.values_list("duration_ms", flat=True)) == {30_000}, "the time is shared evenly"


def test_the_same_list_sent_twice_is_stored_once(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    rows = [row(each) for each in open_list(project, ann)]
    send(project, ann, rows)
    again = send(project, ann, rows)
    assert (again.n_new, "stored once" in again.words) == (0, True)
    assert (Submission.objects.count(), Judgment.objects.count()) == (3, 6)


def test_a_half_answered_row_is_refused_and_keeps_no_other_from_being_stored(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    first, second, third = open_list(project, ann)
    half = row(second, {"relevance": Answer("fits")})
    sent = send(project, ann, [row(first), half, row(third, {})])
    assert set(sent.results) == {first.pk}
    assert "specificity: no answer yet" in str(sent.refused[second.pk])
    assert Lease.objects.filter(closed_at=None).count() == 2, "what is still on the page stays the person's"


def test_a_late_row_takes_a_free_seat_or_is_kept_as_extra(project: Project, ann: User, ben: User, cleo: User) -> None:
    factories.import_items(project, n=2)
    rows = open_list(project, ann)
    for each in rows:
        run_out(each)
    leases.sweep_expired(project)
    for person in (ben, cleo):
        answer(project, person, BAD)
    sent = send(project, ann, [row(each) for each in rows])
    assert "kept as extra" in sent.words
    assert sorted(Judgment.objects.filter(rater__user=ann).values_list("purpose", flat=True)) == (
        ["extra"] * 2 + ["vote"] * 2
    )


def test_rows_that_were_left_come_one_by_one_on_the_plain_bench(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    rows = open_list(project, ann)
    for each in rows:
        assert take(project, ann).pk in {x.pk for x in rows}
        answer(project, ann, lease=each)
    assert leases.claim(project, by=ann) is None
    assert Judgment.objects.count() == 6


def test_without_lists_untouched_rows_go_back_and_those_with_a_draft_stay(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    lists.choose(project, ann, wants=True)
    assert lists.is_wanted(project, ann)
    rows = open_list(project, ann)
    listed = [each for each in rows if each.is_listed]
    lists.extend({listed[0].pk: {"1": {"label": "fits"}}, listed[1].pk: {}}, by=ann, minutes=20)
    lists.choose(project, ann, wants=False)
    assert not lists.is_wanted(project, ann)
    assert Lease.objects.get(outcome="released").pk == listed[1].pk


def test_the_heartbeat_of_a_list_extends_open_rows_alone(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project, n=3)
    rows = open_list(project, ann)
    for each in rows:
        run_out(each)
    leases.release(rows[0].pk, by=ann)
    beat = {each.pk: {"1": {"label": "fits"}} for each in rows}
    assert lists.extend(beat, by=ben, minutes=20) is None
    assert lists.extend(beat, by=ann, minutes=20) is not None
    assert lists.extend(beat, by=ann, minutes=20) is not None, "a second draft replaces the first"
    assert leases.sweep_expired(project) == 0
    assert {each.chosen is None for each in open_list(project, ann)} == {False, True}, "the first row was taken anew"


def test_a_list_stays_within_the_persons_terms(project: Project, ann: User) -> None:
    factories.import_items(project, n=5)
    terms.set_terms(project, ann, criteria=["relevance"], daily_cap=3, by=None)
    rows = open_list(project, ann)
    assert len(rows) == 3
    keys = Case.objects.filter(pk__in=[case for each in rows for case in each.case_ids])
    assert set(keys.values_list("criterion__key", flat=True)) == {"relevance"}


def test_a_list_takes_no_seat_that_others_hold_and_no_answered_case(project: Project, ann: User, ben: User) -> None:
    items = factories.import_items(project, n=4)
    Case.objects.filter(project=project).update(people_wanted=1)
    held = take(project, ben)
    answer(project, ann)
    rows = open_list(project, ann)
    assert len(rows) == 2
    assert held.item_id not in {each.item_id for each in rows}
    assert {item.pk for item in items} > {each.item_id for each in rows}


def test_what_measures_a_person_stays_alone(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    lease = take(project, ann)
    known_ids, lease.case_ids = lease.case_ids, []
    lease.kind, lease.known_ids = Lease.Kind.REPEAT, known_ids
    assert lists.fill(project, lease, by=ann) == [lease]
    assert Lease.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_windows_of_four_people_open_lists_without_a_collision(transactional_db: None) -> None:
    project = factories.make_project("Crowded")
    people = [factories.make_member(project, f"person{n}", factories.Role.ANNOTATOR) for n in range(4)]
    factories.import_items(project, n=12, per_context=12)
    for person in people:
        submissions.projects.rater_of(person)

    def work(number: int) -> int:
        """Open the list and send it, over and over, until nothing is left."""
        person, stored = people[number % 4], 0
        try:
            while lease := leases.claim(project, by=person):
                stored += send(project, person, [row(each) for each in lists.fill(project, lease, by=person)]).n_new
            return stored
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    votes = Judgment.objects.filter(purpose="vote", retracted_at=None)
    assert votes.count() == 2 * 24, "two votes for each case, none lost, none too many"
    assert votes.values("case", "rater").distinct().count() == 48
    assert set(seats(project).values()) == {(2, 2)}
    assert not Lease.objects.filter(closed_at=None).exists()
