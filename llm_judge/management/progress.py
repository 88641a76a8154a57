"""The line that shows a run's progress (rewritten on a terminal, now and then a new one in a log), and Ctrl-C."""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from types import FrameType
from typing import Self

from django.core.management.base import OutputWrapper

from llm_judge.actions.sittings import Progress

LOG_SECONDS, SCREEN_SECONDS = 15.0, 0.2


class StopSign:
    """Turns the first Ctrl-C into a wish to stop between two chunks; a second one interrupts at once.

    An interrupt in the middle of a transaction would leave the connection of no use for a last word.
    """

    def __init__(self) -> None:
        self.is_seen = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._see)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _see(self, number: int, frame: FrameType | None) -> None:
        self.is_seen = True
        signal.signal(signal.SIGINT, self._before)


class ProgressLine:
    """Shows rate, time left and unscored answers."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out, self._started, self._shown = out, time.monotonic(), 0.0
        self._is_screen = out.isatty()
        self._first: int | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def show(self, progress: Progress) -> None:
        if self._first is None:
            self._first = progress.n_done
        now = time.monotonic()
        if now - self._shown < (SCREEN_SECONDS if self._is_screen else LOG_SECONDS):
            return
        self._shown = now
        text = describe(progress, progress.n_done - self._first, self.seconds)
        self._out.write(f"\r\x1b[K{text}" if self._is_screen else text, ending="" if self._is_screen else "\n")
        self._out.flush()

    def end(self) -> None:
        if self._is_screen:
            self._out.write("")


def describe(progress: Progress, n_new: int, seconds: float) -> str:
    """``120 of 600 judged (20 %), 75 a minute, 6:24 left, 2 unscored``"""
    run = progress.run
    parts = [f"{progress.n_done} of {run.n_planned} judged ({run.share_done:.0%})"]
    if n_new and seconds > 0:
        rate = n_new / seconds
        left = timedelta(seconds=round(max(0, run.n_planned - progress.n_done) / rate))
        parts += [f"{60 * rate:,.0f} a minute", f"{left} left"]
    parts.append(f"{progress.n_unscored} unscored")
    if progress.trouble:
        parts.append(progress.trouble)
    return ", ".join(parts)
