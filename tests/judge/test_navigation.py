"""The bar of pages: few links in the first line, the pages of the present section in the second."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from judge.models import Project, Role, User
from judge.navigation import SECTIONS, WORK
from judge.templatetags.pages import bar, open_pages

Browse = Callable[[User], Client]
ALL = frozenset(Role.values)


def test_no_page_stands_twice() -> None:
    names = [name for pages in (WORK, *(section.pages for section in SECTIONS)) for name, _ in pages]
    assert len(names) == len(set(names))


def test_sections_lead_to_their_first_page_and_show_their_pages_when_one_is_open() -> None:
    shown = bar("shop", ALL, current="agreement")
    sections = {link.text: link for link in shown.first if link.url and link.is_section}
    assert list(sections) == ["Dashboards"] == [shown.section]
    assert sections["Dashboards"].url == reverse("project", kwargs={"slug": "shop"})
    assert [link.name for link in shown.second if link.is_current] == ["agreement"]
    assert len(shown.first) <= 8, "a first line that a laptop shows whole"


def test_whoever_works_has_one_line_and_it_is_short() -> None:
    shown = bar("shop", frozenset({Role.ANNOTATOR}), current="workbench")
    assert [link.name for link in shown.first] == ["workbench", "rubric"], "a section of one page is that page"
    assert shown.second == ()


def test_the_bar_shows_all_that_opens_and_nothing_else() -> None:
    for role in Role:
        roles = frozenset({role.value})
        opens = {link.name for link in open_pages("shop", roles)}
        seen = {link.name for link in bar("shop", roles, current="").first}
        for name in opens:
            seen |= {link.name for link in bar("shop", roles, current=name).second}
        assert seen == opens


@pytest.mark.django_db
def test_page_names_its_two_lines_and_marks_where_it_is(browse: Browse, project: Project, lea: User) -> None:
    text = browse(lea).get(reverse("agreement", kwargs={"slug": project.slug})).content.decode()
    assert text.count('aria-current="page"') == 1
    assert text.count('aria-current="true"') == 1
    assert 'aria-label="Dashboards"' in text
    at_work = browse(lea).get(reverse("items", kwargs={"slug": project.slug})).content.decode()
    assert "section-nav" not in at_work
