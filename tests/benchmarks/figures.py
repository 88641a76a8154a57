"""One measured number of ``make bench``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """``target`` is the goal in words; ``baseline`` what it was measured against; ``reason`` why it is not met."""

    name: str
    value: float | None
    unit: str
    target: str
    met: bool
    baseline: str = ""
    reason: str = ""
