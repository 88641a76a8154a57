"""Lists in a real Chromium: one context, its outputs as rows, one pass without the pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.actions import lists
from annotation.models import Lease, Submission
from judge.models import Judgment, Project, User
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_workbench import LINES, forgive_the_network, labels, url, wait_for_next

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]
CONTEXT = {"profile": "Woman, 34, Dublin", "history": ["bought a tent", "searched “二人帐篷”"]}


@pytest.fixture
def people(transactional_db: None) -> tuple[Project, User]:
    project = factories.make_project("Shop tags")
    ann = factories.make_member(project, "ann", factories.Role.ANNOTATOR)
    factories.import_items(project, lines=[line | {"context": CONTEXT} for line in LINES])
    return project, ann


def open_list(window: Window, project: Project) -> Page:
    """The bench as it is at first, and ``l``."""
    page = window.go(url("workbench", project))
    page.keyboard.press("l")
    expect(page.locator("[data-row]")).to_have_count(6)
    return page


def test_a_whole_list_is_answered_without_the_pointer_and_remembered(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    page = open_list(open_window(ann), project)
    for _ in range(6):
        page.keyboard.press("1")
        page.wait_for_timeout(200)  # the flash
        page.keyboard.press("2")
        page.wait_for_timeout(200)
    expect(page.locator("[data-answered]")).to_have_text("· 6 / 6 answered")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    wait_for_next(page, 6)
    assert labels(ann) == ["fits"] * 6 + ["too_generic"] * 6
    expect(page.locator("[data-empty]")).to_be_visible()
    assert lists.is_wanted(project, ann)


def test_enter_sends_what_is_answered_and_the_rest_comes_again(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_list(open_window(ann), project)
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("still open")
    criteria = page.locator("[data-criterion]")
    page.keyboard.press("1")
    expect(criteria.nth(0).locator(":checked")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    expect(criteria.nth(2).locator(":checked")).to_have_count(1)
    page.keyboard.press("Enter")  # two rows are half answered: the first of them is marked
    expect(page.locator("[data-criterion]").nth(1)).to_have_attribute("data-current", "")
    page.keyboard.press("1")
    expect(criteria.nth(1).locator(":checked")).to_have_count(1)
    page.wait_for_timeout(200)
    criteria.nth(3).locator("[data-option]").first.check()
    page.keyboard.press("Enter")
    wait_for_next(page, 2)
    expect(page.locator("[data-row]")).to_have_count(4)
    assert labels(ann) == ["concrete"] * 2 + ["fits"] * 2
    assert Lease.objects.filter(outcome="released").count() == 4


def test_space_skips_and_shift_space_skips_the_rest_of_a_row(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_list(open_window(ann), project)
    page.keyboard.press("Shift+Space")
    expect(page.locator("[data-skip]:checked")).to_have_count(2)
    page.keyboard.press("Enter")
    wait_for_next(page)
    assert list(Judgment.objects.values_list("unscored_reason", flat=True)) == ["skipped"] * 2


def test_a_list_survives_a_reload_and_a_lost_connection(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    window = open_window(ann)
    page = open_list(window, project)
    page.locator("[data-criterion]").nth(4).locator("[data-option]").nth(1).check()
    page.reload()
    expect(page.locator("[data-option]:checked")).to_have_count(1)
    page.locator("[data-criterion]").nth(5).locator("[data-option]").nth(1).check()
    window.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-offline]")).to_be_visible()
    window.context.set_offline(False)
    wait_for_next(page)
    assert (Submission.objects.count(), labels(ann)) == (1, ["too_generic", "weak"])
    forgive_the_network(window)


def test_lists_work_without_javascript_and_on_a_phone(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    phone = {"java_script_enabled": False, "viewport": {"width": 390, "height": 844}}
    page = open_window(ann, **phone).go(url("workbench", project))
    page.get_by_role("button", name="As a list").click()
    for criterion in page.locator("[data-criterion]").all()[:2]:
        criterion.locator(".option").first.click()
    page.locator("[data-submit]").click()
    wait_for_next(page)
    assert labels(ann) == ["concrete", "fits"]
    page.get_by_role("button", name="One at a time").click()
    expect(page.locator("[data-row]")).to_have_count(0)
    assert Lease.objects.filter(closed_at=None).count() == 1
