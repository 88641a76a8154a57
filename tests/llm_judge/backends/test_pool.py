"""Several servers as one, on real loopback servers: who is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from judge.errors import InputError
from llm_judge.backends.pool import Pool
from llm_judge.rules.records import CompletionResult
from tests.contracts.servers import LoopbackServer
from tests.llm_judge.pools import Start, chosen, idle, judge, member, question


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


def test_contexts_are_dealt_by_weight() -> None:
    counted = Counter(chosen(idle({"a": 1.0, "b": 3.0}), 1000))
    assert 690 < counted["b"] < 810  # 750, and four standard errors of 14


def test_a_server_that_comes_takes_some_contexts_and_moves_no_other() -> None:
    before, after = chosen(idle({"a": 1, "b": 1})), chosen(idle({"c": 1, "b": 1, "a": 1}))
    moved = [new for old, new in zip(before, after, strict=True) if new != old]
    assert set(moved) == {"c"}
    assert 60 < len(moved) < 140  # a third of 300


def test_another_process_chooses_alike() -> None:
    words = "from tests.llm_judge import pools as t; print(*t.chosen(t.idle({'a': 1, 'b': 2, 'c': 1.5}), 50))"
    environment = os.environ | {"PYTHONHASHSEED": "77"}
    said = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == chosen(idle({"c": 1.5, "a": 1, "b": 2}), 50)


def test_a_pool_needs_a_member() -> None:
    with pytest.raises(InputError, match="at least one endpoint"):
        Pool([])
