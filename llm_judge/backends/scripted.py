"""The shipped fake: a backend without a model. The same request always gets the same answer.

It writes the very bytes a server would send, and they are read by the same code. Faults can be planned, so that
runs, pages and tests meet trouble on purpose.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from itertools import accumulate
from typing import Any

from llm_judge.backends.base import Patience, PatientBackend, ServerFacts
from llm_judge.rules.configuration import BackendKind
from llm_judge.rules.parsing import read_reply
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply, UnscoredReason

VERSION = "1"


class Fault(StrEnum):
    RATE_LIMITED = "rate_limited"  # 429, with Retry-After
    SERVER_ERROR = "server_error"
    RESET = "reset"
    STALL = "stall"  # answers only after the time limit
    HALF_BODY = "half_body"
    HTML = "html"
    GARBAGE = "garbage"
    EMPTY = "empty"
    OFF_MENU = "off_menu"
    NO_LOGPROBS = "no_logprobs"
    TOO_LONG = "too_long"
    UNAUTHORIZED = "unauthorized"


Answerer = Callable[[CompletionRequest], Mapping[str, float]]
FaultPlan = Callable[[CompletionRequest, int], Fault | None]


class ScriptedBackend(PatientBackend):
    """``answerer`` gives each answer word its probability (their sum may stay below 1); default: drawn by hash.

    ``faults`` is asked before each attempt (1, 2, …) which fault to show, if any. ``latency`` in seconds.
    """

    kind = BackendKind.SCRIPTED

    def __init__(
        self,
        *,
        answerer: Answerer | None = None,
        faults: FaultPlan | None = None,
        latency: float = 0.0,
        seed: int = 0,
        in_flight: int = 64,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(in_flight=in_flight, patience=patience)
        self.answerer = answerer or (lambda request: draw_probabilities(request, seed))
        self.faults = faults or (lambda request, attempt: None)
        self.latency = latency

    async def inspect(self) -> ServerFacts:
        return ServerFacts(server="scripted", server_version=VERSION, model="scripted")

    async def send(self, request: CompletionRequest, attempt: int) -> Reply:
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self.faults(request, attempt)
        if fault is Fault.STALL:
            await asyncio.sleep(self.patience.timeout + 1)
        if fault is Fault.RESET:
            return CompletionFailure(UnscoredReason.UNREACHABLE, "the connection was reset", retryable=True)
        return read_reply(*write_reply(request, fault, self.answerer))


def fail_first(times: int, fault: Fault) -> FaultPlan:
    """Every request fails this many times, then succeeds."""
    return lambda request, attempt: fault if attempt <= times else None


def fail_share(share: float, *faults: Fault, seed: int = 0) -> FaultPlan:
    """This share of all attempts fails, drawn by hash, each with one of the faults."""

    def plan(request: CompletionRequest, attempt: int) -> Fault | None:
        drawn = draw(request, seed, f"fault {attempt}")
        return faults[int(drawn / share * len(faults))] if drawn < share else None

    return plan


def draw(request: CompletionRequest, seed: int, name: str) -> float:
    """A number in [0, 1) that only these three decide."""
    canonical = json.dumps([seed, name, request.as_record()], sort_keys=True)
    return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:7]) / 2**56


def draw_probabilities(request: CompletionRequest, seed: int) -> dict[str, float]:
    """Probabilities for the answer words by hash, with up to a tenth of the mass outside them.

    Votes on one question are drawn from the same probabilities: their seed only draws the vote.
    """
    if request.temperature > 0:
        request = replace(request, seed=None)
    weights = {word: -math.log(1.0 - draw(request, seed, word)) + 1e-9 for word in request.answers}
    inside = 1.0 - 0.1 * draw(request, seed, "outside")
    return {word: inside * weight / math.fsum(weights.values()) for word, weight in weights.items()}


def write_reply(
    request: CompletionRequest, fault: Fault | None, answerer: Answerer
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body as a server would send them, with the fault in them."""
    if fault in _REFUSALS:
        status, headers, message = _REFUSALS[fault]
        return status, headers, json.dumps({"error": {"message": message, "code": status}}).encode()
    if fault in _BODIES:
        return 200, {}, _BODIES[fault]
    body = json.dumps(_write_answer(request, fault, answerer)).encode()
    return 200, {}, body[: len(body) // 2] if fault is Fault.HALF_BODY else body


_REFUSALS: Mapping[Fault | None, tuple[int, dict[str, str], str]] = {
    Fault.RATE_LIMITED: (429, {"Retry-After": "0.01"}, "too many requests"),
    Fault.SERVER_ERROR: (500, {}, "internal error"),
    Fault.TOO_LONG: (400, {}, "request (9000 tokens) exceeds the available context size (4096 tokens)"),
    Fault.UNAUTHORIZED: (401, {}, "invalid key"),
}
_BODIES: Mapping[Fault | None, bytes] = {
    Fault.HTML: b"<!doctype html><title>Bad gateway</title>",
    Fault.GARBAGE: b"\xff\xfe zzz",
    Fault.EMPTY: b"",
}


def _write_answer(request: CompletionRequest, fault: Fault | None, answerer: Answerer) -> dict[str, Any]:
    if request.forced:
        content = [_write_weight(request, index, word) for index, word in enumerate(request.forced.split())]
        text = request.forced
    else:
        probabilities = answerer(request)
        text = _pick(request, probabilities) if request.answers else _write_reasons(request)
        content = [_write_token(text, probabilities)]
    if fault is Fault.OFF_MENU:
        text = "perhaps"
    is_bare = fault is Fault.NO_LOGPROBS or not request.top_logprobs
    logprobs = None if is_bare else {"content": content}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "logprobs": logprobs}
    choice |= {"message": {"role": "assistant", "content": text}} if request.messages else {"text": text}
    return {"model": "scripted", "choices": [choice], "usage": _count_usage(request, len(content))}


def _pick(request: CompletionRequest, probabilities: Mapping[str, float]) -> str:
    """The likeliest word; at a temperature, one drawn by hash with these probabilities."""
    if request.temperature <= 0:
        return max(probabilities, key=lambda word: probabilities[word], default="")
    drawn = draw(request, 0, "vote") * math.fsum(probabilities.values())
    reached = accumulate(probabilities.values())
    return next((word for word, mark in zip(probabilities, reached, strict=True) if drawn < mark), "")


def _write_reasons(request: CompletionRequest) -> str:
    return f"No model gave these reasons: they are drawn by hash ({draw(request, 0, 'reasons'):.4f})."


def _write_token(text: str, probabilities: Mapping[str, float]) -> dict[str, Any]:
    beside = [{"token": word, "logprob": _log(share)} for word, share in probabilities.items()]
    rest = 1.0 - math.fsum(probabilities.values())
    beside.append({"token": "\n", "logprob": _log(rest)})
    return {"token": text, "logprob": _log(probabilities.get(text, 0.0)), "top_logprobs": beside}


def _write_weight(request: CompletionRequest, index: int, word: str) -> dict[str, Any]:
    return {"token": f" {word}", "logprob": _log(draw(request, 0, f"token {index}")), "top_logprobs": []}


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -9999.0  # as vLLM writes it


def _count_usage(request: CompletionRequest, generated: int) -> dict[str, int]:
    text = request.prompt or " ".join(each.content for each in request.messages)
    return {"prompt_tokens": max(1, len(text) // 4), "completion_tokens": generated}
