"""A client of Cojudge's API in one file that needs nothing but Python 3.10. Copy it beside your program.

    import os, cojudge

    with cojudge.Client("https://judge.example.org", os.environ["COJUDGE_TOKEN"], project="shop-tags") as judge:
        outputs = [{"id": f"tag-{n}", "context": f"person {n} likes tents", "output": generate(n)} for n in range(100)]
        pushed = judge.push_items(outputs, frame="round 7")
        for problem in pushed.errors:
            print(problem["line"], problem["problem"])
        judge.start_run()
        for case in judge.wait_for_labels(item["id"] for item in outputs):
            print(case["item_id"], case["criterion"], case["label"])

A request whose answer is lost is sent again with the same idempotency key, so nothing is done twice; where the server
says "too many requests" the client waits. Everything else that goes wrong is a ``Problem`` with words in it.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import shutil
import socket
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["Client", "Problem", "Pushed", "verify_webhook"]

Json = dict[str, Any]
#: Lines sent in one request: some megabytes, so that a lost answer costs little.
BATCH = 5_000
#: Items asked for in one request.
ASKED = 50
RETRIED = {429, 502, 503, 504}
AT_WORK = 409


class Problem(Exception):
    """What the server refused, and why. ``status`` is 0 where it could not be reached."""

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {told.get('detail', 'no answer')}")
        self.status = status
        self.detail: str = told.get("detail", "")
        self.where: str = told.get("where", "")
        self.expected: str = told.get("expected", "")
        self.next_step: str = told.get("next", "")
        self.errors: list[dict[str, str]] = told.get("errors", [])


@dataclass
class Pushed:
    """What became of the lines of one push; ``errors`` names the first thousand that were turned away, by line."""

    read: int = 0
    taken: int = 0
    known: int = 0
    rejected: int = 0
    errors: list[Json] = field(default_factory=list)

    def add(self, told: Json, lines_before: int) -> None:
        for name in ("read", "taken", "known", "rejected"):
            setattr(self, name, getattr(self, name) + told[name])
        room = max(0, 1_000 - len(self.errors))
        self.errors += [{**each, "line": each["line"] + lines_before} for each in told["errors"][:room]]


class Client:
    """One project, opened with one token. A client is for one thread."""

    def __init__(self, address: str, token: str, *, project: str, timeout: float = 60.0, tries: int = 6) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{address!r} is no address (expected: https://host)")
        self._parts, self._timeout, self._tries = parts, timeout, tries
        self._root = f"{parts.path.rstrip('/')}/api/v1/projects/{quote(project, safe='')}"
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._line: http.client.HTTPConnection | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    def push_items(self, items: Iterable[Json], *, frame: str = "api", frame_size: int = 0) -> Pushed:
        """Push items, some thousand at a time, however many there are. Items that are there already are known."""
        query: Json = {"frame": frame} | ({"frame_size": frame_size} if frame_size else {})
        return self._push("items/bulk", items, query)

    def push_judgments(self, judgments: Iterable[Json], *, origin: str = "api") -> Pushed:
        """Push answers that people or machines gave elsewhere."""
        return self._push("judgments/bulk", judgments, {"origin": origin})

    def cases(self, *, after: int = 0, **filters: Any) -> Iterator[Json]:
        """Cases in the order of their arrival. Filters: ``item`` (one or a list), ``stage``, ``criterion``."""
        return self._pages("cases", "cases", after, filters)

    def decisions(self, *, after: int = 0, **filters: Any) -> Iterator[Json]:
        """Where cases went and why. Filter: ``case``."""
        return self._pages("decisions", "decisions", after, filters)

    def labels(self, *, after: int = 0, **filters: Any) -> Iterator[Json]:
        """Agreed labels in the order of their making; ``after`` the id of the last one you have seen."""
        return self._pages("labels", "labels", after, filters)

    def wait_for_labels(
        self, item_ids: Iterable[str], *, timeout: float | None = None, every: float = 5.0
    ) -> Iterator[Json]:
        """The cases of these items, each as soon as it is settled. One whose label your token may not see has
        ``is_hidden``. Raises TimeoutError where ``timeout`` seconds pass first."""
        waiting, told = set(item_ids), set[int]()
        deadline = None if timeout is None else time.monotonic() + timeout
        while waiting:
            for item_id, cases in self._by_item(sorted(waiting)).items():
                settled = [case for case in cases if case["stage"] in ("agreed", "accepted")]
                yield from (case for case in settled if case["id"] not in told)
                told |= {case["id"] for case in settled}
                if len(settled) == len(cases):
                    waiting.discard(item_id)
            if waiting and deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} items have no labels yet")
            if waiting:
                time.sleep(every)

    def start_run(self, **order: Any) -> Json:
        """Have the judge in force judge what is left. ``criteria``, ``limit``, ``max_tokens``, ``max_cost``…"""
        return self._ask("POST", "runs", body=order)

    def run(self, run_id: int) -> Json:
        return self._ask("GET", f"runs/{run_id}")

    def export(self, path: str, *, every: float = 2.0, timeout: float = 3600.0, **order: Any) -> Json:
        """Have labels exported and write the archive to ``path``. ``format``, ``kind``, ``where``, ``split``…"""
        job, deadline = self._ask("POST", "exports", body=order), time.monotonic() + timeout
        while not job["is_ready"]:
            if job["state"] == "failed":
                raise Problem(422, {"detail": job["why"]})
            if time.monotonic() > deadline:
                raise TimeoutError(f"export {job['key']} is not ready")
            time.sleep(every)
            job = self._ask("GET", f"exports/{job['key']}")
        with open(path, "wb") as file:
            self._send("GET", f"{self._root}/exports/{job['key']}/file", None, {}, into=file)
        return job

    def certificates(self) -> list[Json]:
        found: list[Json] = self._ask("GET", "certificates")["certificates"]
        return found

    def health(self) -> Json:
        return self._ask("GET", "health")

    def _push(self, path: str, rows: Iterable[Json], query: Json) -> Pushed:
        done, remaining, read = Pushed(), iter(rows), 0
        while batch := list(islice(remaining, BATCH)):
            raw = b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in batch)
            done.add(self._ask("POST", path, query, raw=raw), read)
            read += len(batch)
        return done

    def _by_item(self, item_ids: list[str]) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for start in range(0, len(item_ids), ASKED):
            for case in self.cases(item=item_ids[start : start + ASKED]):
                found.setdefault(case["item_id"], []).append(case)
        return found

    def _pages(self, path: str, name: str, after: int, filters: Json) -> Iterator[Json]:
        while True:
            page = self._ask("GET", path, {"limit": 1000, **filters, "after": after})
            yield from page[name]
            after = page["next"]
            if not page["has_more"]:
                return

    def _ask(
        self, method: str, path: str, query: Json | None = None, *, body: Json | None = None, raw: bytes | None = None
    ) -> Json:
        told = urlencode(query or {}, doseq=True)
        headers = {"Content-Type": "application/x-ndjson" if raw is not None else "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.uuid4())
            raw = raw if raw is not None else json.dumps(body or {}).encode()
        answer: Json = json.loads(self._send(method, f"{self._root}/{path}?{told}", raw, headers))
        return answer

    def _send(
        self, method: str, target: str, raw: bytes | None, headers: Mapping[str, str], *, into: BinaryIO | None = None
    ) -> bytes:
        """One request, sent again where its answer was lost or the server asks to wait."""
        for left in reversed(range(self._tries)):
            pause = 2.0 ** (self._tries - 1 - left) / 4
            try:
                line = self._connection()
                line.request(method, target, raw, {**self._headers, **headers})
                answer = line.getresponse()
                if answer.status == 200 and into is not None:
                    shutil.copyfileobj(answer, into)
                    return b""
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not left:
                    raise Problem(0, {"detail": f"no answer from {self._parts.netloc}: {error}"}) from error
                time.sleep(pause)
                continue
            if answer.status < 400:
                return body
            if not left or answer.status not in (*RETRIED, AT_WORK):
                raise Problem(answer.status, _problem(body))
            time.sleep(float(answer.headers.get("Retry-After") or pause))
        raise AssertionError("the last try returns or raises")

    def _connection(self) -> http.client.HTTPConnection:
        if self._line is None:
            kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
            self._line = kind(self._parts.hostname or "", self._parts.port, timeout=self._timeout)
            self._line.connect()
            self._line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._line


def verify_webhook(body: bytes, signature: str, secret: str, *, tolerance: float = 300.0) -> Json:
    """What a webhook's message says, if it is ours and young. ``signature`` is its header Cojudge-Signature.

    Raises ValueError for a forged, changed or old message. The same message may come twice: keep its ``id``.
    """
    parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    at, seen = parts.get("t", ""), parts.get("v1", "")
    wanted = hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), seen.encode()):
        raise ValueError("the signature does not fit this message")
    if not at.isdecimal() or abs(time.time() - int(at)) > tolerance:
        raise ValueError("the message is too old")
    told: Json = json.loads(body)
    return told


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {"detail": body[:200].decode(errors="replace")}
    return told if isinstance(told, dict) else {"detail": str(told)[:200]}
