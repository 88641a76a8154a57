"""Every key of the bench, in a real Chromium, and whole sessions without the pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Lease, Submission
from judge.formats.rubrics import read_rubric
from judge.models import Judgment, Project, User
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_workbench import labels, url, wait_for_next

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]
N_ITEMS = 20
PAIRS = """
name: pairs
task: pairwise
criteria:
  - key: better
    question: Which one would you rather read?
    kind: preference
    scale: [{key: a}, {key: b}, {key: equal}]
"""


@pytest.fixture
def people(transactional_db: None) -> tuple[Project, User]:
    project = factories.make_project("Shop tags")
    ann = factories.make_member(project, "ann", factories.Role.ANNOTATOR)
    factories.import_items(project, n=N_ITEMS)
    return project, ann


def bench(window: Window, project: Project) -> Page:
    page = window.go(url("workbench", project))
    expect(page.locator("[data-criterion]").first).to_have_attribute("data-current", "")
    return page


def is_current(page: Page, place: int) -> None:
    expect(page.locator("[data-criterion]").nth(place)).to_have_attribute("data-current", "")


def test_a_session_of_twenty_items_never_touches_the_pointer(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    window = open_window(ann)
    page = bench(window, project)
    page.evaluate("""window.touched = 0;
        for (const kind of ["pointerdown", "mousedown", "touchstart"])
            addEventListener(kind, () => { touched += 1; }, true)""")
    for number in range(N_ITEMS):
        page.keyboard.press("1" if number % 2 else "2")
        is_current(page, 1)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        wait_for_next(page, number + 1)
    expect(page.locator("[data-empty]")).to_be_visible()
    assert page.evaluate("touched") == 0
    assert labels(ann) == ["concrete"] * N_ITEMS + ["fits"] * 10 + ["weak"] * 10
    assert Submission.objects.count() == N_ITEMS


def test_every_key_that_is_no_label_does_what_its_card_says(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = bench(open_window(ann), project)
    drawer = page.locator("dialog")
    for key, heading in (("h", "Guidelines"), ("Backspace", "My last answers"), ("ArrowLeft", "My last answers"),
                         ("?", "Keys")):  # fmt: skip
        page.keyboard.press(key)
        expect(drawer.get_by_role("heading", name=heading)).to_be_visible()
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
    page.keyboard.press("ArrowDown")
    is_current(page, 1)
    page.keyboard.press("ArrowUp")
    is_current(page, 0)
    page.keyboard.press("n")
    page.keyboard.type("nice 2f")
    page.keyboard.press("Control+Enter")  # from inside the text, but nothing is chosen yet
    expect(page.locator("[data-said]")).to_contain_text("still open")
    page.keyboard.press("f")
    expect(page.locator("[data-note]").first).to_be_focused()
    assert page.locator("[data-note]").first.input_value() == "nice 2f"
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    expect(page.locator("[data-skip]:checked")).to_have_count(1)
    page.keyboard.press("Meta+Enter")
    wait_for_next(page)
    found = Judgment.objects.order_by("criterion__key").values_list("unscored_reason", "text__note")
    assert list(found) == [("flagged", "nice 2f"), ("skipped", None)]
    page.keyboard.press("l")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("l")
    expect(page.get_by_role("button", name="As a list")).to_be_visible()


def test_pairs_are_chosen_with_a_b_and_e(transactional_db: None, open_window: Open) -> None:
    project = factories.make_project("Pairs", rubric=read_rubric(PAIRS, filename="pairs.yaml"))
    ann = factories.make_member(project, "ann", factories.Role.ANNOTATOR)
    lines = [{"id": f"p{n}", "context": "likes tents", "output": {"a": f"one {n}", "b": "two"}} for n in range(4)]
    factories.import_items(project, lines=lines)
    page = bench(open_window(ann), project)
    expect(page.locator(".outputs--pair .output")).to_have_count(2)
    for number, key in enumerate(("a", "B", "e", "2"), 1):
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        wait_for_next(page, number)
    assert labels(ann) == ["a", "b", "b", "equal"]


@pytest.mark.parametrize(("preset", "first", "second", "submit"), [
    ("left", "q", "W", "v"), ("numpad", "Numpad1", "Numpad2", "NumpadEnter")
])  # fmt: skip
def test_a_preset_of_keys_is_printed_works_and_is_remembered(
    people: tuple[Project, User], open_window: Open, preset: str, first: str, second: str, submit: str
) -> None:
    project, ann = people
    page = bench(open_window(ann), project)
    page.keyboard.press("?")
    page.get_by_label("Keys that choose a label").select_option(preset)
    page.keyboard.press("Escape")
    badges = [first[-1], second[-1].lower()]
    for _ in range(2):
        expect(page.locator("[data-criterion]").first.locator(".option__key")).to_have_text(badges)
        page.reload()
    page.keyboard.press(first)
    is_current(page, 1)
    if preset == "left":
        page.keyboard.press("1")
        assert not page.locator("[data-criterion]").nth(1).locator("[data-option]:checked").count()
        page.keyboard.press("g")
        is_current(page, 0)
        page.keyboard.press("g")
    else:
        expect(page.locator("[data-key-of=skip]").first).to_have_text("0")
        page.keyboard.press("NumpadAdd")
        is_current(page, 0)
        page.keyboard.press("NumpadSubtract")
    is_current(page, 1)
    page.keyboard.press(second)
    page.keyboard.press(submit)
    wait_for_next(page)
    expect(page.locator("[data-criterion]").first.locator(".option__key")).to_have_text(badges)
    assert labels(ann) == ["fits", "too_generic"]


def test_advancing_can_be_turned_off_and_submitting_by_itself_on(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    page = bench(open_window(ann), project)
    page.keyboard.press("?")
    page.get_by_label("Go to the next criterion after a choice").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_timeout(300)
    is_current(page, 0)
    page.keyboard.press("?")
    page.get_by_label("Go to the next criterion after a choice").check()
    page.get_by_label("Submit by itself when all of an item is answered").check()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    wait_for_next(page)
    assert labels(ann) == ["fits", "too_generic"]


def test_the_guidelines_show_the_version_and_an_example_for_and_against(
    people: tuple[Project, User], open_window: Open
) -> None:
    project, ann = people
    page = bench(open_window(ann), project)
    page.keyboard.press("h")
    drawer = page.locator("dialog")
    expect(drawer).to_contain_text("small · version 1")
    expect(drawer).to_contain_text("two-person tent")
    expect(drawer.locator(".example--bad")).to_contain_text("garden gnome")


def test_words_that_both_sides_share_are_marked(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    page = bench(open_window(ann), project)
    assert page.locator(".evidence mark").all_inner_texts() == ["tents"]
    assert page.locator(".output__text mark").all_inner_texts() == ["tent"]


def test_a_second_window_is_told_that_its_item_was_answered(people: tuple[Project, User], open_window: Open) -> None:
    project, ann = people
    window = open_window(ann)
    page = bench(window, project)
    other = window.context.new_page()
    other.goto(page.url)
    other.keyboard.press("1")
    page.keyboard.press("2")
    is_current(page, 1)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    wait_for_next(page)
    expect(other.locator("[data-problem]")).to_contain_text("in another window")
    other.locator("[data-criterion]").nth(1).locator("[data-option]").first.check()
    other.keyboard.press("Enter")
    expect(other.locator(".bench__notice")).to_contain_text("kept as extra")
    votes = Judgment.objects.filter(rater__user=ann, purpose="vote").values_list("label", flat=True)
    assert sorted(votes) == ["too_generic", "weak"], "the first answers stand"
    assert Lease.objects.filter(closed_at=None).count() == 1
