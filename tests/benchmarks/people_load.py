"""Twenty browsers with sessions of their own, paced: each sends its answers and gets the next item in reply.

    python -m tests.benchmarks.people_load http://127.0.0.1:8000 shop cookies.json --rate 150 --seconds 20

Prints one line of JSON: the milliseconds of each submit, how many were due, and what was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from pathlib import Path

import aiohttp

from tests.faults.people import Form

PATIENCE = aiohttp.ClientTimeout(total=30)


class Desk:
    """One person who answers every item with the first label, at a pace of their own whatever the server does."""

    def __init__(self, number: int, path: str, line: aiohttp.ClientSession) -> None:
        self.chance, self.path, self.line = random.Random(number), path, line
        self.took: list[float] = []
        self.refused: list[str] = []

    async def work(self, pause: float, until: float) -> None:
        """A submit is due each ``pause`` seconds; its time counts from when it was sent."""
        async with self.line.get(self.path) as answer:
            page = await answer.text()
        due = time.monotonic() + self.chance.random() * pause
        while due < until:
            await asyncio.sleep(due - time.monotonic())
            due = max(due + pause, time.monotonic())
            page = await self._submit(page)

    async def _submit(self, page: str) -> str:
        form = Form.read(page)
        if form is None:
            raise RuntimeError(f"nothing to answer on the page: {page[:400]}")
        data = [("csrfmiddlewaretoken", form.token), ("key", form.key), ("lease", str(form.lease)), ("took", "5000")]
        for case, labels in form.labels.items():
            data += [("case", str(case)), (f"answer-{case}", f"label:{labels[0]}")]
        start = time.perf_counter()
        async with self.line.post(f"{self.path}submit/", data=data, allow_redirects=False) as answer:
            page = await answer.text()
        self.took.append(1000 * (time.perf_counter() - start))
        if answer.status != 200:
            self.refused.append(f"{answer.status}: {page[:200]}")
        return page


async def main(options: argparse.Namespace) -> None:
    cookies = json.loads(options.cookies.read_text())
    path, pause = f"/projects/{options.slug}/annotate/", len(cookies) / options.rate
    until = time.monotonic() + options.seconds
    desks, lines = [], []
    for number, own in enumerate(cookies):
        jar = aiohttp.CookieJar(unsafe=True)  # a host without a name
        headers = {"HX-Request": "true", "Referer": options.address}
        line = aiohttp.ClientSession(options.address, headers=headers, cookies=own, cookie_jar=jar, timeout=PATIENCE)
        lines.append(line)
        desks.append(Desk(number, path, line))
    start = time.monotonic()
    await asyncio.gather(*(desk.work(pause, until) for desk in desks))
    seconds = time.monotonic() - start
    await asyncio.gather(*(line.close() for line in lines))
    took = [each for desk in desks for each in desk.took]
    refused = [each for desk in desks for each in desk.refused]
    print(json.dumps({"took": took, "seconds": seconds, "n_refused": len(refused), "refused": refused[:3]}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("slug")
    parser.add_argument("cookies", type=Path)
    parser.add_argument("--rate", type=float, required=True, help="submits a second, all people together")
    parser.add_argument("--seconds", type=float, required=True)
    asyncio.run(main(parser.parse_args()))
