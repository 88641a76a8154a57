"""Adjudication in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotation.rules.answers import Answer
from judge.models import AgreedLabel, Case
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import GOOD, answer
from tests.browser.conftest import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_split_case_is_decided_with_the_keyboard_and_the_next_one_comes(open_window: Callable[..., Window]) -> None:
    project = factories.make_project("Shop tags")
    ann = factories.make_member(project, "ann", factories.Role.ANNOTATOR)
    ada = factories.make_member(project, "ada", factories.Role.ADJUDICATOR)
    factories.import_items(project, n=2)
    for _ in range(2):
        answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True, note="unclear")})
    page = open_window(ada).go(reverse("adjudication", kwargs={"slug": project.slug}))
    page.locator("tbody a").first.click()
    expect(page.locator(".opinion")).to_contain_text("unclear")
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("Choose a label first")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("Decided")
    assert AgreedLabel.objects.get(basis="adjudicated").label == "weak"
    page.get_by_role("button", name="Ask one more person").click()
    expect(page.locator(".messages")).to_contain_text("Sent back")
    assert not Case.objects.filter(stage=Stage.ADJUDICATION).exists()
