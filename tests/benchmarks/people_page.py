"""What a person's browser waits for: the workbench as `make serve` serves it, in a headless Chromium, from nothing.

The web server is granian with the product's own words (judge.serving) on the benchmark's database; the bench holds an
item with a long context. Bytes are those on the wire, as Chromium's network counts them, headers included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from judge import ports, serving
from judge.actions import rubrics
from judge.models import Project, Role, User
from tests import factories
from tests.benchmarks.figures import Figure

FIGURES = {
    "people.first_load_kilobytes": "≤ 100 kB",
    "people.first_load_requests": "≤ 8",
    "people.interactive_ms": "≤ 500 ms",
}
LOADS = 9
CONTEXT = {
    "profile": "Woman, 34, Dublin, walks in the Wicklow mountains at weekends",
    "history": [f"2025-10-{day:02d} bought a two-person tent, model {day}" for day in range(1, 29)],
}


def measure() -> list[Figure]:
    with web_server() as address, sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop lies in this thread; none of ours runs in it
        path, cookie = make_project()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        first = [load(browser, address, path, cookie) for _ in range(LOADS + 1)][1:]  # the first starts the browser
        browser.close()
    return figures(first)


def figures(loads: list[dict[str, float]]) -> list[Figure]:
    def figure(name: str, value: float, unit: str, most: float, told: str) -> Figure:
        return Figure(name, value, unit, FIGURES[name], met=value <= most, baseline=told)

    def worst(key: str) -> float:
        return max(each[key] for each in loads)

    times = sorted(each["interactive"] for each in loads)
    told = f"the worst of {LOADS} loads with an empty cache; {worst('again') / 1000:.0f} kB with a warm one"
    return [
        figure("people.first_load_kilobytes", worst("bytes") / 1000, "kB", 100, told),
        figure("people.first_load_requests", worst("requests"), "requests", 8, "the page itself counted"),
        figure("people.interactive_ms", median(times), "ms", 500, f"median of {LOADS}; {times[0]:.0f}–{times[-1]:.0f}"),
    ]


def load(browser: Browser, address: str, path: str, cookie: dict[str, str]) -> dict[str, float]:
    """One visit with an empty cache, then a second one."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([cookie | {"url": address}])  # type: ignore[list-item]
    page = context.new_page()
    wire = Wire(page)
    page.goto(address + path, wait_until="networkidle")
    assert page.locator("[data-bench-live] [data-criterion][data-current]").count() == 1, "the bench takes keys"
    found: dict[str, float] = {"bytes": wire.n_bytes, "requests": len(wire.urls)}
    # scripts that were deferred have run before this event: the bench has marked its first criterion
    timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    found["interactive"] = page.evaluate(timing)
    before = wire.n_bytes
    page.goto(address + path, wait_until="networkidle")
    found["again"] = wire.n_bytes - before
    context.close()
    return found


class Wire:
    """Counts what a page loads over the network."""

    def __init__(self, page: Page) -> None:
        self.n_bytes, self.urls = 0.0, []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda event: self._sent(event))
        session.on("Network.loadingFinished", lambda event: self._finished(event))

    def _sent(self, event: dict[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            self.urls.append(event["request"]["url"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.n_bytes += event["encodedDataLength"]


def make_project() -> tuple[str, dict[str, str]]:
    """The workbench's path and the cookie of somebody who may open it."""
    project: Project = factories.make_project("Shop tags", rubric=rubrics.template("tag"))
    person: User = factories.make_member(project, "ann", Role.ANNOTATOR)
    lines = [
        {"id": str(n), "context": CONTEXT, "output": {"tag": f"tent peg {n}", "reason": "tents"}} for n in range(5)
    ]
    factories.import_items(project, lines=lines)
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    return f"/projects/{project.slug}/annotate/", {"name": name, "value": client.cookies[name].value}


@contextmanager
def web_server() -> Iterator[str]:
    """The product's web server; its address."""
    os.environ["COJUDGE_COOKIE_SUFFIX"] = "bench"
    settings.SESSION_COOKIE_NAME = "sessionid_bench"
    port = ports.claim(ports.FIRST, ports.MANY)
    child = serving.web(port)
    with tempfile.TemporaryFile() as log:
        child.process = subprocess.Popen(child.argv, env=os.environ | child.environment, stdout=log, stderr=log)
        try:
            serving.wait_for_web(child, port)
            yield f"http://{ports.HOST}:{port}"
        finally:
            child.stop()
