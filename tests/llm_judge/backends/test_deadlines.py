"""One timer for the time limits of many calls."""

from __future__ import annotations

import asyncio
import time

import pytest

from llm_judge.backends.deadlines import Deadlines


async def call(deadlines: Deadlines, seconds: float, *, takes: float) -> str:
    limit = asyncio.timeout(None)
    try:
        async with limit:
            deadlines.add(limit, seconds)
            await asyncio.sleep(takes)
            return "answered"
    except TimeoutError:
        return "too late"
    finally:
        deadlines.drop(limit)


def test_each_call_ends_at_its_own_limit_whatever_the_others_may_take() -> None:
    async def calls() -> list[str]:
        deadlines = Deadlines()
        limits = [(5.0, 0.0), (0.3, 5.0), (0.05, 5.0), (0.6, 0.01), (0.1, 5.0), (5.0, 0.4)]
        return await asyncio.gather(*(call(deadlines, seconds, takes=takes) for seconds, takes in limits))

    began = time.monotonic()
    assert asyncio.run(calls()) == ["answered", "too late", "too late", "answered", "too late", "answered"]
    assert time.monotonic() - began < 2.0


def test_a_limit_holds_in_a_second_loop_too() -> None:
    deadlines = Deadlines()
    for _ in range(2):
        assert asyncio.run(call(deadlines, 0.02, takes=5.0)) == "too late"
        assert asyncio.run(call(deadlines, 60.0, takes=0.0)) == "answered"


def test_a_call_that_is_called_off_was_not_too_late() -> None:
    async def call_off() -> str:
        task = asyncio.create_task(call(Deadlines(), 0.05, takes=5.0))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(call_off())
