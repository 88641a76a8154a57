"""The pages Calibration and Risk in a real browser: for everybody, and the slider with scripts and without."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from judge.actions import judge_figures, summaries
from judge.models import Project, Role, User
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_judges import check
from tests.judge import measuring, proofs
from tests.judge.measuring import Line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]


def lines(n: int) -> list[Line]:
    """Cases on which the judge is a little surer than it should be."""
    chance, found = random.Random(3), []
    for place in range(n):
        p_fits = round(chance.choice([chance.uniform(0.02, 0.4), chance.uniform(0.6, 0.98)]), 2)
        fits = chance.random() < 0.1 + 0.8 * p_fits
        found.append(Line("gold" if place % 4 else "train", p_fits, "fits" if fits else "weak"))
    return found


@pytest.fixture
def shop(db: None) -> Project:
    people = [factories.make_user(name) for name in ("ann", "ben")]
    made = measuring.make("Shop tags", [*lines(120), *[Line("open", 0.9)] * 30, *[Line("certify", 0.9)] * 60], people)
    proofs.certify(made, "relevance")
    summaries.refresh(made, judge_figures.NAME)
    return made


@pytest.fixture
def lea(shop: Project) -> User:
    return factories.make_member(shop, "lea", Role.LEAD)


@pytest.mark.parametrize("look", [
    {"color_scheme": "light"},
    {"color_scheme": "dark", "locale": "zh-CN"},
    {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}, "locale": "zh-CN"},
])  # fmt: skip
def test_the_pages_serve_everybody(open_window: Open, shop: Project, lea: User, look: dict[str, object]) -> None:
    window = open_window(lea, **look)
    criterion = measuring.criterion_of(shop).pk
    for name in ("calibration/", "risk/?target=80&hourly=25", f"risk/save/?criterion={criterion}&target=95"):
        page = window.go(f"/projects/{shop.slug}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for summary in page.locator("summary").all():
            summary.click()
        check(page)


def test_slider_moves_figures_and_the_rule_of_the_chart(open_window: Open, shop: Project, lea: User) -> None:
    page = open_window(lea).go(f"/projects/{shop.slug}/risk/")
    rule = page.locator("#chart-targets .chart__rule--b").first
    before, stood = page.locator("[data-shown=most]").inner_text(), rule.get_attribute("d")
    page.get_by_label("At least so much of what is accepted shall agree with people").fill("60")
    expect(page.locator("[data-shown=target]")).to_have_text("60 %")
    assert page.locator("[data-shown=most]").inner_text() != before
    assert rule.get_attribute("d") != stood


@pytest.mark.parametrize("scripts", [True, False])
def test_what_the_slider_shows_becomes_the_policy(open_window: Open, shop: Project, lea: User, scripts: bool) -> None:
    page = open_window(lea, java_script_enabled=scripts).go(f"/projects/{shop.slug}/risk/?target=95")
    page.get_by_role("button", name="Save as the policy").click()
    expect(page.get_by_text("less disagreement is allowed now: 10 % → 5 %")).to_be_visible()
    page.get_by_role("button", name="Put policy version 2 in force").click()
    expect(page.get_by_text("Policy version 2 is in force.")).to_be_visible()
    expect(page.locator("[data-shown=target]")).to_have_text("95 %")
