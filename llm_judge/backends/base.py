"""What every model backend promises, and the part they share: a bound on calls in flight, time limits, retries."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from secrets import SystemRandom
from types import TracebackType
from typing import Protocol, Self

from judge.errors import InputError
from llm_judge.rules.configuration import BackendKind, RaterConfiguration, ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply, UnscoredReason

_chance = SystemRandom()


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself. ``window`` is the longest prompt in tokens, 0 if it does not say."""

    server: str
    server_version: str
    model: str
    window: int = 0
    rules: frozenset[ScoringRule] = frozenset(ScoringRule)


class Backend(Protocol):
    """Used as ``async with backend:``. ``complete`` never raises for what a server does: it returns a failure."""

    kind: BackendKind
    in_flight: int

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def inspect(self) -> ServerFacts: ...

    async def complete(self, request: CompletionRequest) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take (seconds), how often it is tried, and how long to wait in between."""

    timeout: float = 60.0
    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 30.0

    def wait(self, failure: CompletionFailure, attempt: int) -> float | None:
        """Seconds before the next attempt, or None to give up: tried enough, useless, or asked to wait too long."""
        if not failure.retryable or attempt >= self.attempts or (failure.retry_after or 0.0) > self.longest_wait:
            return None
        grown = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return (failure.retry_after or 0.0) + grown * _chance.uniform(0.5, 1.0)


class PatientBackend(ABC):
    """A backend that need only know how to send one request once."""

    kind: BackendKind

    def __init__(self, *, in_flight: int = 8, patience: Patience | None = None) -> None:
        if in_flight < 1:
            raise InputError(f"{in_flight} calls in flight", expected="at least 1")
        self.in_flight = in_flight
        self.patience = patience or Patience()
        self._gate = asyncio.Semaphore(in_flight)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    @abstractmethod
    async def inspect(self) -> ServerFacts: ...

    @abstractmethod
    async def send(self, request: CompletionRequest, attempt: int) -> Reply:
        """Ask once. Failures are returned, not raised."""

    async def complete(self, request: CompletionRequest) -> Reply:
        """Ask, and ask again where that may help. The reply names every failure that came before it."""
        retried: tuple[UnscoredReason, ...] = ()
        async with self._gate:  # held while waiting too: a server in trouble gets fewer calls
            while True:
                reply = replace(await self._send_in_time(request, len(retried) + 1), retried=retried)
                if not isinstance(reply, CompletionFailure):
                    return reply
                wait = self.patience.wait(reply, reply.attempts)
                if wait is None:
                    return reply
                retried = (*retried, reply.kind)
                await asyncio.sleep(wait)

    async def _send_in_time(self, request: CompletionRequest, attempt: int) -> Reply:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.patience.timeout):
                reply = await self.send(request, attempt)
        except TimeoutError:
            detail = f"no answer within {self.patience.timeout:g} seconds"
            reply = CompletionFailure(UnscoredReason.TIMEOUT, detail, retryable=True)
        return replace(reply, latency_ms=(time.monotonic() - started) * 1000)


def check_offer(facts: ServerFacts, rater: RaterConfiguration) -> None:
    """Raise InputError where the server cannot do what the rater's scoring rule needs: before a run, not in it."""
    if rater.scoring_rule not in facts.rules:
        raise InputError(
            f"{facts.server} cannot serve the scoring rule {rater.scoring_rule.value}",
            where=f"model {facts.model or rater.model}",
            expected=", ".join(sorted(rule.value for rule in facts.rules)),
        )
