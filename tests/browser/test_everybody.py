"""Every page, both languages, both colour schemes: axe finds nothing, and nothing is wider than a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import axe_playwright_python
import pytest
from django.test import Client, RequestFactory
from django.utils import translation
from playwright.sync_api import Page

from annotation.actions import lists
from annotation.rules.answers import Answer
from judge.models import Judgment, Project, Role, User
from judge.views import errors
from llm_judge.actions import setups
from tests import factories
from tests.annotation.answering import GOOD, answer
from tests.architecture.test_access import OURS, VALUES
from tests.browser.conftest import Window
from tests.browser.test_workbench import url
from tests.judge import proofs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]

AXE = next(Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js"))
FAULTS = """async rules => (await axe.run(rules ? {runOnly: rules} : {})).violations.map(
    each => each.id + ": " + each.nodes.map(node => node.html.slice(0, 160)).join(" | "))"""


@pytest.fixture
def shop(transactional_db: None) -> Project:
    """A project in which something has happened on every page. Lea holds every role and is a site admin."""
    project = factories.make_project("Shop tags")
    lea, ben = (
        factories.make_member(project, name, *roles) for name, roles in (("lea", Role), ("ben", [Role.ANNOTATOR]))
    )
    User.objects.filter(pk=lea.pk).update(is_superuser=True)
    factories.import_items(project, n=6)
    answer(project, lea)
    answer(project, ben, GOOD | {"relevance": Answer(is_flagged=True, note="hm")})
    setups.use_scripted(project)
    proofs.certify(project, "relevance")
    proofs.fail(project, "specificity")
    return project


def pages(project: Project, client: Client) -> dict[str, str]:
    """Name → address of all that answers a plain GET with a whole page. Found by asking, so that none is forgotten."""
    flagged = Judgment.objects.get(unscored_reason="flagged")
    values = VALUES | {
        "slug": project.slug,
        "item_id": str(flagged.case.item_id),
        "case_id": str(flagged.case_id),
        "judge_id": str(project.judges.order_by("pk")[0].pk),
        "person_id": str(User.objects.get(username="ben").pk),
        "key": str(Judgment.objects.filter(rater__user__username="lea")[0].submission),
    }
    found = {}
    for route, entry in OURS:
        address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], route)
        if entry.name != "logout":
            response = client.get(address)
            if response.status_code == 200 and b"<!doctype html>" in response.content[:200]:
                found[str(entry.name)] = address
    return found


def faults(page: Page) -> list[str]:
    """What axe finds in light colours, and of what colours can change again in dark ones; and what a phone cuts off."""
    page.evaluate(AXE.read_text())
    page.emulate_media(color_scheme="light")
    found = page.evaluate(FAULTS, None)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in page.evaluate(FAULTS, ["color-contrast", "link-in-text-block"])]
    page.set_viewport_size({"width": 390, "height": 800})
    if page.evaluate("document.documentElement.scrollWidth > 390"):
        found.append("wider than a phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    return [f"{page.url}: {each}" for each in found]


def forgive_missing_pages(window: Window) -> None:
    window.problems[:] = [each for each in window.problems if not re.search(r"status of 40[34]", each)]


@pytest.mark.parametrize("language", ["en-US", pytest.param("zh-CN", marks=pytest.mark.proof)])
def test_no_page_has_a_barrier(shop: Project, open_window: Open, language: str) -> None:
    lea, ben = User.objects.get(username="lea"), User.objects.get(username="ben")
    client = Client()
    client.force_login(lea)
    addresses = pages(shop, client)
    assert {"workbench", "edit_answers", "dispute", "certificates", "milestones", "agreement", "judges", "endpoints",
            "quality", "people", "queue", "runs", "members", "item"} <= set(addresses)  # fmt: skip
    look = {"locale": language, "reduced_motion": "reduce"}  # colours that are still on their way are nobody's
    window, found = open_window(lea, **look), []
    for address in [*addresses.values(), "/no/such/page/"]:
        found += faults(window.go(address))
    other = open_window(ben, **look)
    found += faults(other.go(url("certificates", shop)))  # not for annotators, in words
    lists.choose(shop, ben, wants=True)
    found += faults(other.go(url("workbench", shop)))
    other.page.keyboard.press("?")
    found += faults(other.page)
    with translation.override("zh-hans" if language == "zh-CN" else "en"):
        broken = errors.failed(RequestFactory().get("/")).text
    other.page.route("**/broken/", lambda route: route.fulfill(body=broken, content_type="text/html; charset=utf-8"))
    found += faults(other.go("/broken/"))
    other.context.clear_cookies()
    found += faults(other.go("/login/"))
    for each in (window, other):
        forgive_missing_pages(each)
    assert found == []
