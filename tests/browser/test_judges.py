"""A lead's way from a prompt to a judge in force, in a real browser: write, try, keep, foresee, run, promote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from celery import current_app
from playwright.sync_api import Page, expect

from judge.models import Decision, Item, Project, Role, User
from judge.rules.streams import Stream
from llm_judge import tasks
from llm_judge.actions import batches, calls, dispatch, setups
from llm_judge.models import Run, Trial
from tests import factories
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
Open = Callable[..., Window]


@pytest.fixture
def queue(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A broker in memory: messages lie there until the test does a worker's work."""
    settings.BROKER_URL = "memory://"  # type: ignore[attr-defined]
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")
    current_app.pool.force_close_all()
    yield
    calls.close()


@pytest.fixture
def shop(db: None) -> Project:
    """The scripted judge in force; one item to look at, one that proves judges."""
    project = factories.make_project("Shop tags")
    setups.use_scripted(project)
    factories.import_items(project, n=2)
    Item.objects.filter(identity="item-1").update(stream=Stream.CERTIFY)
    return project


@pytest.fixture
def lea(shop: Project) -> User:
    return factories.make_member(shop, "lea", Role.LEAD)


def check(page: Page) -> None:
    """No serious fault for people who cannot see or point, and nothing wider than the window."""
    found = Axe().run(page).response["violations"]
    faults = [
        (each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found if each["impact"] in SERIOUS
    ]
    assert faults == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


@pytest.mark.parametrize("look", [
    {"color_scheme": "light"},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}, "locale": "zh-CN"},
    {"viewport": {"width": 390, "height": 800}, "java_script_enabled": False},
])  # fmt: skip
def test_pages_serve_everybody(open_window: Open, shop: Project, lea: User, look: dict[str, object]) -> None:
    window = open_window(lea, **look)
    endpoint = shop.judge.seats.get().rater.endpoints.get()
    for name in ("judges/", f"judges/{shop.judge_id}/promote/", f"raters/new/?endpoint={endpoint.pk}", "endpoints/",
                 "runs/new/", "runs/"):  # fmt: skip
        page = window.go(f"/projects/{shop.slug}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if look.get("java_script_enabled", True):
            check(page)


def test_from_a_prompt_to_a_judge_in_force(queue: None, open_window: Open, shop: Project, lea: User) -> None:
    page = open_window(lea).go(f"/projects/{shop.slug}/judges/")
    page.get_by_role("link", name="Write a new version from this").click()
    write(page)
    try_it(page)
    page.get_by_role("button", name="Save as a candidate").click()
    expect(page.get_by_text("is a candidate, version 2.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="v2")
    row.get_by_role("link", name="Judge with it").click()
    judge_with_it(page)
    page.get_by_role("link", name="Judges", exact=True).click()
    expect(row).to_contain_text("4")
    assert not Decision.objects.exists(), "a candidate routes nothing"
    row.get_by_role("link", name="Promote…").click()
    expect(page.get_by_text("4 cases wait for the judge and were answered by this one")).to_be_visible()
    page.get_by_role("button", name="Put in force").click()
    expect(row).to_contain_text("in force")
    assert Decision.objects.count() == 4


def write(page: Page) -> None:
    """A mistake is told beside its field, and what was typed stays."""
    body = page.locator("#id_en_body")
    good = body.input_value() + "\nThink of the user."
    body.fill(good + "{colour}")
    page.get_by_role("button", name="Show the prompt").click()
    expect(page.locator("#id_en_body_error")).to_contain_text("unknown variable {colour}")
    body.fill(good)
    page.locator("#id_item").fill("item-1")
    page.get_by_role("button", name="Show the prompt").click()
    expect(page.locator("#id_item_error")).to_contain_text("was drawn into the certify stream")
    page.locator("#id_item").fill("item-0")
    page.get_by_role("button", name="Show the prompt").click()
    expect(page.locator("#looks").get_by_text("Think of the user.").first).to_be_visible()
    check(page)


def try_it(page: Page) -> None:
    """The page waits for the worker and shows the answer when it has come."""
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("Waiting for a background worker")).to_be_visible()
    tasks.try_prompt(Trial.objects.get().pk)
    expect(page.get_by_role("heading", name="The answer")).to_be_visible()
    expect(page.get_by_role("table", name="Probability of each label")).to_contain_text(re.compile(r"\d+ %"))
    check(page)


def judge_with_it(page: Page) -> None:
    page.get_by_label("Cap on tokens").fill("100000")
    page.get_by_role("button", name="Show the forecast").click()
    check(page)
    page.get_by_role("button", name="Judge 4 cases").click()
    expect(page.get_by_text("cap 100,000")).to_be_visible()
    dispatch.begin(Run.objects.get().pk, send=batches.judge_batch)
    expect(page.get_by_text("4 of 4 judged")).to_be_visible()
