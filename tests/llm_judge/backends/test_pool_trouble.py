"""Several servers as one, on real loopback servers: who is gone around, tried again, set aside."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence

import pytest
from pytest_httpserver import HTTPServer

from judge.errors import ServiceError
from llm_judge.backends.base import Patience, Refusal
from llm_judge.backends.breaker import BREAK_AFTER
from llm_judge.backends.pool import Member, Pool
from llm_judge.backends.scripted import Fault
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, CompletionResult, Reply
from tests.llm_judge.backends.test_openai_http import pretend
from tests.llm_judge.pools import QUICK, Start, ask, down, in_loop, judge, member, question


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.RESET, "unreachable"),
        (Fault.SERVER_ERROR, "http_error"),
        (Fault.RATE_LIMITED, "rate_limited"),
        (Fault.UNAUTHORIZED, "unauthorized"),
    ],
)
def test_a_member_that_fails_is_gone_around(start: Start, fault: Fault, reason: str) -> None:
    ill, well = start(faults=lambda request, attempt: fault), start()
    replies = judge(Pool([member(ill), member(well)]), [question(n) for n in range(200)])
    assert [reply for reply in replies if not isinstance(reply, CompletionResult)] == []
    assert len(well.seen) == 200
    assert 0 < len(ill.seen) < 200 // 2
    assert {each for reply in replies for each in reply.retried} == {reason}


def test_a_member_that_is_down_from_the_start_is_gone_around(start: Start) -> None:
    well = start()
    replies = judge(Pool([member(down()), member(well)]), [question(n) for n in range(20)])
    assert all(isinstance(reply, CompletionResult) and not reply.retried for reply in replies)


def test_the_fault_of_a_case_is_not_tried_elsewhere(start: Start) -> None:
    servers = [start(faults=lambda request, attempt: Fault.TOO_LONG) for _ in range(2)]
    (reply,) = judge(Pool([member(each) for each in servers]), [question(1)])
    assert isinstance(reply, CompletionFailure)
    assert reply.kind == "context_too_long"
    assert sum(len(each.seen) for each in servers) == 1


def test_a_member_whose_breaker_is_open_is_tried_by_one_call_and_comes_back(start: Start) -> None:
    troubles = [Fault.RESET]
    ill, well = start(faults=lambda request, attempt: troubles[0] if troubles else None), start()
    patience = Patience(timeout=0.2, attempts=4, first_wait=0.001)  # so the first rest is as short
    pool = Pool([member(ill, patience=patience), member(well)])

    async def run() -> None:
        async with pool:
            await pool.inspect()
            await ask(pool, [question(n) for n in range(100)])
            breaker = pool.members[0].backend.gate.breaker
            assert breaker.is_open
            await asyncio.sleep(max(0.0, breaker.rests_until - time.monotonic()) + 0.01)
            n_before = len(ill.seen)
            assert all(isinstance(each, CompletionResult) for each in await ask(pool, [question("probe")] * 20, 20))
            assert len(ill.seen) == n_before + 1
            troubles.clear()
            await asyncio.sleep(max(0.0, breaker.rests_until - time.monotonic()) + 0.01)
            await ask(pool, [question(f"again {n}") for n in range(100)])
            assert not breaker.is_open
            assert len(ill.seen) > n_before + 20

    in_loop(run())


def test_many_members_that_are_down_do_not_use_up_the_attempts_of_a_call(start: Start) -> None:
    """Six whose rests are all over, and one that is well: the call tries one of them at most."""
    well = start()
    pool = Pool([*(member(down(), patience=QUICK) for _ in range(6)), member(well)])

    async def run() -> Reply:
        async with pool:
            await pool.inspect()
            for each in pool.members[:6]:
                each.fault = ""
                failure = CompletionFailure("unreachable", "no connection", retryable=True)  # type: ignore[arg-type]
                for _ in range(BREAK_AFTER):
                    each.backend.gate.breaker.note_failure(failure, began=0.0, now=0.0)
                assert each.backend.gate.breaker.may_probe(time.monotonic())
            return await pool.complete(question(1))

    reply = in_loop(run())
    assert isinstance(reply, CompletionResult)
    assert len(reply.retried) == 1


def test_a_member_that_serves_another_model_is_set_aside_and_looked_at_again(start: Start) -> None:
    other, well = start(model="org/other"), start()
    pool = Pool([member(other), member(well)], model="tiny", look_again=0.05)

    async def run() -> None:
        async with pool:
            facts = await pool.inspect()
            assert facts.model == "tiny"
            await ask(pool, [question(n) for n in range(20)])
            assert other.seen == []
            assert pool.members[0].fault == "it serves org/other, not tiny"
            assert pool.trouble == ""
            other.model = "org/tiny"
            await asyncio.sleep(0.06)
            await ask(pool, [question(f"later {n}") for n in range(100)])

    in_loop(run())
    assert len(other.seen) > 10


def test_a_member_that_cannot_serve_the_rule_is_set_aside(start: Start, httpserver: HTTPServer) -> None:
    pretend(httpserver)
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "tiny"}]})
    httpserver.expect_request("/v1/chat/completions").respond_with_json({"choices": [{"message": {"content": "Yes"}}]})
    well = start()
    pool = Pool([member(httpserver.url_for("/")), member(well)], model="tiny", rule=ScoringRule.CHOICE)
    assert all(isinstance(each, CompletionResult) for each in judge(pool, [question(n) for n in range(20)]))
    assert pool.members[0].fault == "openai cannot serve the scoring rule choice"
    assert len(well.seen) == 20


def test_a_silent_member_holds_nobody_up(start: Start, silent: str) -> None:
    patient = Patience(timeout=60)
    pool = Pool([member(silent, patience=patient), member(start())], look_for=0.1)
    began = time.monotonic()
    assert all(isinstance(each, CompletionResult) for each in judge(pool, [question(n) for n in range(20)]))
    assert time.monotonic() - began < 5
    assert "did not say within 0.1 seconds" in pool.members[0].fault


def test_where_nobody_serves_the_model_every_reason_is_told(start: Start) -> None:
    nobody = down()
    pool = Pool([member(start(model="org/other")), member(nobody)], model="tiny")
    with pytest.raises(ServiceError, match=r"None of the 2 endpoints.*it serves org/other, not tiny") as caught:
        judge(pool, [])
    assert nobody in str(caught.value)


def test_where_all_are_ill_calls_are_refused_in_words(start: Start) -> None:
    servers = [start(faults=lambda request, attempt: Fault.UNAUTHORIZED) for _ in range(2)]
    pool = Pool([member(servers[0], name="north"), member(servers[1], name="south")])
    replies = judge(pool, [question(n) for n in range(60)])
    assert not any(isinstance(reply, CompletionResult) for reply in replies)
    last = next(reply for reply in replies if isinstance(reply, Refusal) and not reply.attempts)
    assert "north: the endpoint rests until" in last.detail
    assert "south: the endpoint rests until" in last.detail
    assert "invalid key" in pool.trouble
    assert sum(len(each.seen) for each in servers) < 60


class Counting(Pool):
    """Counts how often somebody looks for a member."""

    n_looks = 0

    def choose(self, request: CompletionRequest, failed: Sequence[Member] = ()) -> Member | None:
        self.n_looks += 1
        return super().choose(request, failed)


def test_calls_that_wait_while_one_tries_do_not_keep_the_processor_busy(start: Start) -> None:
    ill = start(faults=lambda request, attempt: Fault.RESET)
    pool = Counting([member(ill)], model="tiny")

    async def run() -> None:
        async with pool:
            await pool.inspect()
            failure = CompletionFailure("unreachable", "no connection", retryable=True)  # type: ignore[arg-type]
            gate = pool.members[0].backend.gate
            for _ in range(BREAK_AFTER):
                gate.breaker.note_failure(failure, began=0.0, now=0.0)
            gate.breaker.begin_probe(time.monotonic())  # it takes its time
            waiting = [asyncio.ensure_future(pool.complete(question(n))) for n in range(50)]
            await asyncio.sleep(0.55)
            for each in waiting:
                each.cancel()

    in_loop(run())
    assert 50 <= pool.n_looks <= 50 * 2 * 8


def test_a_pool_that_is_closed_leaves_nothing_behind(start: Start, silent: str) -> None:
    pool = Pool([member(silent), member(start())], look_for=0.05, look_again=0.01)

    async def run() -> set[asyncio.Task[object]]:
        async with pool:
            await pool.inspect()
            pool.look_for = 30
            await asyncio.sleep(0.02)
            await ask(pool, [question(1)])
            assert len(asyncio.all_tasks()) > 1  # somebody looks at the silent one
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]

    assert in_loop(run()) == set()
