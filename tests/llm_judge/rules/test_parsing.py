from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_judge.rules.parsing import read_reply, read_retry_after
from llm_judge.rules.records import CompletionFailure, CompletionResult, UnscoredReason
from llm_judge.rules.scoring import conclude
from tests.llm_judge.examples import make_case, make_rater

KEYS = st.sampled_from(
    [
        "choices",
        "message",
        "content",
        "text",
        "logprobs",
        "top_logprobs",
        "token",
        "logprob",
        "tokens",
        "token_logprobs",
        "usage",
        "prompt_tokens",
        "finish_reason",
        "error",
        "code",
        "refusal",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["Yes", "No", "stop"]) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
SHAPED = st.fixed_dictionaries(
    {"choices": st.lists(st.fixed_dictionaries({"message": JSON, "text": JSON, "logprobs": JSON}), max_size=2)}
)


def read(answer: Any, status: int = 200, **headers: str) -> CompletionResult | CompletionFailure:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return read_reply(status, headers, body)


@given(JSON | SHAPED, st.sampled_from([200, 204, 302, 400, 401, 429, 500]))
def test_no_json_of_any_shape_can_break_a_judgment(answer: Any, status: int) -> None:
    reply = read(answer, status)
    conclude(make_case(), make_rater(), [reply])


@given(st.binary(), st.sampled_from([200, 500]))
def test_no_bytes_can_break_a_judgment(body: bytes, status: int) -> None:
    assert read_reply(status, {}, body) is not None


def test_endless_nesting_is_garbage() -> None:
    assert _kind(read(b"[" * 200_000)) is UnscoredReason.GARBAGE


def test_chat_answer_is_read() -> None:
    top = [{"token": "Yes", "logprob": -0.1}, {"token": "No", "logprob": -2.4}]
    tokens = {"content": [{"token": "Yes", "logprob": -0.1, "top_logprobs": top}]}
    choice = {"message": {"content": "Yes"}, "logprobs": tokens, "finish_reason": "stop"}
    usage = {"prompt_tokens": 40, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 30}}
    reply = read({"model": "m", "choices": [choice], "usage": usage})
    assert isinstance(reply, CompletionResult)
    assert (reply.text, reply.prompt_tokens, reply.cached_tokens, reply.model) == ("Yes", 40, 30, "m")
    assert dict(reply.tokens[0].alternatives) == {"Yes": -0.1, "No": -2.4}


def test_older_completion_lists_are_read() -> None:
    logprobs = {"tokens": [" No"], "token_logprobs": [-0.2], "top_logprobs": [{" No": -0.2, " Yes": -1.7}]}
    reply = read({"choices": [{"text": " No", "logprobs": logprobs}]})
    assert isinstance(reply, CompletionResult)
    assert dict(reply.tokens[0].alternatives) == {" No": -0.2, " Yes": -1.7}


def test_first_echoed_token_has_no_probability() -> None:
    reply = read({"choices": [{"text": "", "logprobs": {"tokens": ["a", "b"], "token_logprobs": [None, -1.0]}}]})
    assert isinstance(reply, CompletionResult)
    assert math.isnan(reply.tokens[0].logprob)
    assert reply.tokens[1].logprob == -1.0


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (200, b"<html>Bad gateway</html>", "garbage", False),
        (200, b'{"choices": [{"te', "garbage", True),
        (200, b"zzz", "garbage", False),
        (200, b"[1]", "garbage", False),
        (200, b"{}", "garbage", False),
        (200, b"", "empty_answer", True),
        (400, b'{"error": {"message": "bad grammar"}}', "http_error", False),
        (400, b'{"error": {"message": "maximum context length is 2048 tokens"}}', "context_too_long", False),
        (401, b"{}", "unauthorized", False),
        (404, b"<h1>Not found</h1>", "http_error", False),
        (302, b"", "http_error", False),
        (429, b"", "rate_limited", True),
        (500, b"\xff\xfe", "http_error", True),
        (503, b'{"error": "loading"}', "http_error", True),
        (504, b"", "timeout", True),
    ],
)
def test_each_trouble_has_its_name(status: int, body: bytes, kind: str, *, retryable: bool) -> None:
    reply = read(body, status)
    assert isinstance(reply, CompletionFailure)
    assert (reply.kind, reply.retryable) == (kind, retryable)
    assert reply.detail


def test_filtered_answer_is_a_refusal() -> None:
    assert _kind(read({"choices": [{"finish_reason": "content_filter"}]})) is UnscoredReason.REFUSED


@pytest.mark.parametrize(
    ("said", "seconds"), [("2", 2.0), ("0.5", 0.5), ("-1", None), ("nan", None), ("Wed, 21 Oct", None), ("1e9", 3600.0)]
)
def test_retry_after_is_a_number_of_seconds(said: str, seconds: float | None) -> None:
    assert read_retry_after({"retry-AFTER": said}) == seconds


def _kind(reply: CompletionResult | CompletionFailure) -> UnscoredReason | None:
    return reply.kind if isinstance(reply, CompletionFailure) else None
