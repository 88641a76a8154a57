"""The door and one's own account in a real browser: a second factor from setting up to coming in, without a barrier."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test.utils import override_settings
from playwright.sync_api import Page

from judge.models import User
from judge.settings import oidc
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_everybody import faults
from tests.judge import identity_provider as idp

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]
SUBMIT = "main form .button--main"


@pytest.fixture
def ann(transactional_db: None) -> User:
    cache.clear()
    return factories.make_member(factories.make_project("Shop tags"), "ann", factories.Role.ANNOTATOR)


def seen(page: Page, name: str) -> list[str]:
    """What axe finds; a picture of the page where COJUDGE_PICTURES names a folder."""
    if folder := os.environ.get("COJUDGE_PICTURES"):
        language = page.locator("html").get_attribute("lang")
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{folder}/{name}-{language}-{scheme}-{width}.png")
        page.set_viewport_size({"width": 1280, "height": 800})
    return faults(page)


def say(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)
    page.click(SUBMIT)


def code(secret: str, *, later: int = 0) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time())) + later
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_second_factor_from_setting_up_to_coming_in(ann: User, open_window: Open, language: str) -> None:
    window = open_window(ann, locale=language, reduced_motion="reduce")
    page = window.go("/")
    page.click(".site-bar a[href='/account/']")
    found = seen(page, "account")
    page.click("a[href='/account/password/']")
    found += seen(page, "password")
    page.go_back()
    page.click("a[href='/account/second-factor/set-up/']")
    found += seen(page, "again")
    say(page, password=factories.PASSWORD)
    found += seen(page, "set-up")
    secret = page.inner_text(".door__key")
    say(page, code="000000")
    found += seen(page, "set-up-wrong")
    say(page, code=code(secret))
    assert page.locator(".door__codes li").count() == 10
    found += seen(page, "codes")
    recovery = page.locator(".door__codes code").first.inner_text()
    page.goto(window.server + "/account/")
    found += seen(page, "account-guarded")
    page.click("form[action='/logout/'] button")
    say(page, username="ann", password=factories.PASSWORD)
    found += seen(page, "code")
    say(page, code=recovery)
    page.wait_for_url(window.server + "/")
    assert found == []


def test_way_to_a_provider_and_back_keeps_the_content_policy(ann: User, open_window: Open) -> None:
    User.objects.filter(pk=ann.pk).update(email="nora@example.com", password="!")
    with idp.serving() as provider:
        providers = oidc(provider.issuer)
        providers["openid_connect"]["APPS"][0] |= {"client_id": idp.CLIENT, "secret": idp.SECRET, "name": "Works"}
        with override_settings(SOCIALACCOUNT_PROVIDERS=providers):
            window = open_window(ann, reduced_motion="reduce")
            window.context.clear_cookies()
            page = window.go("/login/?next=/account/")
            found = seen(page, "login-provider")
            page.click("main form.door__provider button")
            page.wait_for_url(window.server + "/account/")
            found += seen(page, "account-linked")
    assert found == []


def test_pages_that_say_no_are_without_a_barrier(ann: User, open_window: Open) -> None:
    window = open_window(ann, locale="zh-CN", reduced_motion="reduce")
    window.context.clear_cookies()
    page = window.go("/account/forgotten/")
    found = seen(page, "forgotten")
    for _ in range(5):
        window.go("/login/")
        say(page, username="ann", password="wrong")
    found += seen(page, "locked")
    window.problems[:] = [each for each in window.problems if "status of 429" not in each]
    assert found == []
