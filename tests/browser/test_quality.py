"""Quality, feedback, the second look of an adjudicator and the making of an example, in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotation.actions import known, quality, terms
from annotation.actions.known import Kind
from annotation.models import Submission
from judge.actions import policies
from judge.models import Case, Project, Role, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.actions.test_known import FLAGS, make_known
from tests.annotation.answering import BAD, GOOD, answer, take
from tests.annotation.conftest import let_judge_speak
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
#: Where pictures of the pages go; nowhere unless told.
PICTURES = os.environ.get("COJUDGE_PICTURES")


def url(name: str, project: Project, **more: object) -> str:
    return reverse(name, kwargs={"slug": project.slug, **more})


@pytest.fixture
def told(project: Project, ada: User) -> Project:
    """Two people have worked, one of whom answers wrong; some train items were shown first."""
    ann, ben, dan = (factories.make_member(project, name, Role.ANNOTATOR) for name in ("ann", "ben", "dan"))
    make_known(project, dan, ada, n=2, note="They look for tents.")
    let_judge_speak(project)
    for person, says in ((ann, GOOD), (ben, BAD)):
        answer(project, person, says)
        for kind in (Kind.GOLD_QUESTION, Kind.SHOWN_FIRST):
            assert known.offer(project, kind, person)
            answer(project, person, says)
            if kind == Kind.GOLD_QUESTION:
                answer(project, person, says)
    terms.pause(project, ben, "We talk on Monday.", by=None)
    quality.refresh(project)
    return project


def settings() -> Iterator[tuple[str, dict[str, object]]]:
    for scheme in ("light", "dark"):
        for name, size in (("wide", WIDE), ("narrow", NARROW)):
            yield f"{scheme}-{name}", {"viewport": size, "color_scheme": scheme}


def check(page: Page, name: str) -> None:
    """No violation of any weight, nothing wider than the window; a picture where somebody wants one."""
    assert [f"{each['id']}: {each['nodes'][0]['target']}" for each in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_quality_is_for_everybody_to_read(told: Project, lea: User, open_window: Open, language: str) -> None:
    for name, options in settings():
        window = open_window(lea, locale="zh-CN" if language == "zh-hans" else "en-GB", **options)
        page = window.go(url("quality", told))
        expect(page.locator("h1")).to_have_text("人们回答得如何" if language == "zh-hans" else "How people answer")
        check(page, f"quality-{language}-{name}")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_newcomer_is_taught_with_the_keyboard_alone(
    project: Project, ada: User, open_window: Open, language: str
) -> None:
    dan = factories.make_member(project, "dan", Role.ANNOTATOR)
    cleo = factories.make_member(project, "cleo", Role.ANNOTATOR)
    make_known(project, dan, ada, n=1, note="They look for tents.")
    policies.revise(project, by=None, training_items=1)
    window = open_window(cleo, locale="zh-CN" if language == "zh-hans" else "en-GB")
    page = window.go(url("workbench", project))
    for key in ("2", "ArrowDown", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator(".feedback")).to_contain_text("They look for tents.")
    for name, options in settings():
        page.emulate_media(color_scheme="dark" if "dark" in name else "light")
        page.set_viewport_size(options["viewport"])  # type: ignore[arg-type]
        check(page, f"feedback-{language}-{name}")
    page.keyboard.press("Enter")
    expect(page.locator("[data-bench], [data-empty]")).to_be_visible()
    assert Submission.objects.filter(person=cleo, lease__kind="training").count() == 1


def test_an_adjudicator_thinks_first_and_a_lead_makes_an_example(
    project: Project, ada: User, lea: User, open_window: Open
) -> None:
    judged = let_judge_speak(project)
    dan = factories.make_member(judged, "dan", Role.ANNOTATOR)
    answer(judged, dan, FLAGS, lease=take(judged, dan))
    case = Case.objects.filter(stage=Stage.ADJUDICATION, criterion__key="relevance").get()
    page = open_window(ada).go(url("dispute", judged, case_id=case.pk))
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#reasons-title")).to_be_visible()
    for name, options in settings():
        page.emulate_media(color_scheme="dark" if "dark" in name else "light")
        page.set_viewport_size(options["viewport"])  # type: ignore[arg-type]
        check(page, f"reasons-{name}")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("Decided")
    page = open_window(lea).go(url("item", judged, item_id=case.item_id))
    page.get_by_role("link", name="Make it an anchored example").click()
    for name, options in settings():
        page.emulate_media(color_scheme="dark" if "dark" in name else "light")
        page.set_viewport_size(options["viewport"])  # type: ignore[arg-type]
        check(page, f"example-{name}")
    page.get_by_role("button", name="Put the next version in force").click()
    expect(page.locator(".messages")).to_contain_text("Version 2")
