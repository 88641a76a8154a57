"""What nobody should send, and what goes wrong around a page: it stays inert, whole, and is told in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from playwright.sync_api import Page, expect
from psycopg import sql

from annotation.actions import lists
from annotation.models import Lease, Submission
from judge.actions import rubrics
from judge.formats.rubrics import read_rubric
from judge.models import Context, Item, Judgment, Project, User
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_workbench import labels, url, wait_for_next

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]

MEGABYTE = 1_000_000
HOSTILE = {
    "a script": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'><svg onload=hacked=1>",
    "an end of the page": "</p></form></main></body></html><!-- --><style>* {display: none}</style>",
    "a template": "{{ request.user.password }}{% load i18n %}{% include 'base.html' %}${7*7}<%= 7 %>",
    "markdown": "# big\n| a | b |\n|---|---|\n![x](javascript:alert(1)) [y](//evil.example) ```",
    "right to left": "\u202etnet gnp.exe\u202d \u2066 \u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627 \u202e" * 20,
    "nothing to see": "a\u200b\u200d\ufeff\u2060\u00ad" * 200 + "\u200f",
    "combining characters": "t" + "\u0310\u0489\u035c\u0334" * 60 + "ent" + "\u0336" * 300,
    "one long word": "x" * 20_000,
    "many lines": "tent 帐篷\n" * 2_000,
}


def lines_of(**context: object) -> list[dict[str, object]]:
    return [
        {"id": name, "context": context or {text[:4000]: [text, {"deep": text}]}, "output": {"tag": text, "why": text}}
        for name, text in HOSTILE.items()
    ]


@pytest.fixture
def people(transactional_db: None) -> tuple[Project, User]:
    project = factories.make_project("Shop tags")
    return project, factories.make_member(project, "ann", factories.Role.ANNOTATOR)


def whole(page: Page) -> None:
    """Nothing is wider than its pane, and the way on is in sight."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for part in ("html", ".bench__left", ".bench__right", ".output", ".evidence"):
            wider = "p => [...document.querySelectorAll(p)].filter(e => e.scrollWidth > e.clientWidth + 1).length"
            assert page.evaluate(wider, part) == 0, f"{part} at {width}"
        expect(page.locator("[data-submit]")).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("window.hacked") is None
    bidi = "getComputedStyle(document.querySelector('.output__text')).unicodeBidi"
    assert page.evaluate(bidi) in ("isolate", "plaintext"), "an override of directions ends with its text"


def test_hostile_text_is_shown_as_it_is_and_moves_nothing(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    factories.import_items(project, lines=lines_of())
    window, seen = open_window(ann), set()
    page = window.go(url("workbench", project))
    for number in range(1, len(HOSTILE) + 1):
        shown = page.locator(".output__text").evaluate("e => e.textContent")
        seen.add(next(key for key, text in HOSTILE.items() if text == shown))
        whole(page)
        expect(page.locator("[data-option]").first).to_be_in_viewport()
        page.keyboard.press("1")
        expect(page.locator("[data-criterion]").nth(1)).to_have_attribute("data-current", "")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        expect(page.locator("[data-count]")).to_have_text(str(number), timeout=15_000)
    assert seen == set(HOSTILE)
    page = window.go(url("recent", project))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_megabyte_that_no_import_lets_in_breaks_no_page_either(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    factories.import_items(project)
    Context.objects.update(content={"profile": "帐篷，" * (MEGABYTE // 3)})
    Item.objects.update(output="x" * MEGABYTE)
    page = open_window(ann).go(url("workbench", project))
    assert page.locator(".output__text").evaluate("e => e.textContent.length") == MEGABYTE
    whole(page)
    expect(page.locator("[data-option]").first).to_be_in_viewport()


def test_a_list_of_hostile_rows_stays_a_list(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    factories.import_items(project, lines=lines_of(profile="likes tents", note=HOSTILE["right to left"]))
    lists.choose(project, ann, wants=True)
    page = open_window(ann).go(url("workbench", project))
    expect(page.locator("[data-row]")).to_have_count(len(HOSTILE))
    whole(page)


def test_half_a_character_in_a_note_is_stored_as_its_replacement(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    factories.import_items(project)
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("f")
    page.locator("[data-note]").first.evaluate("""e => {
        e.value = "half \\ud83d of it\\u0000, \\u202e<b>";
        e.dispatchEvent(new Event("input", {bubbles: true}));
    }""")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-empty]")).to_be_visible()
    note = Judgment.objects.get(unscored_reason="flagged").text.note  # type: ignore[union-attr]
    assert note == "half \ufffd of it, \u202e<b>"


def test_a_rubric_that_changed_while_the_page_was_open_loses_nothing(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    factories.import_items(project, n=2)
    page = open_window(ann).go(url("workbench", project))
    page.keyboard.press("1")
    changed = factories.RUBRIC.replace("Is the tag concrete?", "Is the tag concrete enough to search with?")
    rubrics.put_in_force(project, read_rubric(changed, filename="small.yaml"), by=None)
    expect(page.locator("[data-criterion]").nth(1)).to_have_attribute("data-current", "")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    wait_for_next(page)
    assert labels(ann) == ["concrete", "fits"], "both were asked and both were answered"
    page.keyboard.press("h")
    expect(page.locator("dialog")).to_contain_text("version 2")


@pytest.fixture(scope="module", autouse=True)
def _no_dead_connection(django_db_setup: None) -> Iterator[None]:
    """Django keeps one connection while the browser's event loop is there and another one without it: the second dies
    with the database too, unseen, and would fail the first test of the next module."""
    yield
    connection.close()


@contextmanager
def database_gone() -> Iterator[None]:
    """The database ends all connections and takes none, as while it restarts."""
    name = connection.settings_dict["NAME"]
    where = {key: connection.get_connection_params()[key] for key in ("host", "port", "user") if key in
             connection.get_connection_params()}  # fmt: skip
    connection.close()
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as admin:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def forgive_the_server(window: Window) -> None:
    def is_told(line: str) -> bool:
        return "status of 500" in line or line.startswith(("htmx:", "Response Status Error"))

    window.problems[:] = [each for each in window.problems if not is_told(each)]


@pytest.mark.parametrize("as_list", [False, True])
def test_the_page_says_that_the_database_is_away_and_goes_on(
    people: tuple[Project, User], open_window: Open, as_list: bool
) -> None:
    project, ann = people
    factories.import_items(project, n=3)
    lists.choose(project, ann, wants=as_list)
    window = open_window(ann)
    page = window.go(url("workbench", project))
    for place in (0, 1):
        page.locator("[data-criterion]").nth(place).locator("[data-option]").first.check()
    with database_gone():
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-offline]")).to_contain_text("server does not answer")
    wait_for_next(page)
    expect(page.locator("[data-offline]")).to_be_hidden()
    assert (Submission.objects.count(), labels(ann)) == (1, ["concrete", "fits"])
    forgive_the_server(window)


def test_a_draft_waits_for_the_database_too(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    factories.import_items(project)
    window = open_window(ann)
    page = window.go(url("workbench", project))
    with database_gone():
        page.keyboard.press("2")
        expect(page.locator("[data-offline]")).to_contain_text("server does not answer")
    with page.expect_response(lambda answer: "draft" in answer.url and answer.ok):
        pass
    expect(page.locator("[data-offline]")).to_be_hidden()
    assert Lease.objects.get().draft.answers
    forgive_the_server(window)
