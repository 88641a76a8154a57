"""Assignments: what a lead gave to a person comes first, and takes nothing from anybody."""

from __future__ import annotations

import pytest

from annotation.actions import assignments, leases, terms
from annotation.models import Assignment
from annotation.tasks import sweep_leases
from judge.errors import InputError
from judge.models import Case, Item, Project, User
from tests import factories
from tests.annotation.answering import answer, seats, take


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Six items in the order of the queue."""
    factories.import_items(project, n=6)
    order = Case.objects.order_by("queue_order").values_list("item_id", flat=True)
    return [Item.objects.get(pk=pk) for pk in dict.fromkeys(order)]


def give(project: Project, person: User, *items: Item, by: User) -> None:
    assignments.assign(project, [item.pk for item in items], [person], each=len(items), by=by)


def test_assigned_items_come_first_in_the_order_in_which_they_were_given(
    project: Project, ann: User, lea: User, items: list[Item]
) -> None:
    give(project, ann, items[4], items[2], by=lea)
    came = []
    for _ in range(3):
        came.append(take(project, ann).item_id)
        answer(project, ann)
    assert came == [items[4].pk, items[2].pk, items[0].pk]
    assert not Assignment.objects.filter(closed_at=None).exists()


def test_an_assignment_goes_beyond_languages_and_criteria_but_not_beyond_a_pause(
    project: Project, ann: User, lea: User, items: list[Item]
) -> None:
    Item.objects.update(language="en")
    terms.set_terms(project, ann, languages=["zh"], criteria=["relevance"], by=lea)
    give(project, ann, items[3], by=lea)
    terms.pause(project, ann, "wait", by=lea)
    assert leases.claim(project, by=ann) is None
    terms.resume(project, ann, by=lea)
    lease = take(project, ann)
    assert lease.item_id == items[3].pk
    assert len(lease.case_ids) == 2


def test_a_released_item_stays_assigned(project: Project, ann: User, lea: User, items: list[Item]) -> None:
    give(project, ann, items[5], by=lea)
    leases.release(take(project, ann).pk, by=ann)
    assert take(project, ann).item_id == items[5].pk


def test_an_assignment_holds_no_seat(
    project: Project, ann: User, ben: User, cleo: User, lea: User, items: list[Item]
) -> None:
    give(project, ann, items[0], by=lea)
    assert set(seats(project).values()) == {(0, 2)}
    for person in (ben, cleo):
        assert take(project, person).item_id == items[0].pk
        answer(project, person)
    assert take(project, ann).item_id == items[1].pk, "others filled its seats"
    assert Assignment.objects.get().closed_at is None
    sweep_leases()
    assert Assignment.objects.get().closed_at is not None


def test_a_persons_place_in_the_queue_is_not_moved_by_what_was_assigned(
    project: Project, ann: User, lea: User, items: list[Item]
) -> None:
    give(project, ann, items[5], by=lea)
    for _ in range(2):
        answer(project, ann)
    assert take(project, ann).item_id == items[1].pk


def test_nobody_is_given_what_they_answered_or_what_another_was_given(
    project: Project, ann: User, ben: User, lea: User, items: list[Item]
) -> None:
    answer(project, ann)
    order = [item.pk for item in items]
    got = assignments.assign(project, order, [ann, ben], each=4, by=lea)
    assert got == {ann: 4, ben: 2}
    mine, theirs = (
        set(Assignment.objects.filter(person=each).values_list("item_id", flat=True)) for each in (ann, ben)
    )
    assert items[0].pk in theirs - mine
    assert not mine & theirs
    assert assignments.assign(project, order, [ann], each=4, by=lea) == {ann: 0}


def test_what_was_given_is_taken_back(project: Project, ann: User, lea: User, items: list[Item]) -> None:
    give(project, ann, items[5], by=lea)
    assert assignments.open_ones(project) == {ann.pk: 1}
    assert assignments.take_back(project, ann, by=lea) == 1
    assert assignments.take_back(project, ann, by=lea) == 0
    assert take(project, ann).item_id == items[0].pk


@pytest.mark.parametrize(("each", "words"), [(0, "0 items for each"), (501, "501 items for each")])
def test_too_many_or_none_at_a_time_are_refused(
    project: Project, ann: User, lea: User, items: list[Item], each: int, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        assignments.assign(project, [items[0].pk], [ann], each=each, by=lea)


def test_items_go_to_people_who_answer_here(project: Project, tim: User, lea: User, items: list[Item]) -> None:
    with pytest.raises(InputError, match="does not answer in this project"):
        give(project, tim, items[0], by=lea)
    with pytest.raises(InputError, match="nobody was chosen"):
        assignments.assign(project, [items[0].pk], [], each=1, by=lea)
