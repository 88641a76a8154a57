"""Time limits for many calls at once, with one timer: a timer for each would cost more than the rest of our work."""

from __future__ import annotations

import asyncio
import math


class Deadlines:
    """Used from one event loop at a time."""

    def __init__(self) -> None:
        self._due: dict[asyncio.Timeout, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = math.inf

    def add(self, limit: asyncio.Timeout, seconds: float) -> None:
        """Let ``limit``, an ``asyncio.timeout(None)`` that was entered, run out in so many seconds."""
        loop = asyncio.get_running_loop()
        when = self._due[limit] = loop.time() + seconds
        if when < self._wakes_at or loop is not self._loop:
            self._arm(loop, when)

    def drop(self, limit: asyncio.Timeout) -> None:
        """The call came to its end."""
        self._due.pop(limit, None)

    def _arm(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop, self._timer, self._wakes_at = loop, loop.call_at(when, self._look), when

    def _look(self) -> None:
        """End what is overdue, then sleep until the next call may be."""
        loop = asyncio.get_running_loop()
        now, self._timer, self._wakes_at = loop.time(), None, math.inf
        for limit in [limit for limit, when in self._due.items() if when <= now]:
            self.drop(limit)
            limit.reschedule(now)
        if self._due:
            self._arm(loop, min(self._due.values()))
