"""The court's pages in a real browser: readable by everybody, on a phone, in the dark, in Chinese."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from judge.actions import rubrics
from judge.models import Project, Role, User
from tests import factories
from tests.judge.views import stories

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium"),
]
PAGES = ("", "items/", "items/{item}/", "import/", "export/", "rubric/", "members/")

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright's loop runs in the thread of the tests
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """``visit(person, **context)``: a page at the server, logged in; the console must stay free of errors."""
    complaints: list[str] = []
    contexts = []

    def _visit(person: str, **options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login/")
        page.fill("[name=username]", person)
        page.fill("[name=password]", factories.PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(live_server.url + "/")
        return page

    yield _visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shop() -> Project:
    """A project with the shipped rubric in which machines and people have answered."""
    project = factories.make_project("Shop tags", rubric=rubrics.template("tag"))
    factories.make_member(project, "lea", Role.LEAD)
    rater = stories.make_judge(project)
    people = [factories.make_member(project, name, Role.ANNOTATOR) for name in ("ann", "ben")]
    for item in factories.import_items(project, n=6, per_context=2):
        stories.machine_says(rater, stories.first_case(item))
        for person in people[: item.pk % 3]:
            stories.person_says(person, stories.first_case(item), "fits", note="a note")
    return project


def addresses(project: Project) -> list[str]:
    first = project.items.order_by("pk")[0]
    return [f"/projects/{project.slug}/{page.format(item=first.pk)}" for page in PAGES]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_pages_fit_a_phone(visit: Visit, shop: Project, locale: str) -> None:
    page = visit("lea", viewport={"width": 390, "height": 800}, locale=locale)
    for address in ["/", *addresses(shop)]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address


def test_keyboard_reaches_the_content_first_and_focus_is_seen(visit: Visit, shop: Project) -> None:
    page = visit("lea")
    page.goto(addresses(shop)[0])
    page.bring_to_front()  # a window that is not in front has no focus to show
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_chosen_colours_stay_on_the_next_page(visit: Visit, shop: Project) -> None:
    page = visit("lea", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)

    page.get_by_role("button", name="Colours").click()
    page.get_by_role("button", name="Colours").click()  # auto → light → dark
    page.goto(addresses(shop)[0])

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(background) != before


def test_language_switch_changes_the_page_and_comes_back_to_it(visit: Visit, shop: Project) -> None:
    page = visit("lea")
    page.goto(addresses(shop)[5])
    page.get_by_role("button", name="中文").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("评判标准")
    expect(page.get_by_text("有这一兴趣的人会乐意看到这件商品吗？")).to_be_visible()


def test_overview_follows_what_happens_without_a_reload(visit: Visit, shop: Project) -> None:
    page = visit("lea")
    page.goto(addresses(shop)[0])
    imported = page.locator(".flow__count").first
    before = int(imported.text_content() or "")

    extra = {"id": "late", "context": "came late", "output": "another tent"}
    factories.import_items(shop, lines=[extra])

    expect(imported).to_have_text(str(before + 4), timeout=15_000)


def test_lead_uploads_a_file_and_downloads_what_was_rejected(visit: Visit, shop: Project, tmp_path: Path) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text('{"id": "more", "context": "c", "output": "o"}\n{broken\n')
    page = visit("lea")
    page.goto(addresses(shop)[3])
    page.set_input_files("input[type=file]", path)
    page.locator("main").get_by_role("button", name="Import").click()

    expect(page.get_by_role("heading", name="1 new item")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rejected lines").click()
    assert "{broken" in Path(download.value.path()).read_text()


def test_choice_of_a_filter_applies_at_once(visit: Visit, shop: Project) -> None:
    page = visit("lea")
    page.goto(addresses(shop)[1])
    page.get_by_label("Stage").select_option("agreed")

    page.wait_for_url("**stage=agreed**")
    assert 0 < page.locator(".items tbody tr").count() < 6


def test_demo_logins_fill_the_form(chromium: Browser, live_server: LiveServer) -> None:
    User.objects.create_user("somebody", is_demo=True)
    page = chromium.new_page(base_url=live_server.url)
    page.goto("/login/")
    page.get_by_role("button", name="Fill in").first.click()

    assert page.input_value("[name=username]")
    assert page.input_value("[name=password]")
    page.close()
