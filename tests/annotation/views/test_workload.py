"""The page about people's work over HTTP: for leads, no ranking, names only when asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from annotation.actions import quality, workload
from annotation.views.quality import share_of
from annotation.views.workload import Worker, _load, _needed
from judge.actions import policies, summaries
from judge.models import Item, JudgmentText, Project, Role, User
from tests import factories
from tests.annotation.answering import answer
from tests.snapshots import held

Browse = Callable[[User], Client]


def page(project: Project) -> str:
    return reverse("workload", args=[project.slug])


@pytest.fixture
def worked(project: Project, ann: User, ben: User, cleo: User) -> Project:
    """Two of three people have answered: cleo most of all, so no order by figures is the order of names."""
    factories.import_items(project, n=4, per_context=1)
    for _ in range(3):
        answer(project, cleo)
    answer(project, ann)
    for name in (workload.NAME, quality.NAME):
        summaries.refresh(project, name)
    return project


def names_in(text: str) -> list[str]:
    table = text[text.index('id="persons"') :]
    return re.findall(r'<th scope="row"><bdi>([^<]+)</bdi>', table)


def test_names_are_hidden_where_the_project_is_blind_until_a_lead_asks(
    worked: Project, lea: User, browse: Browse
) -> None:
    client = browse(lea)
    text = client.get(page(worked)).content.decode()
    assert not re.search("Ann|Ben|Cleo", text)
    assert names_in(text) == ["Person 1", "Person 2", "Person 3"]
    assert names_in(client.get(page(worked) + "?names=shown").content.decode()) == ["Ann", "Ben", "Cleo"]


def test_people_stand_by_name_where_the_project_reveals(worked: Project, lea: User, browse: Browse) -> None:
    policies.revise(worked, by=lea, is_blind=False)
    text = browse(lea).get(page(worked)).content.decode()
    assert names_in(text) == ["Ann", "Ben", "Cleo"]
    assert "Show names" not in text


def test_the_page_is_for_leads(
    worked: Project, ann: User, ada: User, tim: User, stranger: User, lea: User, browse: Browse
) -> None:
    for person, status in ((ann, 403), (ada, 403), (tim, 403), (stranger, 404)):
        assert browse(person).get(page(worked)).status_code == status
    assert browse(lea).post(page(worked)).status_code == 405


def test_an_empty_project_says_what_is_missing(project: Project, lea: User, browse: Browse) -> None:
    client = browse(lea)
    assert "Nobody answers or adjudicates" in client.get(page(project)).content.decode()
    summaries.refresh(project, workload.NAME)
    assert "Nobody answers or adjudicates" in client.get(page(project)).content.decode()


def test_people_without_work_have_no_chart(project: Project, ann: User, lea: User, browse: Browse) -> None:
    summaries.refresh(project, workload.NAME)
    text = browse(lea).get(page(project)).content.decode()
    assert "Nobody has answered an item in the last four weeks." in text
    assert "No case was adjudicated in the last four weeks." in text
    assert 'class="chart__bar' not in text


def test_nothing_of_certify_items_is_in_the_page(project: Project, ann: User, lea: User, browse: Browse) -> None:
    factories.import_items(project, lines=[{"id": "c", "context": "planted context", "output": "planted output"}])
    Item.objects.update(stream="certify")
    answer(project, ann)
    JudgmentText.objects.create(note="planted note")
    for name in (workload.NAME, quality.NAME):
        summaries.refresh(project, name)
    data = summaries.read(project, workload.NAME)
    assert data is not None
    assert sum(data.data["people"][0]["items"]) == 0
    assert "planted" not in browse(lea).get(page(project) + "?names=shown").content.decode()


def test_queries_do_not_grow_with_people(
    worked: Project, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for name in ("dan", "eve", "fay"):
        factories.make_member(worked, name, Role.ANNOTATOR)
    summaries.refresh(worked, workload.NAME)
    client = browse(lea)
    with django_assert_max_num_queries(10):
        client.get(page(worked) + "?names=shown")


def worker(name: str, n_answers: int) -> Worker:
    nothing = share_of("", [0, 0])
    return Worker(name, n_answers, n_answers, 1.0, None, nothing, nothing, [], 0, 0, answers=True, is_paused=False)


@translation.override("en")  # whatever an earlier test left
def test_the_chart_of_shares_is_drawn_as_reviewed() -> None:
    chart = _load([worker("Ann", 60), worker("A person with a very long name", 30), worker("Cleo", 10)])
    held("workload_load.html", render_to_string("_components/chart.html", {"chart": chart}))


@translation.override("en")  # whatever an earlier test left
def test_the_chart_of_adjudication_is_drawn_as_reviewed() -> None:
    chart = _needed(
        [("Relevance", share_of("", [8, 10])), ("Validity", share_of("", [0, 40])), ("New", share_of("", [0, 0]))]
    )
    held("workload_needed.html", render_to_string("_components/chart.html", {"chart": chart}))
