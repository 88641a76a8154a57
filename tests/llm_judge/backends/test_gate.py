"""The gate before one endpoint, on a real event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress

import pytest

from llm_judge.backends.base import Patience, Refusal
from llm_judge.backends.breaker import Breaker
from llm_judge.backends.gate import Gate
from llm_judge.backends.judging import judge_many
from llm_judge.backends.scripted import Fault, ScriptedBackend
from llm_judge.rules.records import (
    CompletionFailure,
    CompletionRequest,
    CompletionResult,
    Reply,
    Scored,
    UnscoredReason,
)
from tests.llm_judge.examples import make_case, make_rater

GOOD = CompletionResult("Yes", ())
SLOW = CompletionFailure(UnscoredReason.TIMEOUT, "no answer within 60 seconds", retryable=True)
DOWN = CompletionFailure(UnscoredReason.UNREACHABLE, "no connection", retryable=True)


def busy(seconds: float) -> CompletionFailure:
    return CompletionFailure(UnscoredReason.RATE_LIMITED, "429", retryable=True, retry_after=seconds)


def in_loop[T](work: Coroutine[None, None, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, 30))


async def ask(gate: Gate, reply: Reply, seconds: float = 0.0) -> float | None:
    """When the call was let in; None if it was sent away."""
    if not await gate.enter():
        return None
    began = time.monotonic()
    if seconds:
        await asyncio.sleep(seconds)
    gate.leave(reply, began=began)
    return began


def test_a_wait_that_the_server_asks_for_holds_back_every_call_of_the_endpoint() -> None:
    async def run() -> None:
        gate = Gate(8)
        asked = time.monotonic()
        await ask(gate, busy(0.2))
        entered = await asyncio.gather(*(ask(gate, GOOD) for _ in range(30)))
        assert min(filter(None, entered)) >= asked + 0.2
        assert None not in entered
        assert gate.busy == 0

    in_loop(run())


def test_a_wait_beyond_all_patience_sends_calls_away_with_the_reason() -> None:
    async def run() -> None:
        gate = Gate(8, longest_wait=30.0)
        await ask(gate, busy(600))
        assert await ask(gate, GOOD) is None
        assert "rests until" in gate.trouble
        assert "429" in gate.trouble

    in_loop(run())


def test_a_burst_of_failures_stops_the_calls_until_one_that_tries_succeeds() -> None:
    async def run() -> list[float]:
        gate = Gate(8, breaker=Breaker(after=8, first_rest=0.1))
        await asyncio.gather(*(ask(gate, DOWN, 0.01) for _ in range(8)))
        opened = time.monotonic()
        entered = sorted(filter(None, await asyncio.gather(*(ask(gate, GOOD, 0.05) for _ in range(12)))))
        assert gate.trouble == ""
        return [each - opened for each in entered]

    after = in_loop(run())
    assert len(after) == 12
    assert after[0] >= 0.09  # the rest
    assert after[1] >= after[0] + 0.045  # the others wait for the answer of the first


@pytest.mark.parametrize("failure", [SLOW, DOWN])
def test_a_wave_of_hung_calls_says_nothing_once_younger_ones_were_answered(failure: CompletionFailure) -> None:
    async def run() -> None:
        gate = Gate(64)
        await asyncio.gather(*(ask(gate, GOOD, 0.001) for _ in range(200)))  # the limit grows to all it may be
        hung = [asyncio.create_task(ask(gate, failure, 0.1)) for _ in range(60)]
        await asyncio.sleep(0.01)
        await ask(gate, GOOD)
        await asyncio.gather(*hung)
        assert not gate.breaker.is_open
        assert gate.throttle.limit == 64

    in_loop(run())


def test_a_wave_of_hung_calls_without_a_younger_answer_is_trouble() -> None:
    async def run() -> None:
        gate = Gate(64)
        await asyncio.gather(*(ask(gate, GOOD, 0.001) for _ in range(200)))
        await asyncio.gather(*(ask(gate, SLOW, 0.05) for _ in range(60)))
        assert gate.breaker.is_open
        assert gate.throttle.limit < 64

    in_loop(run())


def test_a_server_that_stays_down_is_tried_a_few_times_and_then_all_are_sent_away() -> None:
    async def run() -> tuple[Gate, list[float | None]]:
        gate = Gate(8, breaker=Breaker(after=8, first_rest=0.01, probes=3))
        return gate, await asyncio.gather(*(ask(gate, DOWN, 0.001) for _ in range(40)))

    gate, entered = in_loop(run())
    tried = [each for each in entered if each is not None]
    assert len(tried) == 8 + 7 + 3  # with the eighth failure seven others are under way
    assert "failures in a row, the last: no connection" in gate.trouble


def test_calls_that_are_called_off_leave_no_trace() -> None:
    async def run() -> None:
        gate = Gate(2)
        calls = [asyncio.create_task(ask(gate, GOOD, 60)) for _ in range(10)]
        await asyncio.sleep(0.01)
        for each in calls:
            each.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*calls)
        gate.busy -= 2  # those that were let in are dropped by the backend
        assert await ask(gate, GOOD) is not None
        assert gate.busy == 0

    in_loop(run())


@pytest.mark.parametrize("moment", range(4))
def test_a_turn_that_is_called_off_just_after_it_came_goes_to_the_next(moment: int) -> None:
    async def run() -> None:
        gate = Gate(1)
        assert gate.try_enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(2)]
        await asyncio.sleep(0)
        gate.leave(GOOD, began=time.monotonic())
        for _ in range(moment):
            await asyncio.sleep(0)
        was_late = waiting[0].done()
        waiting[0].cancel()
        if was_late:
            gate.drop()
        assert await waiting[1]
        assert gate.busy == 1

    in_loop(run())


def test_a_fast_server_is_given_all_it_may_have_at_once() -> None:
    async def run() -> float:
        cases = (make_case(str(number), output=str(number)) for number in range(3000))
        async with ScriptedBackend(in_flight=256, latency=0.05) as backend:
            async for _ in judge_many(backend, cases, make_rater()):
                pass
            return backend.gate.throttle.limit

    assert in_loop(run()) == 256


def test_a_restart_of_the_server_is_bridged_and_no_case_is_lost() -> None:
    async def run() -> list[bool]:
        down_until = time.monotonic() + 0.3
        faults = lambda request, attempt: Fault.RESET if time.monotonic() < down_until else None  # noqa: E731
        cases = (make_case(str(number), output=str(number)) for number in range(200))
        patience = Patience(timeout=0.1, deadline=5, first_wait=0.05)
        async with ScriptedBackend(in_flight=32, faults=faults, latency=0.001, patience=patience) as backend:
            return [isinstance(each.answer, Scored) async for each in judge_many(backend, cases, make_rater())]

    assert in_loop(run()) == [True] * 200


def test_a_call_ends_by_its_deadline_whatever_is_tried() -> None:
    async def run() -> tuple[Reply, float]:
        patience = Patience(timeout=0.2, attempts=50, first_wait=0.01, deadline=0.5)
        faults = lambda request, attempt: Fault.STALL  # noqa: E731
        async with ScriptedBackend(faults=faults, patience=patience) as backend:
            began = time.monotonic()
            return await backend.complete(CompletionRequest(prompt="p", answers=("Yes",))), time.monotonic() - began

    reply, took = in_loop(run())
    assert isinstance(reply, CompletionFailure)
    assert (reply.kind, reply.attempts) == (UnscoredReason.TIMEOUT, 3)
    assert took < 1.0


def test_what_was_never_sent_says_so() -> None:
    async def run() -> Reply:
        faults = lambda request, attempt: Fault.UNAUTHORIZED  # noqa: E731
        async with ScriptedBackend(in_flight=8, faults=faults) as backend:
            async for _ in judge_many(backend, (make_case(str(n), output=str(n)) for n in range(20)), make_rater()):
                pass
            return await backend.complete(CompletionRequest(prompt="p", answers=("Yes",)))

    reply = in_loop(run())
    assert isinstance(reply, Refusal)
    assert (reply.kind, reply.attempts) == (UnscoredReason.UNAUTHORIZED, 0)
    assert "rests until" in reply.detail
