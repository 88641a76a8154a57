"""The one event loop of this process, in a thread of its own: calls go on while the caller writes to the database.

Django's rows are touched by the calling thread alone; the loop sees plain records only.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any

from judge.errors import ServiceError
from llm_judge.backends.base import Backend, ServerFacts
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.scoring import JudgeCase

#: A chunk is handed over when it holds so many answers, or after so many seconds with whatever there is: what is not
#: written yet is lost with the process, and one transaction for many costs each of them less.
CHUNK, CHUNK_SECONDS = 512, 1.0
#: Answers that came while the last chunk was written join the next one, up to so many.
MOST = 2048
#: A server that refuses to say what it is is asked again: it may be busy.
LOOKS = 3
#: For so many seconds what an open server said of itself is believed: it may have come back as another version.
LOOK_LASTS = 600.0


class _Exchange:
    """Between the thread that reads and writes rows and the loop: cases go in, in portions, and answers come out.

    The thread wakes for a chunk, not for each answer: to wake it takes the interpreter from the loop.
    """

    def __init__(self) -> None:
        self._portions: deque[Iterable[JudgeCase]] = deque()
        self._answers: deque[CaseAnswer] = deque()
        self._bell = threading.Event()
        self._error: BaseException | None = None
        self._n_begun = self._n_ended = 0  # pumps: the thread counts the one, the loop the other
        self._is_dry = True

    def put(self, answer: CaseAnswer) -> None:
        self._answers.append(answer)
        if len(self._answers) == CHUNK:
            self._bell.set()

    def end(self, error: BaseException | None = None) -> None:
        """All answers of a pump are here, or what the loop ran into."""
        self._error = self._error or error
        self._n_ended += 1
        self._bell.set()

    def chunks(
        self, portions: Iterable[Iterable[JudgeCase]], pump: Callable[[Iterator[JudgeCase]], None]
    ) -> Iterator[list[CaseAnswer]]:
        """Answers as they come, some chunks empty while there are none; raises what the loop ran into.

        One portion always lies ready beside the one that is dealt: neither reading and writing rows nor a call that is
        slow to end leaves the server idle. ``pump`` is told to begin wherever cases lie here and nobody takes them.
        """
        coming, is_over, due = iter(portions), False, time.monotonic() + CHUNK_SECONDS
        while not (is_over and self._n_ended == self._n_begun and not self._answers):
            if not self._portions and not is_over:
                portion = next(coming, None)
                is_over = portion is None
                self._portions.extend([] if portion is None else [portion])
            if self._is_dry and self._portions:
                self._is_dry, self._n_begun = False, self._n_begun + 1
                pump(self._deal())
            self._wait()
            is_due = time.monotonic() >= due
            if self._portions or is_over or is_due or len(self._answers) >= CHUNK:  # else the next portion goes first
                due = time.monotonic() + CHUNK_SECONDS
                yield [self._answers.popleft() for _ in range(min(MOST, len(self._answers)))]

    def _wait(self) -> None:
        if len(self._answers) < CHUNK:
            self._bell.wait(CHUNK_SECONDS)
        self._bell.clear()
        if self._error is not None:
            raise self._error

    def _deal(self) -> Iterator[JudgeCase]:
        while self._portions:
            portion = self._portions.popleft()
            self._bell.set()
            yield from portion
        self._is_dry = True
        self._bell.set()


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
        self._facts: dict[Hashable, tuple[ServerFacts, float]] = {}
        async with AsyncExitStack() as self._stack:
            self._is_ready.set()
            await self._end.wait()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def open(self, key: Hashable, backend: Backend) -> tuple[Backend, ServerFacts]:
        if key not in self._opened:
            self._opened[key] = await self._stack.enter_async_context(backend)
        backend, now = self._opened[key], self.loop.time()
        if key not in self._facts or now - self._facts[key][1] > LOOK_LASTS:
            self._facts[key] = await _look_again(backend), now
        return backend, self._facts[key][0]

    async def look(self, backend: Backend) -> ServerFacts:
        facts = await backend.inspect()
        known = [key for key, opened in self._opened.items() if opened is backend]
        self._facts |= dict.fromkeys(known, (facts, self.loop.time()))
        return facts

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
    return _get_line().run(_get_line().look(backend))


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns, done in the loop of calls."""
    return _get_line().run(work)


def ask(backend: Backend, cases: Iterable[JudgeCase], rater: RaterConfiguration) -> Iterator[list[CaseAnswer]]:
    """Answers of an opened backend in chunks, some of them empty while it thinks; stopping early ends the calls."""
    return ask_on(backend, [cases], rater)


def ask_on(
    backend: Backend, portions: Iterable[Iterable[JudgeCase]], rater: RaterConfiguration
) -> Iterator[list[CaseAnswer]]:
    """As ``ask``, for one portion of cases after another, each fetched by the calling thread when it is due."""
    line, exchange = _get_line(), _Exchange()
    pumping: list[Future[None]] = []

    def pump(cases: Iterator[JudgeCase]) -> None:
        pumping[:] = [each for each in pumping if not each.done()]
        pumping.append(asyncio.run_coroutine_threadsafe(_pump(backend, cases, rater, exchange), line.loop))

    try:
        yield from exchange.chunks(portions, pump)
    finally:
        for each in pumping:
            each.cancel()


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


async def _pump(backend: Backend, cases: Iterator[JudgeCase], rater: RaterConfiguration, exchange: _Exchange) -> None:
    try:
        async with aclosing(judge_many(backend, cases, rater)) as answers:  # type: ignore[type-var]
            async for answer in answers:
                exchange.put(answer)
        exchange.end()
    except BaseException as error:
        exchange.end(error)  # the caller's thread raises it
        raise


os.register_at_fork(after_in_child=_forget)
atexit.register(close)
