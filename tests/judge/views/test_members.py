from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from judge.models import Event, Membership, Project, Role, User
from tests import factories

Browse = Callable[[User], Client]


def url(project: Project) -> str:
    return f"/projects/{project.slug}/members/"


def roles(project: Project, user: User) -> set[str]:
    return set(Membership.objects.filter(project=project, user=user).values_list("role", flat=True))


def test_lead_adds_a_person_with_two_roles(browse: Browse, project: Project, lea: User) -> None:
    kim = factories.make_user("kim")

    response = browse(lea).post(url(project), {"username": " kim ", "roles": ["annotator", "trainer"]}, follow=True)

    assert roles(project, kim) == {"annotator", "trainer"}
    assert "Kim was added." in response.text


def test_adding_twice_is_adding_once(browse: Browse, project: Project, lea: User, ann: User) -> None:
    browse(lea).post(url(project), {"username": "ann", "roles": ["annotator"]})

    assert Membership.objects.filter(project=project, user=ann).count() == 1


@pytest.mark.parametrize(("form", "said"), [
    ({"username": "ghost", "roles": ["annotator"]}, "There is no account “ghost”"),
    ({"username": "lea"}, "Choose at least one role."),
    ({"username": "lea", "roles": ["emperor"]}, "emperor is not one of the available choices"),
])  # fmt: skip
def test_mistakes_are_told_beside_the_field(
    browse: Browse, project: Project, lea: User, form: dict[str, object], said: str
) -> None:
    response = browse(lea).post(url(project), form)

    assert response.status_code == 400
    assert said in response.text


def test_lead_takes_a_role_away_and_the_trail_keeps_it(browse: Browse, project: Project, lea: User, ann: User) -> None:
    membership = Membership.objects.get(project=project, user=ann)

    browse(lea).post(url(project), {"remove": str(membership.pk)})

    assert roles(project, ann) == set()
    assert Event.objects.get(verb="member removed").by == lea


def test_last_lead_stays(browse: Browse, project: Project, lea: User) -> None:
    membership = Membership.objects.get(project=project, user=lea)

    page = browse(lea).post(url(project), {"remove": str(membership.pk)}, follow=True).text

    assert roles(project, lea) == {"lead"}
    assert "would have no lead" in page


def test_membership_of_another_project_cannot_be_taken_from_here(
    browse: Browse, project: Project, lea: User, stranger: User
) -> None:
    theirs = Membership.objects.get(user=stranger)

    browse(lea).post(url(project), {"remove": str(theirs.pk)})

    assert Membership.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize("wanted", ["", "x", "-1", "999999"])
def test_removing_nobody_changes_nothing(browse: Browse, project: Project, lea: User, wanted: str) -> None:
    assert browse(lea).post(url(project), {"remove": wanted}).status_code == 302
    assert roles(project, lea) == {"lead"}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEAD])
def test_others_than_leads_may_not_keep_the_members(browse: Browse, project: Project, role: Role) -> None:
    kim = factories.make_member(project, "kim", role)

    assert browse(kim).get(url(project)).status_code == 403
    assert browse(kim).post(url(project), {"username": "kim", "roles": ["lead"]}).status_code == 403
    assert roles(project, kim) == {role.value}


def test_stranger_may_not_keep_the_members(browse: Browse, project: Project, stranger: User) -> None:
    assert browse(stranger).post(url(project), {"username": "sam", "roles": ["lead"]}).status_code == 404


def test_queries_do_not_grow_with_members(
    browse: Browse, project: Project, lea: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(6):
        factories.make_member(project, f"kim{number}", Role.ANNOTATOR, Role.VIEWER)
    client = browse(lea)
    with django_assert_max_num_queries(4):  # type: ignore[attr-defined]
        client.get(url(project))
