from __future__ import annotations

import pytest

from llm_judge.backends.breaker import Breaker
from llm_judge.rules.records import CompletionFailure, UnscoredReason

DOWN = CompletionFailure(UnscoredReason.UNREACHABLE, "connection refused", retryable=True)
WRONG_KEY = CompletionFailure(UnscoredReason.UNAUTHORIZED, "the server answered 401")


def fail(breaker: Breaker, times: int, *, now: float = 10.0, failure: CompletionFailure = DOWN) -> None:
    for _ in range(times):
        breaker.note_failure(failure, began=now, now=now)


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(after=3, first_rest=1.0, longest_rest=5.0, probes=4)


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert not breaker.is_open
    fail(breaker, 1)
    assert breaker.is_open
    assert "after 3 failures in a row, the last: connection refused" in breaker.words


def test_one_success_breaks_the_row(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.note_success()
    fail(breaker, 2)
    assert not breaker.is_open


def test_tries_of_the_same_request_count_once(breaker: Breaker) -> None:
    for number in range(20):
        breaker.note_failure(DOWN, began=1.0, now=1.0, is_first=number < 2)
    assert not breaker.is_open


def test_only_one_call_tries_once_the_rest_is_over(breaker: Breaker) -> None:
    fail(breaker, 3, now=10.0)
    assert not breaker.may_probe(10.9)
    assert breaker.may_probe(11.0)
    breaker.begin_probe(11.0)
    assert not breaker.may_probe(20.0)
    breaker.drop_probe()
    assert breaker.may_probe(20.0)


def test_a_try_that_succeeds_closes_it(breaker: Breaker) -> None:
    fail(breaker, 3)
    breaker.begin_probe(20.0)
    breaker.note_success()
    assert not breaker.is_open
    assert breaker.words == ""
    fail(breaker, 2)
    assert not breaker.is_open


def test_each_vain_try_doubles_the_rest_up_to_a_bound_and_in_the_end_calls_are_refused(breaker: Breaker) -> None:
    now, rests, given_up = 10.0, [], []
    fail(breaker, 3, now=now)
    for _ in range(6):
        rests.append(breaker.rests_until - now)
        given_up.append(breaker.has_given_up)
        now = breaker.rests_until
        assert breaker.may_probe(now)
        breaker.begin_probe(now)
        fail(breaker, 1, now=now)
    assert rests == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    assert given_up == [False, False, False, False, True, True]  # after four vain tries
    breaker.note_success()
    assert not breaker.has_given_up


def test_failures_that_were_under_way_when_it_opened_do_not_prolong_the_rest(breaker: Breaker) -> None:
    fail(breaker, 3, now=10.0)
    for _ in range(50):
        breaker.note_failure(DOWN, began=9.5, now=10.4)
    assert breaker.rests_until == 11.0
    breaker.begin_probe(11.0)
    breaker.note_failure(DOWN, began=9.5, now=11.1)
    assert breaker.is_probing


def test_a_wrong_key_is_given_up_at_once(breaker: Breaker) -> None:
    fail(breaker, 3, failure=WRONG_KEY)
    assert breaker.has_given_up


def test_a_long_rest_that_the_endpoint_asked_for_is_kept(breaker: Breaker) -> None:
    breaker.rest(DOWN, 600.0, 10.0)
    assert breaker.has_given_up
    assert not breaker.may_probe(609.0)
    assert breaker.may_probe(610.0)
    assert "in a row" not in breaker.words
