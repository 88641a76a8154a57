"""Put cases to a backend, many at a time, and hand the answers over as they come."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from llm_judge.backends.base import Backend
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.records import CompletionRequest, CompletionResult, Reply, Scored, Unscored, UnscoredReason
from llm_judge.rules.scoring import JudgeCase, conclude, next_calls


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """A case's answer with the calls that led to it, in the order of ``requests``."""

    case_id: str
    answer: Scored | Unscored
    requests: tuple[CompletionRequest, ...]
    replies: tuple[Reply, ...]

    @property
    def prompt_tokens(self) -> int:
        return sum(reply.prompt_tokens for reply in self.replies if isinstance(reply, CompletionResult))

    @property
    def completion_tokens(self) -> int:
        return sum(reply.completion_tokens for reply in self.replies if isinstance(reply, CompletionResult))

    @property
    def latency_ms(self) -> float:
        return sum(reply.latency_ms for reply in self.replies)

    @property
    def was_sent(self) -> bool:
        """Whether the server was asked at all: not where every call was refused because it rests."""
        return any(reply.attempts for reply in self.replies)

    @property
    def retried(self) -> tuple[UnscoredReason, ...]:
        return tuple(reason for reply in self.replies for reason in reply.retried)


class CaseJudge(ABC):
    """A backend that knows a way of its own from cases to answers, without a prompt."""

    @abstractmethod
    def judge_cases(self, cases: Iterable[JudgeCase], rater: RaterConfiguration) -> AsyncGenerator[CaseAnswer]: ...


async def judge_one(backend: Backend, case: JudgeCase, rater: RaterConfiguration) -> CaseAnswer:
    """Ask whatever the scoring rule asks of one case. InputError only where rater and criterion do not fit."""
    requests: tuple[CompletionRequest, ...] = ()
    replies: tuple[Reply, ...] = ()
    while calls := next_calls(case, rater, replies):
        requests, replies = requests + calls, replies + await _complete_all(backend, calls)
    return CaseAnswer(case.case_id, conclude(case, rater, replies), requests, replies)


async def _complete_all(backend: Backend, calls: Sequence[CompletionRequest]) -> tuple[Reply, ...]:
    if len(calls) == 1:  # by far the commonest, and a task less
        return (await backend.complete(calls[0]),)
    return tuple(await asyncio.gather(*map(backend.complete, calls)))


async def judge_many(
    backend: Backend, cases: Iterable[JudgeCase], rater: RaterConfiguration
) -> AsyncIterator[CaseAnswer]:
    """Each case once, in order of completion; ``cases`` is read as there is room, so it may be endless.

    Ends its calls when the caller stops early. Cases of one context should stand together (prefix caching).
    """
    if isinstance(backend, CaseJudge):
        async with aclosing(backend.judge_cases(cases, rater)) as own:
            async for each in own:
                yield each
        return
    waiting = iter(cases)
    answers: asyncio.Queue[CaseAnswer | Exception | None] = asyncio.Queue(maxsize=backend.in_flight)
    workers = [asyncio.create_task(_work(backend, waiting, rater, answers)) for _ in range(backend.in_flight)]
    try:
        working = len(workers)
        while working:
            answer = await answers.get() if answers.empty() else answers.get_nowait()
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                working -= 1
            else:
                yield answer
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _work(
    backend: Backend,
    waiting: Iterator[JudgeCase],
    rater: RaterConfiguration,
    answers: asyncio.Queue[CaseAnswer | Exception | None],
) -> None:
    try:
        for case in waiting:  # shared by all workers; safe, since nothing is awaited between two steps of it
            answer = await judge_one(backend, case, rater)
            if answers.full():
                await answers.put(answer)
            else:
                answers.put_nowait(answer)  # the usual case, without a coroutine of its own
        await answers.put(None)
    except Exception as error:  # a mistake of ours must reach the caller, not die in a task
        await answers.put(error)
