"""A real Chromium on a real server. Where there is none, root installs Debian's; others are told what is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from judge.models import User

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk")


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """One browser for a module: Playwright allows one at a time in a thread."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # its event loop lives in this thread but never runs while our code does: Django need not refuse
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=find_chromium() or install_chromium(),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        yield browser
        browser.close()


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install_chromium() -> str:
    """Debian's chromium by apt-get, as root; skips the test with the reason where that cannot be."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("BROWSER TESTS DID NOT RUN: there is no Chromium here (as root: apt-get install chromium)")
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *PACKAGES]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (install, ["apt-get", "update"], install):
        subprocess.run(command, env=quiet, capture_output=True, check=False, timeout=600)
        if path := find_chromium():
            return path
    pytest.skip("BROWSER TESTS DID NOT RUN: apt-get could not install Chromium (is the network there?)")


@dataclass
class Window:
    """A person's browser window; ``problems`` are the errors that its console told."""

    page: Page
    context: BrowserContext
    server: str
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.server + path)
        return self.page


def _is_trouble(line: ConsoleMessage) -> bool:
    """Errors, but for what Chromium says of every form that was refused in words."""
    return line.type == "error" and not re.search(r"status of (400|422)", line.text)


@pytest.fixture
def open_window(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Window]]:
    """``open_window(person, **options)``: a window in which they are logged in. Fails on errors in its console."""
    windows: list[Window] = []

    def _open(person: User, **options: Any) -> Window:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.set_default_timeout(15_000)
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        window = Window(context.new_page(), context, live_server.url)
        window.page.on("pageerror", lambda error: window.problems.append(str(error)))
        window.page.on("console", lambda line: _is_trouble(line) and window.problems.append(line.text))
        windows.append(window)
        return window

    yield _open
    for window in windows:
        window.context.close()
    assert [problem for window in windows for problem in window.problems] == []
