"""The same trouble, met by the shipped fake and by a loopback server, has the same end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from llm_judge.backends.base import Patience, PatientBackend
from llm_judge.backends.judging import CaseAnswer, judge_many
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.scripted import Fault, FaultPlan, ScriptedBackend, fail_first
from llm_judge.rules.records import Scored, Unscored
from llm_judge.rules.scoring import JudgeCase
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.examples import make_case, make_rater

Make = Callable[[FaultPlan], PatientBackend]
QUICK = Patience(timeout=0.5, attempts=3, first_wait=0.001)
ALWAYS = 10**6


@pytest.fixture(params=["scripted", "loopback"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """``make(faults)``: a backend that meets these faults."""
    with ExitStack() as stack:

        def build(faults: FaultPlan) -> PatientBackend:
            if request.param == "scripted":
                return ScriptedBackend(faults=faults, patience=QUICK)
            server = stack.enter_context(serve(LoopbackServer(faults)))
            return OpenAIBackend(server.url, model="tiny", patience=QUICK)

        yield build


def judge(backend: PatientBackend, *cases: JudgeCase) -> list[CaseAnswer]:
    async def collect() -> list[CaseAnswer]:
        async with backend:
            return [answer async for answer in judge_many(backend, cases, make_rater())]

    return asyncio.run(collect())


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.RESET, Fault.HALF_BODY, Fault.EMPTY])
def test_passing_trouble_is_retried_and_counted(make: Make, fault: Fault) -> None:
    (answer,) = judge(make(fail_first(2, fault)), make_case())
    assert isinstance(answer.answer, Scored)
    assert len(answer.retried) == 2


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        (Fault.RATE_LIMITED, "rate_limited", 3),
        (Fault.SERVER_ERROR, "http_error", 3),
        (Fault.RESET, "unreachable", 3),
        (Fault.STALL, "timeout", 3),
        (Fault.HALF_BODY, "garbage", 3),
        (Fault.HTML, "garbage", 1),
        (Fault.GARBAGE, "garbage", 1),
        (Fault.EMPTY, "empty_answer", 3),
        (Fault.OFF_MENU, "off_menu", 1),
        (Fault.NO_LOGPROBS, "no_logprobs", 1),
        (Fault.TOO_LONG, "context_too_long", 1),
        (Fault.UNAUTHORIZED, "unauthorized", 1),
    ],
)
def test_lasting_trouble_is_unscored_with_its_reason(make: Make, fault: Fault, reason: str, attempts: int) -> None:
    (answer,) = judge(make(fail_first(ALWAYS, fault)), make_case())
    assert isinstance(answer.answer, Unscored)
    assert answer.answer.reason == reason
    assert answer.answer.detail
    assert len(answer.retried) == attempts - 1


def test_one_poisoned_case_leaves_the_others_alone(make: Make) -> None:
    cases = [make_case(str(number), output=f"Colour: {number}") for number in range(20)]
    faults: FaultPlan = lambda request, attempt: Fault.HTML if "Colour: 7" in str(request.messages) else None  # noqa: E731
    answers = {each.case_id: each.answer for each in judge(make(faults), *cases)}
    assert [key for key, answer in answers.items() if isinstance(answer, Unscored)] == ["7"]
    assert len(answers) == 20
