"""People at work over HTTP, as browsers are: sessions that open the workbench, answer, and send a submit again until it
is acknowledged. A journal says what each of them was promised.

    python -m tests.faults.people http://127.0.0.1:8000 shop cookies.json journal.jsonl --rate 50

Ends when its input ends: submits under way are seen through first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import aiohttp

KEY = re.compile(r'name="key" value="([^"]+)"')
LEASE = re.compile(r'name="lease" value="(\d+)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
CASE = re.compile(r'name="case" value="(\d+)"')
OPTION = re.compile(r'name="answer-(\d+)" value="label:([^"]+)"')
PATIENCE = aiohttp.ClientTimeout(total=15)
#: Of the items a person opens, so many are left lying; of the cases, so many are flagged or answered as few would.
LEFT, FLAGGED, ODD = 0.01, 0.01, 0.12
LOOK_AGAIN = 0.5


@dataclass(frozen=True)
class Form:
    """What a bench holds: the item on the desk."""

    key: str
    lease: int
    token: str
    labels: dict[int, list[str]]

    @classmethod
    def read(cls, page: str) -> Form | None:
        key, lease, token = KEY.search(page), LEASE.search(page), TOKEN.search(page)
        labels: dict[int, list[str]] = {int(case): [] for case in CASE.findall(page)}
        for case, label in OPTION.findall(page):
            labels.setdefault(int(case), []).append(label)
        return cls(key[1], int(lease[1]), token[1], labels) if key and lease and token and labels else None


class Person:
    """One browser with a session of its own."""

    def __init__(self, number: int, address: str, path: str, cookies: dict[str, str], journal: TextIO) -> None:
        self.number, self.address, self.path, self.journal = number, address, path, journal
        self.chance, self.cookies = random.Random(number), cookies
        self.n_again = 0

    async def work(self, pause: float, over: asyncio.Event) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        headers = {"HX-Request": "true", "Referer": self.address}
        async with aiohttp.ClientSession(self.address, cookie_jar=jar, headers=headers, timeout=PATIENCE) as self.line:
            jar.update_cookies(self.cookies, response_url=self.line._base_url)  # type: ignore[arg-type]
            page = ""
            due = time.monotonic() + self.chance.random() * pause
            while not over.is_set():
                form = Form.read(page)
                if form is None or self.chance.random() < LEFT:
                    await asyncio.sleep(LOOK_AGAIN * self.chance.random())
                    page = await self._open()
                    continue
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                due = max(due + pause, time.monotonic() - 2 * pause)  # who was held up does not rush for long
                page = await self._submit(form)

    async def _open(self) -> str:
        try:
            async with self.line.get(self.path) as answer:
                return await answer.text() if answer.status == 200 else ""
        except (aiohttp.ClientError, TimeoutError):
            return ""

    async def _submit(self, form: Form) -> str:
        """Send until it is acknowledged or refused in words; the next bench."""
        answers = {case: self._answer(labels) for case, labels in form.labels.items()}
        data = [("csrfmiddlewaretoken", form.token), ("key", form.key), ("lease", str(form.lease))]
        data += [("took", str(self.chance.randint(3_000, 9_000)))]
        for case, answer in answers.items():
            data += [("case", str(case)), (f"answer-{case}", answer)]
        told = {"person": self.number, "key": form.key, "lease": form.lease, "answers": answers}
        while True:
            status, page = await self._send(data)
            if status == 200:
                self._note(told | {"is": "acknowledged", "at": time.time(), "again": self.n_again})
                return page
            if 300 <= status < 500:
                self._note(told | {"is": "refused", "status": status, "said": page[:2_000]})
                return ""
            self.n_again += 1
            await asyncio.sleep(0.1 + 0.4 * self.chance.random())

    async def _send(self, data: list[tuple[str, str]]) -> tuple[int, str]:
        try:
            async with self.line.post(f"{self.path}submit/", data=data, allow_redirects=False) as answer:
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    def _answer(self, labels: list[str]) -> str:
        drawn = self.chance.random()
        if drawn < FLAGGED:
            return "flag"
        return f"label:{labels[0] if drawn > FLAGGED + ODD else labels[-1]}"

    def _note(self, row: dict[str, object]) -> None:
        self.journal.write(json.dumps(row) + "\n")
        self.journal.flush()


async def main(options: argparse.Namespace) -> None:
    cookies = json.loads(options.cookies.read_text())
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: sys.stdin.read(1) or over.set())
    path, pause = f"/projects/{options.slug}/annotate/", len(cookies) / options.rate
    with options.journal.open("a") as journal:
        people = [Person(n, options.address, path, own, journal) for n, own in enumerate(cookies)]
        await asyncio.gather(*(person.work(pause, over) for person in people))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("slug")
    parser.add_argument("cookies", type=Path)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--rate", type=float, default=50.0, help="submits a second, all people together")
    asyncio.run(main(parser.parse_args()))
