"""Hard caps on what a run may spend: asked before each case is sent, not after it is paid. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from judge.errors import InputError


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that a run may spend: tokens (prompt and written), money, minutes since its start. None: no cap."""

    max_tokens: int | None = None
    max_cost: float | None = None
    max_minutes: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("tokens", self.max_tokens), ("cost", self.max_cost), ("minutes", self.max_minutes)):
            if value is not None and not value > 0:
                raise InputError(f"a cap of {value:g} {name}", expected="more than 0, or no cap")


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million prompt tokens and for a million written ones."""

    per_million_in: float = 0.0
    per_million_out: float = 0.0

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """
        >>> Price(2.0, 10.0).cost(500_000, 100_000)
        2.0
        """
        return (prompt_tokens * self.per_million_in + completion_tokens * self.per_million_out) / 1e6


@dataclass(slots=True)
class Budget:
    """What one worker may still send of a run.

    A case is sent only if all that was spent, what this worker has under way and this case fit under every cap, each
    case taken at the dearest one seen. Other workers' calls under way are not known here: they may overshoot by those.
    ``n_sent`` is counted by the thread that sends, ``n_back`` and what was spent by the thread that writes.
    """

    caps: Caps
    ends_at: float | None = None  # time.monotonic()
    spent_tokens: int = 0
    spent_cost: float = 0.0
    dearest_tokens: float = 0.0
    dearest_cost: float = 0.0
    n_sent: int = 0
    n_back: int = 0

    def allot[T](self, cases: Iterator[T]) -> Iterator[T]:
        """Cases for as long as the budget lasts; what is left stays in ``cases``."""
        while not self.limit(self.n_sent - self.n_back + 1):
            case = next(cases, None)
            if case is None:
                return
            self.n_sent += 1
            yield case

    def settle(self, *, n_cases: int, tokens: int, cost: float, dearest_tokens: int, dearest_cost: float) -> None:
        """Cases came back and cost this much, the dearest of them that much."""
        self.n_back += n_cases
        self.spent_tokens += tokens
        self.spent_cost += cost
        self.dearest_tokens = max(self.dearest_tokens, dearest_tokens)
        self.dearest_cost = max(self.dearest_cost, dearest_cost)

    def limit(self, n_more: int = 1) -> str:
        """Which cap would be broken by ``n_more`` cases, in words; empty while there is room."""
        caps = self.caps
        tokens = self.spent_tokens + n_more * self.dearest_tokens
        if caps.max_tokens is not None and tokens > caps.max_tokens:
            return f"the cap of {caps.max_tokens:,} tokens is reached: {self.spent_tokens:,} are spent"
        if caps.max_cost is not None and self.spent_cost + n_more * self.dearest_cost > caps.max_cost:
            return f"the cap of {caps.max_cost:,.2f} on cost is reached: {self.spent_cost:,.2f} is spent"
        if self.ends_at is not None and time.monotonic() >= self.ends_at:
            return f"the cap of {caps.max_minutes:g} minutes is reached"
        return ""
