"""The workbench in a real Chromium: keys, one submit, lost connections, undo, and everybody's eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.models import Lease, Submission
from judge.models import Judgment, Project, User
from tests import factories
from tests.annotation.answering import answer
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., Window]
LINES = [
    {
        "id": f"tag-{number}",
        "context": {"profile": "Woman, 34, Dublin", "history": [f"bought tent {number}", "searched “二人帐篷”"]},
        "output": {"Item Tag": f"tent peg {number}", "Interest": "camping", "Reason": "bought a tent"},
    }
    for number in range(6)
]


@pytest.fixture
def people(transactional_db: None) -> tuple[Project, User]:
    project = factories.make_project("Shop tags")
    ann = factories.make_member(project, "ann", factories.Role.ANNOTATOR, factories.Role.ADJUDICATOR)
    factories.import_items(project, lines=LINES)
    return project, ann


def url(name: str, project: Project, **more: Any) -> str:
    return reverse(name, kwargs={"slug": project.slug, **more})


def labels(person: User) -> list[str | None]:
    rows = Judgment.objects.filter(rater__user=person, retracted_at=None)
    return sorted(rows.values_list("label", flat=True), key=str)


def wait_for_next(page: Page, number: int = 1) -> None:
    expect(page.locator("[data-count]")).to_have_text(str(number), timeout=20_000)  # it sends again ever more slowly


def forgive_the_network(window: Window) -> None:
    """A broken connection is told in the console by Chromium and by htmx; anything else there is ours."""
    window.problems[:] = [each for each in window.problems if "net::ERR_" not in each and not each.startswith("htmx:")]


def test_a_whole_item_is_answered_with_the_keyboard_alone(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    first = page.locator(".output__text").inner_text()
    page.keyboard.press("1")
    expect(page.locator("[data-criterion]").nth(1)).to_have_attribute("data-current", "")
    page.keyboard.press("2")
    expect(page.locator("[data-bench]")).to_have_attribute("data-complete", "")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    wait_for_next(page)
    assert page.locator(".output__text").inner_text() != first
    assert labels(ann) == ["too_generic", "weak"]
    assert 0 < (Submission.objects.get().duration_ms or 0) < 60_000


def test_enter_on_an_open_criterion_sends_nothing_and_shows_it(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-criterion]").first).to_have_attribute("data-current", "")
    expect(page.locator("[data-said]")).to_contain_text("Not complete yet")
    assert not Submission.objects.exists()


def test_a_double_click_on_submit_is_stored_once(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    for criterion in page.locator("[data-criterion]").all():
        criterion.locator(".option").first.click()
    page.locator("[data-submit]").dblclick()
    wait_for_next(page)
    assert (Submission.objects.count(), labels(ann)) == (1, ["concrete", "fits"])


def test_a_lost_connection_is_said_and_the_answers_are_sent_again(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    window = open_window(ann)
    page = window.go(url("workbench", project))
    page.keyboard.press("1")
    expect(page.locator("[data-criterion]").nth(1)).to_have_attribute("data-current", "")
    page.keyboard.press("1")
    window.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-offline]")).to_be_visible()
    assert not Submission.objects.exists()
    window.context.set_offline(False)
    wait_for_next(page)
    expect(page.locator("[data-offline]")).to_be_hidden()
    assert (Submission.objects.count(), labels(ann)) == (1, ["concrete", "fits"])
    forgive_the_network(window)


def test_an_answer_that_arrived_but_whose_reply_was_lost_is_not_stored_twice(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    window = open_window(ann)
    page = window.go(url("workbench", project))
    dropped: list[int] = []

    def drop_first_reply(route: Any) -> None:
        response = route.fetch()
        if dropped:
            route.fulfill(response=response)
        else:
            dropped.append(response.status)
            route.abort()

    page.route("**/annotate/submit/", drop_first_reply)
    for criterion in page.locator("[data-criterion]").all():
        criterion.locator(".option").first.click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bench__notice")).to_contain_text("stored once")
    assert dropped == [200]
    assert (Submission.objects.count(), labels(ann)) == (1, ["concrete", "fits"])
    forgive_the_network(window)


def test_single_keys_are_dead_in_a_note_and_escape_leaves_it(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("n")
    page.keyboard.type("12 h? f")
    assert page.locator("[data-note]").first.input_value() == "12 h? f"
    assert not page.locator("[data-option]:checked, [data-flag]:checked").count()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    assert page.locator("[data-option]:checked").count() == 1


def test_skip_asks_why_and_flag_needs_words(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("Space")
    page.keyboard.type("I know no tents")
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("what is wrong")
    page.keyboard.type("a private address")
    page.keyboard.press("Control+Enter")
    wait_for_next(page)
    notes = Judgment.objects.order_by("criterion__key").values_list("unscored_reason", "text__note")
    assert list(notes) == [("skipped", "I know no tents"), ("flagged", "a private address")]


def test_an_answer_is_undone_from_the_keyboard(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    answer(project, ann)
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("Backspace")
    expect(page.locator("dialog .recent a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Change an answer")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("Changed")
    assert labels(ann) == ["concrete", "weak"]


def test_what_was_chosen_survives_a_reload(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("2")
    page.reload()
    expect(page.locator("[data-option]:checked")).to_have_count(1)
    with page.expect_response("**/annotate/draft/"):
        page.keyboard.press("2")
    other_computer = open_window(ann).go(url("workbench", project))
    expect(other_computer.locator("[data-option]:checked")).to_have_count(2)
    assert Lease.objects.count() == 1


def test_guidelines_and_keys_open_in_a_drawer(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("h")
    expect(page.locator("dialog")).to_contain_text("Think of what the person would look at next.")
    expect(page.get_by_role("heading", name="Guidelines")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    assert not page.locator("[data-option]:checked").count()


def test_it_works_without_javascript(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann, java_script_enabled=False).go(url("workbench", project))
    for criterion in page.locator("[data-criterion]").all():
        criterion.locator(".option").first.click()
    page.locator("[data-submit]").click()
    wait_for_next(page)
    assert labels(ann) == ["concrete", "fits"]


def test_an_ordinary_item_needs_no_scrolling(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = open_window(ann).go(url("workbench", project))
    for part in ("html", ".bench__right", ".bench__left"):
        assert page.evaluate("p => (e => e.scrollHeight <= e.clientHeight)(document.querySelector(p))", part), part
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
