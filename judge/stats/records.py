"""Records that several methods return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """``n_hits`` of ``n`` with the ends of its interval at ``confidence``; no share is shown without them."""

    n_hits: int
    n: int
    low: float
    high: float
    confidence: float

    @property
    def value(self) -> float | None:
        """None where nothing was counted."""
        return self.n_hits / self.n if self.n else None
