"""A loopback server that speaks OpenAI's HTTP, and can be ill in every way we know."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from llm_judge.backends.scripted import Fault, FaultPlan, draw_probabilities, write_reply
from llm_judge.rules.records import CompletionRequest, Message


@dataclass
class LoopbackServer:
    """Pretends to be vLLM. ``seen`` holds every judged request's body, ``headers`` those of the last one."""

    faults: FaultPlan = lambda request, attempt: None
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    busiest: int = 0
    model: str = "org/tiny"
    seconds: float = 0.002
    version: str = "0.32.0"
    _busy: int = 0
    _attempts: dict[CompletionRequest, int] = field(default_factory=dict)

    async def answer(self, http: web.Request) -> web.StreamResponse:
        body = await http.json()
        self.seen.append(body)
        self.headers = dict(http.headers)
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            await asyncio.sleep(self.seconds)
            return await self._reply(http, read_request(body, self.words))
        finally:
            self._busy -= 1

    async def _reply(self, http: web.Request, request: CompletionRequest) -> web.StreamResponse:
        attempt = self._attempts[request] = self._attempts.get(request, 0) + 1
        fault = self.faults(request, attempt)
        if fault is Fault.STALL:
            await asyncio.sleep(30)
        if fault is Fault.RESET:
            return _cut(http)
        status, headers, body = write_reply(
            request, None if fault is Fault.HALF_BODY else fault, lambda each: draw_probabilities(each, 0)
        )
        if fault is Fault.HALF_BODY:
            return await _send_half(http, body)
        return web.Response(status=status, headers=headers, body=body)

    async def list_models(self, http: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": self.model, "max_model_len": 2048}]})

    async def tell_version(self, http: web.Request) -> web.Response:
        return web.json_response({"version": self.version})

    async def split(self, http: web.Request) -> web.Response:
        """One token for each word with its space, numbered by its letters."""
        found = {sum(map(ord, word)): word for word in re.findall(r"\s*\S+", (await http.json())["prompt"])}
        self.words |= found
        return web.json_response({"tokens": list(found), "count": len(found)})


def read_request(body: dict[str, Any], words: dict[int, str]) -> CompletionRequest:
    choice = body.get("structured_outputs", {}).get("choice", [])
    if body.get("echo"):
        return CompletionRequest(prompt="p", forced=" ".join(map(str, body["prompt"])))
    messages = tuple(Message(each["role"], each["content"]) for each in body.get("messages", []))
    return CompletionRequest(
        prompt=body.get("prompt", ""),
        messages=messages,
        answers=tuple(choice or (words[each] for each in body.get("allowed_token_ids", []))),
        temperature=body.get("temperature", 0.0),
        seed=body.get("seed"),
        top_logprobs=int(body.get("logprobs") or 0),
    )


def _cut(http: web.Request) -> web.StreamResponse:
    assert http.transport is not None
    http.transport.abort()
    return web.Response()


async def _send_half(http: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(http)
    await response.write(body[: len(body) // 2])
    return _cut(http)


@contextmanager
def serve(server: LoopbackServer) -> Iterator[LoopbackServer]:
    """Run it in a thread of its own until the block ends."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    thread = threading.Thread(target=_run, args=(loop, server, ready))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        assert not thread.is_alive()


def _run(loop: asyncio.AbstractEventLoop, server: LoopbackServer, ready: threading.Event) -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    app.router.add_post("/v1/completions", server.answer)
    app.router.add_post("/tokenize", server.split)
    app.router.add_get("/version", server.tell_version)
    app.router.add_get("/v1/models", server.list_models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    loop.run_until_complete(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    loop.run_until_complete(site.start())
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    ready.set()
    loop.run_forever()
    loop.run_until_complete(runner.cleanup())
    loop.run_until_complete(_end_tasks())
    loop.close()


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
