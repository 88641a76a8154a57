"""Erasing by item, context and person; what is refused; retention. A word is planted in tests/flow/test_erasure.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from judge.actions import erasures, events, retention
from judge.errors import InputError
from judge.models import Context, Event, Item, Project, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Two items of Una in two contexts, two of Vera in one."""
    lines = [
        {"id": "u1", "context": {"likes": "tents"}, "context_id": "c1", "user": "una", "output": "tent"},
        {"id": "u2", "context": {"likes": "ropes"}, "context_id": "c2", "user": "una", "output": "rope"},
        {"id": "v1", "context": {"likes": "lamps"}, "context_id": "c3", "user": "vera", "output": "lamp"},
        {"id": "v2", "context": {"likes": "lamps"}, "context_id": "c3", "user": "vera", "output": "torch"},
    ]
    return factories.import_items(project, lines=lines)


def with_text(project: Project) -> tuple[set[str], set[str]]:
    """Items and contexts that still have one."""
    found = (
        Item.objects.filter(project=project, erased_at=None),
        Context.objects.filter(project=project, erased_at=None),
    )
    return {each.identity for each in found[0]}, {each.user_key for each in found[1]}


def test_an_item_leaves_alone(project: Project, items: list[Item], lea: User) -> None:
    done = erasures.erase(project, item="v1", by=lea, reason="asked for")
    assert (done.n_items, done.n_contexts) == (1, 0)
    assert with_text(project) == ({"u1", "u2", "v2"}, {"una", "vera"})
    event = Event.objects.get(verb="texts erased")
    assert (event.by, event.subject, event.data) == (lea, f"item:{items[2].pk}", {"reason": "asked for"})


def test_a_context_leaves_with_its_items(project: Project, items: list[Item]) -> None:
    erasures.erase(project, context=items[2].context.identity, by=None)
    assert with_text(project) == ({"u1", "u2"}, {"una"})


def test_a_person_leaves_everywhere_and_twice_is_once(project: Project, items: list[Item]) -> None:
    assert erasures.erase(project, person="una", by=None) == erasures.Erased(2, 2)
    assert with_text(project) == ({"v1", "v2"}, {"vera"})
    keys = set(Context.objects.exclude(erased_at=None).values_list("user_key", flat=True))
    assert len(keys) == 1, "their contexts still belong together"
    assert "una" not in keys.pop()
    assert erasures.erase(project, person="una", by=None) == erasures.Erased(0, 0)
    assert Event.objects.filter(verb="texts erased").count() == 4


def test_another_project_is_not_touched(project: Project, items: list[Item]) -> None:
    other = factories.make_project("Elsewhere")
    factories.import_items(other, lines=[{"id": "u1", "context": "x", "user": "una", "output": "tent"}])
    erasures.erase(project, person="una", by=None)
    assert with_text(other) == ({"u1"}, {"una"})


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({}, "nothing to erase was named"),
        ({"item": "u1", "person": "una"}, "nothing to erase was named"),
        ({"item": "nope"}, 'there is no item "nope"'),
        ({"context": "nope"}, 'there is no context "nope"'),
        ({"person": "un"}, 'there is no person "un"'),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    project: Project, items: list[Item], named: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        erasures.erase(project, **named, by=None)
    assert len(with_text(project)[0]) == 4


def test_an_example_in_the_rubric_is_told_since_it_stays(project: Project, items: list[Item]) -> None:
    case = items[0].cases.first()
    events.note(project, "example added", by=None, subject=f"case:{case.pk}", rubric=2)
    assert erasures.erase(project, item="u1", by=None).rubrics == (2,)


def test_retention_erases_what_was_kept_long_enough_and_contexts_with_their_last_item(
    project: Project, items: list[Item], lea: User
) -> None:
    Item.objects.filter(identity__in=["u1", "v1"]).update(imported_at=timezone.now() - timedelta(days=31))
    assert retention.sweep() == 0, "nothing was said of how long"
    retention.set_days(project, 30, by=lea)
    assert retention.sweep() == 2
    assert with_text(project) == ({"u2", "v2"}, {"una", "vera"})
    assert Context.objects.get(pk=items[0].context_id).content is None
    assert retention.sweep() == 0


def test_retention_is_noted_once_and_bounded(project: Project, lea: User) -> None:
    retention.set_days(project, 30, by=lea)
    retention.set_days(project, 30, by=lea)
    retention.set_days(project, None, by=lea)
    told = Event.objects.filter(verb="retention set").order_by("pk").values_list("data", flat=True)
    assert list(told) == [{"days": 30}, {"days": None}]
    with pytest.raises(InputError, match="0 days"):
        retention.set_days(project, 0, by=lea)
