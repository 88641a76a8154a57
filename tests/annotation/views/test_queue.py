"""The page Queue: what waits, by criterion, language, reason and age; items are assigned from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation.actions import standing
from annotation.models import Assignment
from judge.models import Case, Item, Project, User
from tests import factories
from tests.annotation.answering import take

Browse = Callable[[User], Client]


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Four items, two in Chinese, two that say no language; the first one's cases wait for ten days."""
    made = factories.import_items(project, n=4)
    Item.objects.update(language="")
    Item.objects.filter(pk__in=[made[0].pk, made[1].pk]).update(language="zh")
    Case.objects.filter(item=made[0]).update(stage_since=timezone.now() - timedelta(days=10))
    return made


def address(project: Project, name: str = "queue") -> str:
    return reverse(name, kwargs={"slug": project.slug})


def read(client: Client, project: Project, **chosen: object) -> tuple[dict[str, int], str]:
    """Counts of the groups by title and language, and the page."""
    response = client.get(address(project), chosen)
    assert response.status_code == 200
    groups = {f"{title} {group.language}".strip(): group.count for group, title in response.context["groups"]}
    return groups, response.content.decode()


@pytest.mark.usefixtures("items")
def test_it_counts_by_criterion_language_and_reason(project: Project, lea: User, browse: Browse) -> None:
    groups, page = read(browse(lea), project)
    assert groups == {"relevance": 2, "relevance zh": 2, "specificity": 2, "specificity zh": 2}
    assert "no certificate" in page
    assert "8 cases with a free seat" in page


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({"language": "zh"}, {"relevance zh": 2, "specificity zh": 2}),
        ({"language": "-"}, {"relevance": 2, "specificity": 2}),
        ({"days": 7}, {"relevance zh": 1, "specificity zh": 1}),
        ({"reason": "no_certificate", "days": 11}, {}),
        ({"reason": "audit"}, {"relevance": 2, "relevance zh": 2, "specificity": 2, "specificity zh": 2}),
    ],
)
def test_filters_narrow_it_and_nonsense_narrows_nothing(
    project: Project, lea: User, items: list[Item], browse: Browse, chosen: dict[str, object], left: dict[str, int]
) -> None:
    assert read(browse(lea), project, **chosen)[0] == left


def test_a_criterion_is_chosen_and_the_longest_wait_is_told(
    project: Project, lea: User, items: list[Item], browse: Browse
) -> None:
    criterion = Case.objects.filter(criterion__key="relevance").values_list("criterion", flat=True)[0]
    groups, page = read(browse(lea), project, criterion=criterion)
    assert groups == {"relevance": 2, "relevance zh": 2}
    assert "1\xa0week, 3\xa0days" in page


def test_what_has_no_free_seat_is_not_there(project: Project, lea: User, items: list[Item], browse: Browse) -> None:
    Case.objects.filter(item=items[0]).update(seats_taken=2)
    assert sum(read(browse(lea), project)[0].values()) == 6


def test_no_more_is_read_than_the_head_of_the_queue(
    project: Project, lea: User, items: list[Item], browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "READ", 3)
    groups, page = read(browse(lea), project)
    assert sum(groups.values()) == 3
    assert "the first 3 cases" in page


def test_queries_do_not_grow_with_the_queue(project: Project, lea: User, browse: Browse) -> None:
    client, counts = browse(lea), []
    for n in (2, 30):
        factories.import_items(project, n=n)
        with CaptureQueriesContext(connection) as captured:
            read(client, project)
        counts.append(len(captured))
    assert counts[0] >= counts[1]
    assert counts[1] <= 10


def test_items_are_dealt_to_people_in_whole_contexts(
    project: Project, lea: User, ann: User, ben: User, browse: Browse
) -> None:
    factories.import_items(project, n=10, per_context=5)
    sent = {"people": [ann.pk, ben.pk], "each": "5"}
    page = browse(lea).post(address(project, "assign_items"), sent, follow=True).content.decode()
    assert "Ann 5, Ben 5" in page
    contexts = {
        person: set(Assignment.objects.filter(person=person).values_list("item__context", flat=True))
        for person in (ann, ben)
    }
    assert [len(found) for found in contexts.values()] == [1, 1]
    assert contexts[ann] != contexts[ben]
    assert take(project, ben).item.context_id in contexts[ben]


def test_only_what_the_filters_leave_is_assigned(
    project: Project, lea: User, ann: User, items: list[Item], browse: Browse
) -> None:
    sent = {"people": [ann.pk], "each": "50", "language": "zh"}
    response = browse(lea).post(address(project, "assign_items"), sent)
    assert response["Location"].endswith("?language=zh")
    assert set(Assignment.objects.values_list("item_id", flat=True)) == {items[0].pk, items[1].pk}


@pytest.mark.parametrize("sent", [{"people": [], "each": "5"}, {"each": "0"}, {"each": "501"}])
def test_an_impossible_assignment_is_refused_in_words(
    project: Project, lea: User, ann: User, items: list[Item], browse: Browse, sent: dict[str, object]
) -> None:
    response = browse(lea).post(address(project, "assign_items"), {"people": [ann.pk], **sent})
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert not Assignment.objects.exists()


def test_nobody_from_outside_is_given_items(
    project: Project, lea: User, stranger: User, items: list[Item], browse: Browse
) -> None:
    sent = {"people": [stranger.pk], "each": "5"}
    assert browse(lea).post(address(project, "assign_items"), sent).status_code == 400


def test_only_leads_open_it(project: Project, ann: User, tim: User, browse: Browse) -> None:
    for person in (ann, tim):
        assert browse(person).get(address(project)).status_code == 403
        assert browse(person).post(address(project, "assign_items")).status_code == 403
    assert browse(tim).post(address(project)).status_code == 405


def test_an_empty_queue_says_so(project: Project, lea: User, browse: Browse) -> None:
    assert "No case waits for people" in read(browse(lea), project)[1]
