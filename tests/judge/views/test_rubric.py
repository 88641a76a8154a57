from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from judge.actions import rubrics
from judge.models import Project, Role, User
from tests import factories

Browse = Callable[[User], Client]


def url(project: Project) -> str:
    return f"/projects/{project.slug}/rubric/"


@pytest.mark.parametrize("role", list(Role))
def test_every_member_may_read_the_rubric(browse: Browse, project: Project, role: Role) -> None:
    page = browse(factories.make_member(project, "kim", role)).get(url(project)).text

    assert "Does the tag fit the interest?" in page
    assert "Think of what the person would look at next." in page
    assert "two-person tent" in page
    assert "mark--pass" in page


def test_bad_example_stands_under_the_label_it_is_mistaken_for_with_the_one_it_deserves(
    browse: Browse, project: Project, lea: User
) -> None:
    page = browse(lea).get(url(project)).text

    assert page.index("Looks like “fits”, but is not:") < page.index("garden gnome")
    assert "<strong>weak</strong>: outdoors, but no tent" in page


def test_shipped_rubric_reads_in_both_languages(browse: Browse, lea: User) -> None:
    project = factories.make_project("Tags", rubric=rubrics.template("tag"))
    client = browse(factories.make_member(project, "lea", Role.LEAD))

    assert "Would somebody with this interest" in client.get(url(project)).text
    assert "有这一兴趣的人会乐意看到这件商品吗" in client.get(url(project), {"in": "zh"}).text
    assert "有这一兴趣的人会乐意看到这件商品吗" in client.get(url(project), headers={"Accept-Language": "zh-CN"}).text


@pytest.mark.parametrize("asked", ["fr", "../../etc", "<b>"])
def test_language_that_the_rubric_lacks_falls_back(browse: Browse, project: Project, lea: User, asked: str) -> None:
    page = browse(lea).get(url(project), {"in": asked}).text

    assert "Does the tag fit the interest?" in page
    assert 'id="relevance" lang="en"' in page


def test_stranger_may_not_read_it(browse: Browse, project: Project, stranger: User) -> None:
    assert browse(stranger).get(url(project)).status_code == 404


def test_rubric_cannot_be_posted_to(browse: Browse, project: Project, lea: User) -> None:
    assert browse(lea).post(url(project)).status_code == 405
