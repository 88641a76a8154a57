"""Several servers as one, on real loopback servers: who is asked, and who is gone around."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain

import pytest
from pytest_httpserver import HTTPServer

from judge.errors import InputError, ServiceError
from llm_judge.backends.base import Patience, Refusal
from llm_judge.backends.breaker import BREAK_AFTER
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.backends.pool import Member, Pool
from llm_judge.backends.scripted import Fault
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, CompletionResult, Message, Reply
from tests.contracts.servers import LoopbackServer, serve
from tests.llm_judge.backends.test_openai_http import pretend

Start = Callable[..., LoopbackServer]
QUICK = Patience(timeout=0.5, attempts=4, first_wait=0.001)


@pytest.fixture
def start() -> Iterator[Start]:
    """``start(**how)``: another server that runs until the test ends."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(serve(LoopbackServer(**how)))


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


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


# Who is asked


def test_equal_servers_share_the_calls(start: Start) -> None:
    servers = [start(), start()]
    replies = judge(Pool([member(each) for each in servers]), [question(n) for n in range(200)])
    assert all(isinstance(reply, CompletionResult) for reply in replies)
    assert min(len(each.seen) for each in servers) > 60


def test_calls_are_shared_by_weight(start: Start) -> None:
    """12 under way: 9 at the heavy one and 3 at the light one are equally many for their weights."""
    heavy, light = start(seconds=0.01), start(seconds=0.01)
    judge(Pool([member(heavy, 3.0), member(light, 1.0)]), [question(n) for n in range(400)], at_a_time=12)
    assert 260 < len(heavy.seen) < 340
    assert len(heavy.seen) + len(light.seen) == 400


def test_a_slow_server_gets_less(start: Start) -> None:
    quick, slow = start(seconds=0.002), start(seconds=0.05)
    judge(Pool([member(quick), member(slow)]), [question(n) for n in range(200)])
    assert len(quick.seen) > 3 * len(slow.seen)


def test_callers_with_one_call_at_a_time_do_not_all_ask_the_first(start: Start) -> None:
    """As many processes would, each of which knows of its own calls alone: 3 of 4 at the heavy one."""
    heavy, light = start(seconds=0), start(seconds=0)
    judge(Pool([member(light, 1.0), member(heavy, 3.0)]), [question(n) for n in range(200)], at_a_time=1)
    assert 110 < len(heavy.seen) < 190  # 150 by weight; six standard errors


def contexts_at(server: LoopbackServer) -> set[str]:
    return {body["messages"][0]["content"].split()[0] for body in server.seen}


def test_cases_of_one_context_go_to_one_server(start: Start) -> None:
    servers = [start(), start(), start()]
    requests = [question(n, f"context-{c}") for c in range(40) for n in range(4)]
    judge(Pool([member(each) for each in servers]), requests, at_a_time=4)
    held = [contexts_at(each) for each in servers]
    assert sum(map(len, held)) == 40  # no context was read twice
    assert min(map(len, held)) >= 4


def test_a_context_that_keeps_its_server_busy_is_shared_after_all(start: Start) -> None:
    servers = [start(seconds=0.02), start(seconds=0.02)]
    judge(Pool([member(each) for each in servers]), [question(n, "one") for n in range(200)], at_a_time=16)
    assert min(len(each.seen) for each in servers) > 50


def chosen(pool: Pool, n: int = 300) -> list[str]:
    found = [pool.choose(question(0, f"context-{c}")) for c in range(n)]
    return [each.name for each in found if each is not None]


def idle(weights: dict[str, float]) -> Pool:
    """A pool whose members are known to fit and have nothing to do."""
    members = [member("http://127.0.0.1:9", weight, name) for name, weight in weights.items()]
    for each in members:
        each.fault = ""
    return Pool(members)


def test_contexts_are_dealt_by_weight() -> None:
    counted = Counter(chosen(idle({"a": 1.0, "b": 3.0}), 1000))
    assert 690 < counted["b"] < 810  # 750, and four standard errors of 14


def test_a_server_that_comes_takes_some_contexts_and_moves_no_other() -> None:
    before, after = chosen(idle({"a": 1, "b": 1})), chosen(idle({"c": 1, "b": 1, "a": 1}))
    moved = [new for old, new in zip(before, after, strict=True) if new != old]
    assert set(moved) == {"c"}
    assert 60 < len(moved) < 140  # a third of 300


def test_another_process_chooses_alike() -> None:
    words = (
        "from tests.llm_judge.backends import test_pool as t; print(*t.chosen(t.idle({'a': 1, 'b': 2, 'c': 1.5}), 50))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    said = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == chosen(idle({"c": 1.5, "a": 1, "b": 2}), 50)


# Who is gone around


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


def test_a_pool_needs_a_member() -> None:
    with pytest.raises(InputError, match="at least one endpoint"):
        Pool([])
