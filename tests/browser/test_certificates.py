"""The page Certificates in a real browser: for everybody, wide and narrow, light and dark, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from judge.models import Project, Role, User
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_judges import check
from tests.judge import proofs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]


@pytest.fixture
def shop(db: None) -> Project:
    """One criterion certified, one tested in vain, a candidate that has proven less."""
    project = factories.make_project("Shop tags")
    proofs.certify(project, "relevance")
    proofs.fail(project, "specificity")
    proofs.certify(project, "specificity", judge=proofs.make_judge(project, "other"))
    return project


@pytest.fixture
def lea(shop: Project) -> User:
    return factories.make_member(shop, "lea", Role.LEAD)


@pytest.mark.parametrize("look", [
    {"color_scheme": "light"},
    {"color_scheme": "dark", "locale": "zh-CN"},
    {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}, "locale": "zh-CN"},
])  # fmt: skip
def test_the_page_serves_everybody(open_window: Open, shop: Project, lea: User, look: dict[str, object]) -> None:
    window = open_window(lea, **look)
    other = shop.judges.get(name="other")
    for name in ("certificates/", f"judges/{other.pk}/promote/", ""):
        page = window.go(f"/projects/{shop.slug}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for summary in page.locator("summary").all():
            summary.click()
        check(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_lead_allows_less_and_the_certificate_ends(
    open_window: Open, shop: Project, lea: User, scripts: bool
) -> None:
    page = open_window(lea, java_script_enabled=scripts).go(f"/projects/{shop.slug}/certificates/")
    expect(page.get_by_text("With probability 90 %, at most 10 %")).to_be_visible()
    page.get_by_role("group", name="relevance").get_by_label("Disagreement allowed, %").fill("5")
    page.get_by_role("button", name="Make this the policy").click()
    expect(page.get_by_text("Policy version 2 is in force.")).to_be_visible()
    expect(page.get_by_text("less disagreement is allowed now: 10 % → 5 %").first).to_be_visible()
    expect(page.get_by_text("With probability 90 %")).to_have_count(0)
