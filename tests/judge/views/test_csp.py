"""No page needs an exception from the strict content policy: nothing inline, whatever the page shows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from judge.models import Project, Role, User
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style\b", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.I),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=\s*[\"']", re.I),
    "a javascript link": re.compile(r"href\s*=\s*[\"']?\s*javascript:", re.I),
}
LINK = re.compile(r'href="(/[^"#]*)')
MOST_PAGES = 60


def inline_parts(page: str) -> list[str]:
    return [what for what, pattern in INLINE.items() if pattern.search(page)]


@pytest.fixture
def full(project: Project, ann: User, ben: User) -> Project:
    """A project in which every kind of thing has happened, with hostile text everywhere."""
    rater = stories.make_judge(project)
    line = {"id": stories.HOSTILE, "context": {"a": [stories.HOSTILE]}, "output": stories.HOSTILE, "generator": "g"}
    plain = {"id": "b", "context": "c", "output": "d"}
    hostile = factories.import_items(project, lines=[line, plain])[0]
    stories.machine_says(rater, stories.first_case(hostile))
    for person in (ann, ben):
        stories.person_says(person, stories.first_case(hostile), "fits", note=stories.HOSTILE)
    return project


def test_every_page_that_somebody_can_reach_by_links_is_free_of_inline_parts(browse: Browse, full: Project) -> None:
    client = browse(factories.make_member(full, "all", *Role))
    waiting, seen = ["/"], {"/admin/"}
    while waiting and len(seen) < MOST_PAGES:
        url = waiting.pop(0)
        seen.add(url)
        response = client.get(url, follow=True)
        if "html" not in response.headers.get("Content-Type", ""):
            continue
        assert response.status_code == 200, url
        assert inline_parts(response.text) == [], url
        found = {link.replace("&amp;", "&") for link in LINK.findall(response.text)}
        waiting += sorted(link for link in found if link not in seen | set(waiting) and not link.startswith("/static/"))

    for name in ("", "items/", "rubric/", "import/", "export/", "members/"):
        assert f"/projects/{full.slug}/{name}" in seen


@pytest.mark.parametrize("url", ["/login/", "/no/such/page/"])
def test_pages_for_visitors_are_free_of_inline_parts(client: Client, db: None, url: str) -> None:
    assert inline_parts(client.get(url).text) == []


def test_policy_allows_nothing_inline(client: Client, db: None) -> None:
    policy = client.get("/login/").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
