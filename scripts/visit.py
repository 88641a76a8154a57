"""Logs in to a running demo as its lead and asks for a page with judged cases."""

from __future__ import annotations

import http.cookiejar
import re
import sys
import urllib.parse
import urllib.request


def visit(address: str) -> str:
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    form = browser.open(f"{address}/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    if token is None:
        raise SystemExit("the login page has no form")
    answers = {"username": "lea", "password": "demo", "csrfmiddlewaretoken": token[1]}
    page = browser.open(f"{address}/login/", urllib.parse.urlencode(answers).encode()).read().decode()
    project = re.search(r'href="(/projects/[^/"]*tags/)"', page)
    if project is None:
        raise SystemExit(f"no demo project on the first page after the login:\n{page[:2000]}")
    return browser.open(address + project[1]).read().decode()  # type: ignore[no-any-return]


if __name__ == "__main__":
    shown = visit(sys.argv[1])
    if "Demo shop: tags" not in shown:
        raise SystemExit(f"the project page does not show the project:\n{shown[:2000]}")
