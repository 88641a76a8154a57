"""Pools of loopback servers, and calls to them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from itertools import chain

from llm_judge.backends.base import Patience
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.pool import Member, Pool
from llm_judge.rules.records import CompletionRequest, Message, Reply
from tests.contracts.servers import LoopbackServer

Start = Callable[..., LoopbackServer]
QUICK = Patience(timeout=0.5, attempts=4, first_wait=0.001)


def in_loop[T](work: Coroutine[None, None, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 30))


def member(server: LoopbackServer | str, weight: float = 1.0, name: str = "", patience: Patience = QUICK) -> Member:
    url = server if isinstance(server, str) else server.url
    return Member(name or url, OpenAIBackend(url, model="tiny", in_flight=64, patience=patience), weight)


def question(number: object, shared: str = "") -> CompletionRequest:
    return CompletionRequest(messages=(Message("user", f"{shared} {number}?"),), answers=("Yes", "No"), shared=shared)


async def ask(pool: Pool, requests: Sequence[CompletionRequest], at_a_time: int = 8) -> list[Reply]:
    """All replies, with so many calls under way."""
    waiting = iter(requests)

    async def work() -> list[Reply]:
        return [await pool.complete(request) for request in waiting]

    return list(chain.from_iterable(await asyncio.gather(*(work() for _ in range(at_a_time)))))


def judge(pool: Pool, requests: Sequence[CompletionRequest], at_a_time: int = 8) -> list[Reply]:
    async def run() -> list[Reply]:
        async with pool:
            await pool.inspect()
            return await ask(pool, requests, at_a_time)

    return in_loop(run())


def down() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def idle(weights: dict[str, float]) -> Pool:
    """A pool whose members are known to fit and have nothing to do."""
    members = [member("http://127.0.0.1:9", weight, name) for name, weight in weights.items()]
    for each in members:
        each.fault = ""
    return Pool(members)


def chosen(pool: Pool, n: int = 300) -> list[str]:
    found = [pool.choose(question(0, f"context-{c}")) for c in range(n)]
    return [each.name for each in found if each is not None]
