"""From the body of an HTTP answer to a result or a named failure. It takes anything and never raises."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from llm_judge.rules.records import CompletionFailure, CompletionResult, Reply, TokenChoice, UnscoredReason

_TOO_LONG = (
    "context length",
    "context size",
    "context window",
    "exceed_context_size",
    "context_length_exceeded",
    "max_tokens must be at least 1, got 0",  # vLLM, for a prompt that fills the window to the last token
)
_STATUS_KINDS = {
    401: UnscoredReason.UNAUTHORIZED,
    403: UnscoredReason.UNAUTHORIZED,
    408: UnscoredReason.TIMEOUT,
    429: UnscoredReason.RATE_LIMITED,
    504: UnscoredReason.TIMEOUT,
}
_MAX_RETRY_AFTER = 3600.0


def read_reply(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """What an OpenAI-like server's answer means."""
    answer = read_object(status, headers, body)
    return answer if isinstance(answer, CompletionFailure) else _read_answer(answer)


def read_object(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any] | CompletionFailure:
    """The JSON object that a successful answer holds, or the failure that it is."""
    if status != 200:
        return _read_refusal(status, headers, body)
    try:
        answer = _loads(body)
    except (ValueError, RecursionError):
        return _read_non_json(body)
    return answer if isinstance(answer, dict) else _garbage("the answer is JSON, but no object")


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:  # NaN, half of a surrogate pair: the slower reader takes what some servers write
        return json.loads(body)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, if the server said a number of them (an HTTP date is left to the usual back-off).

    >>> read_retry_after({"Retry-After": "2"}), read_retry_after({"retry-after": "soon"})
    (2.0, None)
    """
    said = next((value for key, value in headers.items() if key.lower() == "retry-after"), "")
    try:
        seconds = float(said)
    except ValueError:
        return None
    return min(seconds, _MAX_RETRY_AFTER) if seconds >= 0 else None


def _read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> CompletionFailure:
    said = _error_text(body)
    if status in (400, 413, 422) and any(mark in said.lower() for mark in _TOO_LONG):
        return CompletionFailure(UnscoredReason.CONTEXT_TOO_LONG, f"the prompt is too long for the model: {said}")
    kind = _STATUS_KINDS.get(status, UnscoredReason.HTTP_ERROR)
    detail = f"the server answered {status}" + (f": {said}" if said else "")
    retryable = status in (408, 425, 429) or status >= 500
    return CompletionFailure(kind, detail, retryable=retryable, retry_after=read_retry_after(headers))


def _error_text(body: bytes) -> str:
    text = body[:4000].decode("utf-8", errors="replace")
    try:
        error = json.loads(body)
        error = error.get("error", error) if isinstance(error, dict) else error
        text = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    except (ValueError, RecursionError):
        pass
    return " ".join(text.split())[:300]


def _read_non_json(body: bytes) -> CompletionFailure:
    start = body[:200].decode("utf-8", errors="replace").strip()
    if not start:
        return CompletionFailure(UnscoredReason.EMPTY_ANSWER, "the server's answer was empty", retryable=True)
    if start.startswith("{"):
        return CompletionFailure(UnscoredReason.GARBAGE, "the answer broke off in the middle", retryable=True)
    if start.startswith("<"):
        return _garbage("the server sent a web page; is the address that of the model server, ending in /v1?")
    return _garbage(f'the answer is not JSON: "{" ".join(start.split())[:60]}"')


def _read_answer(answer: Mapping[str, Any]) -> Reply:
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return _garbage("the answer holds no choices")
    message = choice.get("message")
    said = message if isinstance(message, dict) else {"content": choice.get("text")}
    finish = _text(choice.get("finish_reason"))
    if finish == "content_filter" or said.get("refusal"):
        return CompletionFailure(UnscoredReason.REFUSED, "the server declined to answer (content filter)")
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    details = counts.get("prompt_tokens_details")
    return CompletionResult(
        text=_text(said.get("content")),
        tokens=tuple(_read_tokens(choice.get("logprobs"))),
        prompt_tokens=_count(counts.get("prompt_tokens")),
        completion_tokens=_count(counts.get("completion_tokens")),
        cached_tokens=_count(details.get("cached_tokens")) if isinstance(details, dict) else 0,
        model=_text(answer.get("model")),
        finish_reason=finish,
    )


def _read_tokens(logprobs: Any) -> Iterator[TokenChoice]:
    """Both dialects: ``content: [{token, logprob, top_logprobs}]`` and the older parallel lists."""
    if not isinstance(logprobs, dict):
        return
    content = logprobs.get("content")
    if isinstance(content, list):
        yield from (_token(each) for each in content if isinstance(each, dict))
    elif isinstance(logprobs.get("tokens"), list):
        yield from _read_lists(logprobs)


def _read_lists(logprobs: Mapping[str, Any]) -> Iterator[TokenChoice]:
    tokens = logprobs["tokens"]
    chosen, tops = (_padded(logprobs.get(key), len(tokens)) for key in ("token_logprobs", "top_logprobs"))
    for token, logprob, top in zip(tokens, chosen, tops, strict=True):
        pairs = top.items() if isinstance(top, dict) else ()
        beside = [{"token": each, "logprob": value} for each, value in pairs]
        yield _token({"token": token, "logprob": logprob, "top_logprobs": beside})


def _token(record: Mapping[str, Any]) -> TokenChoice:
    token, logprob = _text(record.get("token")), _number(record.get("logprob"))
    top = record.get("top_logprobs")
    listed = [each for each in top if isinstance(each, dict)] if isinstance(top, list) else []
    pairs = {_text(each.get("token")): _number(each.get("logprob")) for each in reversed(listed)}
    if pairs and not math.isnan(logprob):
        pairs.setdefault(token, logprob)
    return TokenChoice(token, logprob, tuple(pairs.items()))


def _padded(value: Any, length: int) -> list[Any]:
    items = value if isinstance(value, list) else []
    return [*items[:length], *[None] * (length - len(items))]


def _garbage(detail: str) -> CompletionFailure:
    return CompletionFailure(UnscoredReason.GARBAGE, detail)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _number(value: Any) -> float:
    """A log-probability, or NaN for anything that is none."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.nan
