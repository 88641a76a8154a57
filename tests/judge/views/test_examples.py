"""The page that makes an adjudicated case an anchored example."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from judge.models import Case, Item, Project, Role, Rubric, User
from tests import factories
from tests.annotation.actions.test_known import make_known

Browse = Callable[[User], Client]


@pytest.fixture
def case(project: Project, ann: User, ada: User) -> Case:
    make_known(project, ann, ada, note="They look for tents.")
    return Case.objects.get(criterion__key="relevance")


def url(project: Project, case: Case) -> str:
    return reverse("make_example", kwargs={"slug": project.slug, "case_id": case.pk})


def test_a_lead_reads_what_follows_and_does_it(project: Project, case: Case, lea: User, browse: Browse) -> None:
    client = browse(lea)
    item = client.get(reverse("item", kwargs={"slug": project.slug, "item_id": case.item_id})).content.decode()
    assert url(project, case) in item
    page = client.get(url(project, case)).content.decode()
    assert "another question" in page
    assert "holds no certificate" in page
    assert "tent number 0" in page
    form = {"context": "likes tents", "output": "tent number 0", "why": "They look for tents."}
    assert client.post(url(project, case), form)["Location"] == reverse("rubric", kwargs={"slug": project.slug})
    assert Rubric.objects.filter(project=project).count() == 2
    refused = client.post(url(project, case), form)
    assert refused.status_code == 400, "the rubric in force asks another question now"
    assert Rubric.objects.filter(project=project).count() == 2


def test_the_button_is_absent_with_the_reason(project: Project, case: Case, lea: User, browse: Browse) -> None:
    Item.objects.update(stream="gold")
    client = browse(lea)
    page = client.get(reverse("item", kwargs={"slug": project.slug, "item_id": case.item_id})).content.decode()
    assert url(project, case) not in page
    assert "It cannot become an anchored example." in page
    assert "certify and gold cases stay apart" in page


def test_leads_alone_change_the_rubric(
    project: Project, case: Case, ada: User, tim: User, stranger: User, lea: User, browse: Browse
) -> None:
    assert [browse(person).get(url(project, case)).status_code for person in (ada, tim, stranger)] == [403, 403, 404]
    assert browse(lea).delete(url(project, case)).status_code == 405
    other = factories.make_project("Other")
    factories.make_member(other, "lea", Role.LEAD)
    assert browse(lea).get(url(other, case)).status_code == 404
