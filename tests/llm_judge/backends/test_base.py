from __future__ import annotations

import asyncio

import pytest

from judge.errors import InputError
from llm_judge.backends.base import Patience
from llm_judge.backends.judging import judge_many
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.scripted import Fault, ScriptedBackend, fail_share
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Scored, UnscoredReason
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.examples import make_case, make_rater

BUSY = CompletionFailure(UnscoredReason.RATE_LIMITED, "429", retryable=True, retry_after=2.0)


def test_waits_grow_up_to_a_bound() -> None:
    failure = CompletionFailure(UnscoredReason.HTTP_ERROR, "500", retryable=True)
    patience = Patience(attempts=99, first_wait=1.0, longest_wait=8.0)
    waits = [patience.wait(failure, attempt) or 0.0 for attempt in range(1, 20)]
    assert waits[0] <= 1.0
    assert waits[2] >= 2.0
    assert 4.0 <= waits[-1] <= 8.0


@pytest.mark.parametrize(
    ("failure", "attempt"),
    [
        (BUSY, 4),
        (CompletionFailure(UnscoredReason.HTTP_ERROR, "400"), 1),
        (CompletionFailure(UnscoredReason.RATE_LIMITED, "429", retryable=True, retry_after=3600.0), 1),
    ],
)
def test_patience_ends(failure: CompletionFailure, attempt: int) -> None:
    assert Patience().wait(failure, attempt) is None


def test_never_more_calls_in_flight_than_agreed() -> None:
    async def run(url: str) -> int:
        cases = (make_case(str(number), output=str(number)) for number in range(60))
        async with OpenAIBackend(url, in_flight=5) as backend:
            return sum([isinstance(each.answer, Scored) async for each in judge_many(backend, cases, make_rater())])

    with serve(LoopbackServer()) as server:
        assert asyncio.run(run(server.url)) == 60
        assert server.busiest == 5


def test_no_calls_in_flight_is_refused() -> None:
    with pytest.raises(InputError, match="0 calls in flight"):
        ScriptedBackend(in_flight=0)


def test_endless_cases_are_read_as_there_is_room_and_dropped_on_stop() -> None:
    taken = 0

    def endless():  # type: ignore[no-untyped-def]
        nonlocal taken
        while True:
            taken += 1
            yield make_case(str(taken))

    async def take(count: int) -> int:
        async with ScriptedBackend(in_flight=4) as backend:
            answers = judge_many(backend, endless(), make_rater())
            async for _ in answers:
                count -= 1
                if not count:
                    break
            await answers.aclose()  # type: ignore[attr-defined]
            return len(asyncio.all_tasks())

    assert asyncio.run(take(10)) == 1  # only the test itself is left
    assert taken <= 30


def test_error_in_the_cases_reaches_the_caller() -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield make_case()
        raise InputError("the file ended early")

    async def run() -> None:
        async with ScriptedBackend() as backend:
            async for _ in judge_many(backend, broken(), make_rater()):
                pass

    with pytest.raises(InputError, match="ended early"):
        asyncio.run(run())


def test_fifth_of_calls_failing_loses_no_case() -> None:
    faults = fail_share(0.2, Fault.RESET, Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.HALF_BODY, seed=3)

    async def run() -> dict[str, tuple[bool, int]]:
        patience = Patience(attempts=8, first_wait=0.001)
        async with ScriptedBackend(faults=faults, patience=patience) as backend:
            cases = (make_case(str(number), output=str(number)) for number in range(300))
            answers = [each async for each in judge_many(backend, cases, make_rater())]
        assert len(answers) == 300
        return {each.case_id: (isinstance(each.answer, Scored), len(each.retried)) for each in answers}

    answers = asyncio.run(run())
    assert all(scored for scored, _ in answers.values())
    assert len(answers) == 300
    retries = sum(count for _, count in answers.values())
    assert 40 <= retries <= 120  # 300 * .2 / .8 = 75 expected, deviation about 10


def test_hashed_answers_do_not_depend_on_the_case_id() -> None:
    async def ask(reference: str) -> object:
        async with ScriptedBackend() as backend:
            reply = await backend.complete(CompletionRequest(prompt="p", answers=(" Yes", " No"), reference=reference))
        return reply if isinstance(reply, CompletionFailure) else reply.tokens

    assert asyncio.run(ask("a")) == asyncio.run(ask("b"))
