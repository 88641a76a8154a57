"""Leads' tools in a real Chromium: people, their terms, the queue, a settled case; and a newcomer's first password."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotation.actions import assignments, people, terms
from judge.models import Case, Item, Project, Role, User
from tests import factories
from tests.annotation.answering import GOOD, answer
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LOOKS = [
    pytest.param(language, scheme, size, id=f"{language}-{scheme}-{name}")
    for language, scheme, name, size in (
        ("en", "light", "wide", WIDE),
        ("en", "dark", "narrow", NARROW),
        ("zh-hans", "dark", "wide", WIDE),
        ("zh-hans", "light", "narrow", NARROW),
    )
]
#: Where pictures of the pages go; nowhere unless told.
PICTURES = os.environ.get("COJUDGE_PICTURES")


@pytest.fixture
def bench(project: Project, lea: User) -> Project:
    """Three people on different terms, one of them invited only; a queue in two languages, and one settled item."""
    ann, ben = (factories.make_member(project, name, Role.ANNOTATOR) for name in ("ann", "ben"))
    people.invite(project, "nora", by=lea)
    made = factories.import_items(project, n=9)
    Item.objects.filter(pk__in=[item.pk for item in made[:4]]).update(language="zh")
    Case.objects.filter(item=made[0]).update(stage_since=timezone.now() - timedelta(days=12))
    for person in (ann, ben):
        answer(project, person, GOOD)
    terms.set_terms(project, ann, languages=["zh", "en"], criteria=["relevance"], daily_cap=120, by=lea)
    terms.pause(project, ben, "We talk on Monday about the tags that are too generic.", by=lea)
    theirs = [item.pk for item in made[4:] if not item.leases.filter(person=ann).exists()]
    assignments.assign(project, theirs[-2:], [ann], each=2, by=lea)
    return project


def url(name: str, project: Project, **more: object) -> str:
    return reverse(name, kwargs={"slug": project.slug, **more})


def check(page: Page, name: str) -> None:
    """No violation of any weight, nothing wider than the window; a picture where somebody wants one."""
    assert [f"{each['id']}: {each['nodes'][0]['target']}" for each in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_every_page_of_a_lead_is_for_everybody_to_read(
    bench: Project, lea: User, open_window: Open, language: str, scheme: str, size: dict[str, int]
) -> None:
    User.objects.filter(pk=lea.pk).update(language=language)
    window = open_window(lea, viewport=size, color_scheme=scheme)
    ann, settled = User.objects.get(username="ann"), Case.objects.filter(stage="agreed")[0]
    look = f"{language}-{scheme}-{size['width']}"
    for name, address in (
        ("people", url("people", bench)),
        ("terms", url("annotator_terms", bench, person_id=ann.pk)),
        ("queue", url("queue", bench)),
    ):
        check(window.go(address), f"{name}-{look}")
    page = window.go(url("item", bench, item_id=settled.item_id))
    page.locator("details.settled summary").first.click()
    check(page, f"settled-{look}")


def test_a_lead_invites_and_the_newcomer_sets_a_password(
    bench: Project, lea: User, open_window: Open, chromium: Browser, live_server: LiveServer
) -> None:
    page = open_window(lea).go(url("people", bench))
    page.get_by_label("Username").fill("olga")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("One-time link").input_value()
    check(page, "invited")
    theirs = chromium.new_page(base_url=live_server.url)
    theirs.goto(link)
    check(theirs, "set_password")
    for field in ("new_password1", "new_password2"):
        theirs.locator(f"[name={field}]").fill("seven green tents")
    theirs.get_by_role("button", name="Set the password").click()
    expect(theirs.get_by_text("Shop tags").first).to_be_visible()
    theirs.goto(link)
    expect(theirs.get_by_text("was used already")).to_be_visible()
    theirs.close()


def test_a_lead_filters_the_queue_and_assigns_what_is_left(bench: Project, lea: User, open_window: Open) -> None:
    page = open_window(lea).go(url("queue", bench))
    page.get_by_label("Language").select_option("zh")
    page.wait_for_url("**language=zh**")
    page.get_by_label("Ann").check()
    page.get_by_label("Items for each").fill("2")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Items assigned: Ann 2")).to_be_visible()
    assert assignments.open_ones(bench) == {User.objects.get(username="ann").pk: 4}


def test_a_lead_overturns_a_label_with_the_keyboard(bench: Project, lea: User, open_window: Open) -> None:
    settled = Case.objects.filter(stage="agreed", criterion__key="relevance")[0]
    page = open_window(lea).go(url("item", bench, item_id=settled.item_id))
    page.locator("details.settled summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("weak").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("A gnome is no tent.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The label was overturned.")).to_be_visible()
    expect(page.get_by_text("A gnome is no tent.")).to_be_visible()
