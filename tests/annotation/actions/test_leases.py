"""The queue: who gets which item, what a lease holds, and what is said when nothing is left."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from annotation.actions import leases
from annotation.actions.emptiness import Empty, why_nothing_left
from annotation.models import Draft, Lease
from annotation.rules.answers import Answer
from judge.models import Case, Project, User
from tests import factories
from tests.annotation.answering import answer, run_out, seats, take


def test_a_claim_takes_a_seat_in_every_open_criterion(project: Project, ann: User) -> None:
    factories.import_items(project)
    lease = take(project, ann)
    assert lease.case_ids == sorted(Case.objects.values_list("pk", flat=True))
    assert set(seats(project).values()) == {(1, 2)}


def test_a_person_who_comes_back_resumes_the_same_item(project: Project, ann: User) -> None:
    factories.import_items(project, n=3)
    first = take(project, ann)
    again = take(project, ann)
    assert again.pk == first.pk
    assert again.expires_at >= first.expires_at
    assert sum(taken for taken, _ in seats(project).values()) == 2, "one item, two criteria, one seat each"


def test_two_people_share_an_item_and_a_third_gets_the_next(project: Project, ann: User, ben: User, cleo: User) -> None:
    factories.import_items(project, n=2)
    ann_has, ben_has, cleo_has = (take(project, person).item_id for person in (ann, ben, cleo))
    assert ann_has == ben_has != cleo_has


def test_items_come_by_priority_and_then_in_queue_order(project: Project, ann: User) -> None:
    items = factories.import_items(project, n=4)
    urgent = items[2]
    Case.objects.filter(item=urgent).update(priority=5)
    expected = [urgent.pk]
    expected += Case.objects.exclude(item=urgent).order_by("queue_order").distinct().values_list("item_id", flat=True)
    came = []
    for _ in items:
        came.append(take(project, ann).item_id)
        answer(project, ann)
    assert came == list(dict.fromkeys(expected))


def test_nobody_is_asked_twice_for_what_they_answered_skipped_or_flagged(project: Project, ann: User) -> None:
    factories.import_items(project)
    answer(project, ann, {"relevance": Answer(is_skipped=True), "specificity": Answer("concrete")})
    assert leases.claim(project, by=ann) is None


def test_an_abandoned_item_goes_to_the_next_person(project: Project, ann: User, ben: User, cleo: User) -> None:
    factories.import_items(project)
    gone = [take(project, ann), take(project, ben)]
    assert leases.claim(project, by=cleo) is None
    run_out(gone[0])
    assert take(project, cleo).item_id == gone[0].item_id
    assert Lease.objects.get(pk=gone[0].pk).outcome == "expired"
    assert set(seats(project).values()) == {(2, 2)}


def test_a_lease_that_ran_out_but_was_not_swept_goes_on(project: Project, ann: User) -> None:
    factories.import_items(project)
    lease = take(project, ann)
    run_out(lease)
    assert take(project, ann).pk == lease.pk


def test_a_sweep_closes_only_what_ran_out(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project)
    late, busy = take(project, ann), take(project, ben)
    run_out(late)
    assert leases.sweep_expired() == 1
    assert leases.sweep_expired() == 0
    assert Lease.objects.get(pk=busy.pk).closed_at is None
    assert set(seats(project).values()) == {(1, 2)}


def test_a_released_item_is_free_again(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project)
    lease = take(project, ann)
    assert not leases.release(lease.pk, by=ben), "somebody else's lease stays"
    assert leases.release(lease.pk, by=ann)
    assert not leases.release(lease.pk, by=ann), "twice gives nothing back twice"
    assert set(seats(project).values()) == {(0, 2)}


def test_a_heartbeat_keeps_the_item_and_the_draft(project: Project, ann: User, ben: User) -> None:
    factories.import_items(project)
    lease = take(project, ann)
    run_out(lease)
    extended = leases.extend(lease.pk, by=ann, minutes=20, answers={"1": {"label": "fits"}})
    assert extended is not None
    assert extended > lease.created_at
    assert Draft.objects.get(lease=lease).answers == {"1": {"label": "fits"}}
    assert leases.extend(lease.pk, by=ben, minutes=20) is None, "nobody extends another person's lease"
    leases.release(lease.pk, by=ann)
    assert leases.extend(lease.pk, by=ann, minutes=20) is None


def test_postgres_refuses_two_live_leases_of_one_person_on_one_item(project: Project, ann: User) -> None:
    factories.import_items(project)
    lease = take(project, ann)
    with pytest.raises(IntegrityError, match="lease_one_live_per"), transaction.atomic():
        Lease.objects.create(
            project=project, item=lease.item, person=ann, case_ids=lease.case_ids, expires_at=lease.expires_at
        )


def test_postgres_refuses_one_seat_too_many(project: Project, ann: User) -> None:
    factories.import_items(project)
    with pytest.raises(IntegrityError, match="case_seats_within_people_wanted"), transaction.atomic():
        Case.objects.update(seats_taken=3)


def test_the_empty_queue_says_why(project: Project, ann: User, ben: User, cleo: User) -> None:
    assert why_nothing_left(project, by=ann) is Empty.NOTHING_IMPORTED
    factories.import_items(project)
    answer(project, ann)
    assert why_nothing_left(project, by=ann) is Empty.ANSWERED_ALL
    lease = take(project, ben)
    assert why_nothing_left(project, by=cleo) is Empty.HELD_BY_OTHERS
    answer(project, ben, {"relevance": Answer("fits"), "specificity": Answer(is_flagged=True)}, lease=lease)
    assert why_nothing_left(project, by=cleo) is Empty.WITH_ADJUDICATOR
    Case.objects.filter(stage="adjudication").update(stage="agreed")
    assert why_nothing_left(project, by=cleo) is Empty.ALL_DONE
    Case.objects.update(stage="imported")
    assert why_nothing_left(project, by=cleo) is Empty.WAITING_FOR_JUDGE
    assert all(reason.words for reason in Empty)
