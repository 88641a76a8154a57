"""What every model backend promises, and the part they share: the gate before an endpoint, time limits, retries."""

from __future__ import annotations

import asyncio
import math
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from secrets import SystemRandom
from types import TracebackType
from typing import Protocol, Self

from judge.errors import InputError
from llm_judge.backends.breaker import Breaker
from llm_judge.backends.deadlines import Deadlines
from llm_judge.backends.gate import Gate
from llm_judge.rules.configuration import BackendKind, RaterConfiguration, ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply, UnscoredReason

_chance = SystemRandom()


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself. ``window`` is the longest prompt in tokens, 0 if it does not say; ``served`` the
    names of all its models, none if it does not say; ``versions`` those of all servers where they are several."""

    server: str
    server_version: str
    model: str
    window: int = 0
    rules: frozenset[ScoringRule] = frozenset(ScoringRule)
    served: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Make and version, as a rater's configuration records them."""
        return f"{self.server} {self.server_version}".strip()


class Backend(Protocol):
    """Used as ``async with backend:``. ``complete`` never raises for what a server does: it returns a failure.

    ``trouble`` says in words why nothing can be asked here for a while; it is empty while something can.
    """

    kind: BackendKind
    in_flight: int

    @property
    def trouble(self) -> str: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def inspect(self) -> ServerFacts: ...

    async def complete(self, request: CompletionRequest) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one attempt may take (seconds), how often a call is tried, and how long to wait in between.

    ``deadline`` bounds all attempts of a call and the pauses between them; 0: thrice the time of one attempt, but ten
    seconds at least. Waiting for room is not counted: it is no trouble.
    """

    timeout: float = 60.0
    attempts: int = 4
    first_wait: float = 0.25
    longest_wait: float = 30.0
    deadline: float = 0.0

    @property
    def in_all(self) -> float:
        return self.deadline or max(10.0, 3 * self.timeout)

    def wait(self, failure: CompletionFailure, attempt: int, left: float = math.inf) -> float | None:
        """Seconds before the next attempt, or None to give up: tried enough, useless, or asked to wait too long.

        The time that a server itself asks for comes on top: the gate keeps it, for all calls.
        """
        asked = failure.retry_after or 0.0
        if not failure.retryable or attempt >= self.attempts or asked > self.longest_wait:
            return None
        wait = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1)) * _chance.uniform(0.5, 1.0)
        return wait if wait < left else None


@dataclass(frozen=True, slots=True)
class Refusal(CompletionFailure):
    """The call was not sent: the endpoint rests for longer than calls wait."""

    @property
    def attempts(self) -> int:
        return len(self.retried)


class PatientBackend(ABC):
    """A backend that need only know how to send one request once."""

    kind: BackendKind

    def __init__(self, *, in_flight: int = 8, patience: Patience | None = None) -> None:
        if in_flight < 1:
            raise InputError(f"{in_flight} calls in flight", expected="at least 1")
        self.in_flight = in_flight
        self.patience = patience or Patience()
        breaker = Breaker(first_rest=min(1.0, self.patience.timeout), longest_rest=self.patience.longest_wait)
        self._deadlines = Deadlines()
        self.gate = Gate(in_flight, breaker=breaker, longest_wait=self.patience.longest_wait)

    @property
    def trouble(self) -> str:
        return self.gate.trouble

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
        left = self.patience.in_all
        while True:
            reply = await self.attempt(request, retried, left, is_first=not retried)
            if not isinstance(reply, CompletionFailure):
                return reply
            left -= reply.latency_ms / 1000
            wait = self.patience.wait(reply, reply.attempts, left)
            if wait is None:
                return reply
            retried, left = (*retried, reply.kind), left - wait
            await asyncio.sleep(wait)  # outside of the gate: others may use the room meanwhile

    async def attempt(
        self, request: CompletionRequest, retried: tuple[UnscoredReason, ...], left: float, *, is_first: bool
    ) -> Reply:
        """Ask once, as soon as there is room; ``retried`` are the failures before, ``left`` the seconds that remain."""
        gate = self.gate
        if not gate.try_enter() and not await gate.enter():
            return self._refuse(retried)
        began = time.monotonic()
        try:
            reply = await self._send_in_time(request, len(retried) + 1, min(left, self.patience.timeout))
        except BaseException:
            gate.drop()
            raise
        gate.leave(reply, began=began, is_first=is_first)
        return replace(reply, retried=retried, latency_ms=(time.monotonic() - began) * 1000)

    async def _send_in_time(self, request: CompletionRequest, attempt: int, seconds: float) -> Reply:
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._deadlines.add(limit, seconds)
                return await self.send(request, attempt)
        except TimeoutError:
            detail = f"no answer within {seconds:.3g} seconds"
            return CompletionFailure(UnscoredReason.TIMEOUT, detail, retryable=True)
        finally:
            self._deadlines.drop(limit)

    def _refuse(self, retried: tuple[UnscoredReason, ...]) -> Refusal:
        breaker = self.gate.breaker
        kind = breaker.last.kind if breaker.last else UnscoredReason.UNREACHABLE
        return Refusal(kind, breaker.words, retried=retried)


def check_offer(facts: ServerFacts, rater: RaterConfiguration) -> None:
    """Raise InputError where the server cannot do what the rater's scoring rule needs: before a run, not in it."""
    if rater.scoring_rule not in facts.rules:
        raise InputError(
            f"{facts.server} cannot serve the scoring rule {rater.scoring_rule.value}",
            where=f"model {facts.model or rater.model}",
            expected=", ".join(sorted(rule.value for rule in facts.rules)),
            next_step=""
            if ScoringRule.CHOICE in facts.rules
            else "It gives no log-probabilities. Use sampled, which counts votes.",
        )
