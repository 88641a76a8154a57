from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from judge.models import Item, Project, Role, User
from judge.views.items import PAGE
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]


def url(project: Project, query: str = "") -> str:
    return f"/projects/{project.slug}/items/{query}"


def listed(page: str) -> list[str]:
    """The ids of the items in the list."""
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a></th>', page)


@pytest.fixture
def mixed(project: Project) -> Project:
    """Three items from two generators in two languages."""
    factories.import_items(project, lines=[
        {"id": "en-1", "context": "likes tents", "output": "tent", "generator": "old", "language": "en"},
        {"id": "en-2", "context": "likes tents", "output": "gnome", "generator": "new", "language": "en"},
        {"id": "zh-1", "context": "喜欢露营", "output": "帐篷", "generator": "new", "language": "zh"},
    ])  # fmt: skip
    return project


@pytest.mark.parametrize(("query", "found"), [
    ("", ["en-1", "en-2", "zh-1"]),
    ("?generator=new", ["en-2", "zh-1"]),
    ("?language=zh", ["zh-1"]),
    ("?id=en", ["en-1", "en-2"]),
    ("?stream=open", ["en-1", "en-2", "zh-1"]),
    ("?stream=gold", []),
    ("?stage=people", ["en-1", "en-2", "zh-1"]),
    ("?stage=agreed", []),
    ("?reason=no_certificate", ["en-1", "en-2", "zh-1"]),
    ("?reason=low_confidence", []),
    ("?generator=new&language=en&stage=people", ["en-2"]),
])  # fmt: skip
def test_filters_leave_what_matches(browse: Browse, lea: User, mixed: Project, query: str, found: list[str]) -> None:
    assert listed(browse(lea).get(url(mixed, query)).text) == found


def test_criterion_and_stage_are_asked_of_the_same_case(
    browse: Browse, lea: User, ann: User, ben: User, mixed: Project
) -> None:
    case = stories.first_case(Item.objects.get(identity="en-1"))
    stories.person_says(ann, case, "fits")
    stories.person_says(ben, case, "fits")
    other = factories.cases_of(case.item)["specificity"]

    assert listed(browse(lea).get(url(mixed, f"?stage=agreed&criterion={case.criterion_id}")).text) == ["en-1"]
    assert listed(browse(lea).get(url(mixed, f"?stage=agreed&criterion={other.criterion_id}")).text) == []


def test_reason_is_the_latest_one(browse: Browse, lea: User, ann: User, ben: User, mixed: Project) -> None:
    case = stories.first_case(Item.objects.get(identity="en-1"))
    stories.person_says(ann, case, "fits")
    stories.person_says(ben, case, "weak")

    assert listed(browse(lea).get(url(mixed, "?reason=people_disagree")).text) == ["en-1"]
    query = f"?reason=no_certificate&criterion={case.criterion_id}"
    assert listed(browse(lea).get(url(mixed, query)).text) == ["en-2", "zh-1"]


def test_unknown_filter_value_is_said_and_nothing_is_listed(browse: Browse, lea: User, mixed: Project) -> None:
    page = browse(lea).get(url(mixed, "?stage=nowhere")).text

    assert "nowhere is not one of the available choices" in page
    assert listed(page) == []


def test_pages_follow_each_other_without_gap_or_repeat(browse: Browse, lea: User, project: Project) -> None:
    factories.import_items(project, n=PAGE + 3)
    client = browse(lea)
    first = client.get(url(project)).text
    after = re.search(r'href="(\?[^"]*)" rel="next"', first)
    assert after is not None

    second = client.get(url(project, after[1].replace("&amp;", "&"))).text

    assert len(listed(first)) == PAGE
    assert len(set(listed(first) + listed(second))) == PAGE + 3
    assert 'rel="next"' not in second


def test_agreed_labels_show_and_those_of_the_certify_stream_do_not(
    browse: Browse, lea: User, ann: User, ben: User
) -> None:
    for name, rate, shown in (("Open", 0.0, True), ("Certify", 1.0, False)):
        project = factories.make_project(name, certify_rate=rate)
        for person in (lea, ann, ben):
            factories.make_member(project, person.username, Role.LEAD if person == lea else Role.ANNOTATOR)
        case = stories.first_case(factories.import_items(project)[0])
        stories.person_says(ann, case, "fits")
        stories.person_says(ben, case, "fits")

        page = browse(lea).get(url(project)).text

        assert ("mark--pass" in page) is shown, name
        assert ("(hidden)" in page) is not shown, name


def test_hostile_text_is_shown_as_text(browse: Browse, lea: User, project: Project) -> None:
    line = {"id": stories.HOSTILE, "context": {stories.HOSTILE: stories.HOSTILE}, "output": stories.HOSTILE,
            "generator": stories.HOSTILE}  # fmt: skip
    factories.import_items(project, lines=[line])

    page = browse(lea).get(url(project)).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert" in page


def test_queries_do_not_grow_with_rows(
    browse: Browse, lea: User, project: Project, django_assert_max_num_queries: Callable[..., object]
) -> None:
    factories.import_items(project, n=40)
    client = browse(lea)
    with django_assert_max_num_queries(7):  # type: ignore[attr-defined]
        assert len(listed(client.get(url(project)).text)) == 40


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR])
def test_people_who_answer_do_not_get_the_list(browse: Browse, project: Project, role: Role) -> None:
    assert browse(factories.make_member(project, "kim", role)).get(url(project)).status_code == 403


def test_stranger_gets_no_list(browse: Browse, project: Project, stranger: User) -> None:
    assert browse(stranger).get(url(project)).status_code == 404


def test_list_cannot_be_posted_to(browse: Browse, project: Project, lea: User) -> None:
    assert browse(lea).post(url(project)).status_code == 405
