"""What the judge spares people, and how long cases wait: from the counts of judge.actions.whereabouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SECONDS_AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Savings:
    """Hours of people's time: labels that stand on the judge's word alone × the median seconds of an answer."""

    n_accepted: int
    n_timed: int
    hours: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Queue:
    """Cases that wait for people: since when the oldest waits, and since when half of them."""

    n: int
    oldest: datetime
    middle: datetime


def hours_saved(figures: Mapping[str, Any], n_accepted: int) -> Savings | None:
    """None where no answer was timed: then nobody knows what one takes."""
    seconds = figures.get("seconds", {})
    if not seconds.get("n"):
        return None
    hours = [n_accepted * seconds[name] / SECONDS_AN_HOUR for name in ("median", "low", "high")]
    return Savings(n_accepted, seconds["n"], *hours)


def queue(figures: Mapping[str, Any]) -> Queue | None:
    """None where nothing waits."""
    told = figures.get("queue", {})
    if not told.get("n"):
        return None
    return Queue(told["n"], datetime.fromisoformat(told["oldest"]), datetime.fromisoformat(told["middle"]))
