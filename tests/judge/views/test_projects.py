from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from judge.models import Project, Role, User
from tests import factories

Browse = Callable[[User], Client]


def test_people_see_their_own_projects_and_no_others(browse: Browse, ann: User, stranger: User) -> None:
    page = browse(ann).get("/").text

    assert "Shop tags" in page
    assert "Elsewhere" not in page


def test_annotator_is_led_to_the_workbench_and_not_to_the_overview(browse: Browse, ann: User, project: Project) -> None:
    page = browse(ann).get("/").text

    assert f"/projects/{project.slug}/annotate/" in page
    assert f'href="/projects/{project.slug}/"' not in page


def test_demo_projects_are_marked_as_demo(browse: Browse, lea: User, project: Project) -> None:
    assert "badge--demo" not in browse(lea).get("/").text
    Project.objects.filter(pk=project.pk).update(is_demo=True)

    assert "badge--demo" in browse(lea).get("/").text
    assert "badge--demo" in browse(lea).get(f"/projects/{project.slug}/").text


def test_person_without_projects_is_told_whom_to_ask(browse: Browse, db: None) -> None:
    assert "Ask a lead" in browse(factories.make_user("nobody")).get("/").text


def test_site_admin_sees_every_project(browse: Browse, project: Project, stranger: User) -> None:
    User.objects.filter(pk=stranger.pk).update(is_superuser=True)
    stranger.refresh_from_db()

    assert "Shop tags" in browse(stranger).get("/").text


def test_list_asks_the_same_few_queries_for_one_project_and_for_five(
    browse: Browse, lea: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(4):
        factories.make_member(factories.make_project(f"More {number}"), "lea", Role.LEAD, Role.ANNOTATOR)
    client = browse(lea)
    with django_assert_max_num_queries(3):  # type: ignore[attr-defined]
        assert client.get("/").status_code == 200


def test_visitor_is_sent_to_the_login(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_list_cannot_be_posted_to(browse: Browse, lea: User) -> None:
    assert browse(lea).post("/").status_code == 405
