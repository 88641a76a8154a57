"""Locks that the kernel releases when their holder dies, however it dies: flock on small files.

Forked children share their parent's hold; programs that they execute do not.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


def take(path: Path, *, shared: bool = False, patience: float = 0.0) -> int | None:
    """Hold the lock at `path`, waiting up to `patience` seconds; the handle that holds it, or None."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(0.02)
        else:
            return handle


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at `path`, shared or not."""
    if not path.exists():
        return False
    handle = take(path)
    if handle is None:
        return True
    os.close(handle)
    return False


def is_same_file(handle: int, path: Path) -> bool:
    """Whether the handle still is the file at `path` (and not one removed since)."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False
