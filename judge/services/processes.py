"""Processes that we started, told apart from strangers who got the same number later."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # loaded before any fork: a forked child must not load libraries


@dataclass(frozen=True)
class Process:
    """One process for ever: its number, and when it started."""

    pid: int
    started: str

    @classmethod
    def find(cls, pid: int) -> Self:
        """The process that has this number now."""
        return cls(pid, _start_mark(pid))

    def alive(self) -> bool:
        """Whether it still runs; a recycled number and a zombie count as gone."""
        return self.started != "" and _start_mark(self.pid) == self.started

    def send(self, number: int) -> None:
        """Send a signal to this process and never to a later one with its number."""
        if not hasattr(os, "pidfd_open"):
            if self.alive():
                os.kill(self.pid, number)
            return
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive():
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def end(self, *steps: tuple[int, float]) -> bool:
        """Send each (signal, seconds to wait) in turn until it is gone; whether it is gone."""
        for number, patience in steps:
            self.send(number)
            if wait_until(lambda: not self.alive(), patience):
                return True
        return not self.alive()


def wait_until(condition: Callable[[], bool], patience: float, pause: float = 0.02) -> bool:
    """Ask `condition()` again and again for `patience` seconds; whether it came true."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def die_with_parent(parent: int, number: int) -> None:
    """Have the kernel send this process the signal `number` when its parent dies, however it dies (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _start_mark(pid: int) -> str:
    """When the process started, as text that no other process shares; empty when there is none."""
    if sys.platform != "linux":
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
        return shown.stdout.strip()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"
