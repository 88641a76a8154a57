"""The one event loop of this process, in a thread of its own: calls go on while the caller writes to the database.

Django's rows are touched by the calling thread alone; the loop sees plain records only.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import threading
import time
from collections.abc import Coroutine, Hashable, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any

from judge.errors import ServiceError
from llm_judge.backends.base import Backend, ServerFacts
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.scoring import JudgeCase

#: A chunk is handed over when it holds so many answers, or after so many seconds with whatever there is.
CHUNK, CHUNK_SECONDS = 64, 2.0
#: Answers that came meanwhile join the chunk: one transaction for many is cheaper.
MOST = 512
#: A server that refuses to say what it is is asked again: it may be busy.
LOOKS = 3

_Inbox = queue.SimpleQueue[CaseAnswer | BaseException | None]


class _Line:
    """The thread, its loop, and the backends that stay open in it."""

    def __init__(self) -> None:
        self._is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="model calls", daemon=True)
        self._thread.start()
        self._is_ready.wait()

    async def _live(self) -> None:
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._opened: dict[Hashable, Backend] = {}
        self._facts: dict[Hashable, ServerFacts] = {}
        async with AsyncExitStack() as self._stack:
            self._is_ready.set()
            await self._end.wait()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def open(self, key: Hashable, backend: Backend) -> tuple[Backend, ServerFacts]:
        if key not in self._opened:
            self._opened[key] = await self._stack.enter_async_context(backend)
        if key not in self._facts:
            self._facts[key] = await _look_again(self._opened[key])
        return self._opened[key], self._facts[key]

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join(timeout=10)


_line: _Line | None = None
_lock = threading.Lock()


def open_backend(key: Hashable, backend: Backend) -> tuple[Backend, ServerFacts]:
    """The backend that is open under ``key``, else this one, opened; and what it said of itself.

    Raises ServiceError when it does not answer, asked LOOKS times.
    """
    return _get_line().run(_get_line().open(key, backend))


def look(backend: Backend) -> ServerFacts:
    """What an opened backend is now. Raises ServiceError when it does not answer."""
    return _get_line().run(backend.inspect())


def ask(backend: Backend, cases: Iterable[JudgeCase], rater: RaterConfiguration) -> Iterator[list[CaseAnswer]]:
    """Answers of an opened backend in chunks, some of them empty while it thinks; stopping early ends the calls."""
    line, inbox = _get_line(), _Inbox()
    pumping = asyncio.run_coroutine_threadsafe(_pump(backend, cases, rater, inbox), line.loop)
    try:
        yield from _chunks(inbox)
    finally:
        pumping.cancel()


def close() -> None:
    """End the loop and close what is open in it. A later call starts another."""
    global _line
    with _lock:
        line, _line = _line, None
    if line is not None:
        line.close()


def _get_line() -> _Line:
    global _line
    with _lock:
        if _line is None:
            _line = _Line()
        return _line


def _forget() -> None:
    """In a forked child the thread is gone: the child starts its own."""
    global _line, _lock
    _line, _lock = None, threading.Lock()


async def _look_again(backend: Backend) -> ServerFacts:
    for _ in range(LOOKS - 1):
        with suppress(ServiceError):
            return await backend.inspect()
        await asyncio.sleep(0.5)
    return await backend.inspect()


async def _pump(backend: Backend, cases: Iterable[JudgeCase], rater: RaterConfiguration, inbox: _Inbox) -> None:
    try:
        async with aclosing(judge_many(backend, cases, rater)) as answers:  # type: ignore[type-var]
            async for answer in answers:
                inbox.put(answer)
        inbox.put(None)
    except BaseException as error:
        inbox.put(error)  # the caller's thread raises it
        raise


def _chunks(inbox: _Inbox) -> Iterator[list[CaseAnswer]]:
    is_open = True
    while is_open:
        chunk, is_open = _fill(inbox)
        yield chunk


def _fill(inbox: _Inbox) -> tuple[list[CaseAnswer], bool]:
    """Up to CHUNK answers within CHUNK_SECONDS, then whatever has come meanwhile; False once the answers end."""
    chunk: list[CaseAnswer] = []
    deadline = time.monotonic() + CHUNK_SECONDS
    while len(chunk) < MOST:
        left = deadline - time.monotonic() if len(chunk) < CHUNK else 0.0
        try:
            answer = inbox.get(timeout=left) if left > 0 else inbox.get_nowait()
        except queue.Empty:
            break
        if answer is None:
            return chunk, False
        if isinstance(answer, BaseException):
            raise answer
        chunk.append(answer)
    return chunk, True


os.register_at_fork(after_in_child=_forget)
atexit.register(close)
