"""Lines of batch files: one in, one record or one clear refusal out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from llm_judge.rules.batch_lines import CHAT, Result, Ticket, read_line, read_ticket, write_line
from llm_judge.rules.records import CompletionFailure, CompletionResult, UnscoredReason

TICKET = Ticket("0123456789ab", "0123456789abcdef", 17, 0)
BODY = {"model": "tiny", "choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}]}


def line(**parts: Any) -> bytes:
    return json.dumps({"id": "1", "custom_id": str(TICKET), "response": None, "error": None} | parts).encode()


@given(st.from_regex(r"[0-9a-f]{12}", fullmatch=True), st.integers(1, 2**59), st.integers(0, 9999))
def test_a_ticket_comes_back_as_it_was(batch: str, case_id: int, place: int) -> None:
    ticket = Ticket(batch, "f" * 16, case_id, place)
    assert read_ticket(str(ticket)) == ticket


def test_a_request_is_one_line_of_openais_format() -> None:
    written = write_line(TICKET, CHAT, {"messages": [{"role": "user", "content": "two\nlines"}]})
    assert written.count(b"\n") == 1
    assert json.loads(written) == {
        "custom_id": str(TICKET),
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"messages": [{"role": "user", "content": "two\nlines"}]},
    }


def test_an_answer_is_read_like_one_over_http() -> None:
    result = read_line(line(response={"status_code": 200, "body": BODY}))
    assert result.ticket == TICKET
    assert isinstance(result.reply, CompletionResult)
    assert result.reply.text == "Yes"


def test_vllms_refusal_of_a_long_prompt_keeps_its_reason() -> None:
    error = {"error": {"message": "This model's maximum context length is 2048 tokens", "code": 400}}
    result = read_line(line(response={"status_code": 400, "body": None}, error=error))
    assert isinstance(result.reply, CompletionFailure)
    assert result.reply.kind is UnscoredReason.CONTEXT_TOO_LONG


def test_a_call_that_was_never_made_is_a_failure_that_may_be_tried_again() -> None:
    result = read_line(line(error={"code": "batch_expired", "message": "too late"}))
    assert isinstance(result.reply, CompletionFailure)
    assert result.reply.retryable
    assert "too late" in result.reply.detail


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (line()[:40], "no JSON: was it cut off"),
        (b"[1, 2]", "no object"),
        (b'{"custom_id": "x", "method": "POST"}', "not the requests"),
        (line(custom_id="item-7", response={"status_code": 200, "body": BODY}), "'item-7' is not one of ours"),
        (line(custom_id=None, error="x"), "None is not one of ours"),
        (line(response={"status_code": "ok", "body": BODY}), "no status_code"),
    ],
)
def test_a_broken_line_is_refused_in_words(raw: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_line(raw)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**70) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(values, values, st.sampled_from([str(TICKET), "", 3]))
def test_anything_is_a_result_or_refused(response: Any, error: Any, custom_id: object) -> None:
    response = {"status_code": 200, "body": response} if isinstance(response, list) else response
    try:
        found = read_line(json.dumps({"custom_id": custom_id, "response": response, "error": error}).encode())
    except InputError:
        return
    assert isinstance(found, Result)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_result_or_refused(raw: bytes) -> None:
    try:
        read_line(raw)
    except InputError:
        return
