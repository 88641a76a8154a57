"""Looks at the queue that found nothing and took long: they are not repeated at once.

Where nothing fits a person's terms, the whole queue has to be read to know it, and their page asks again by itself. A
process remembers what came of such a look for a while that grows with what it cost, so that nobody who waits takes
more than a small share of a server.
"""

from __future__ import annotations

import time
from typing import Any

#: Seconds: a quicker look is simply repeated; and the longest rest, after which what came in meanwhile is found.
QUICK, LONGEST = 0.25, 300.0
#: A look that took a second is not repeated for so many seconds.
TIMES = 30.0

#: What was looked for → until when, and what came of it.
_FOUND: dict[tuple[Any, ...], tuple[float, Any]] = {}


def remember(key: tuple[Any, ...], found: Any, *, since: float) -> None:
    """Keep ``found``, if looking for it since ``since`` (``time.monotonic``) took long."""
    now = time.monotonic()
    if took_long(since):
        _FOUND[key] = (now + min(LONGEST, TIMES * (now - since)), found)


def took_long(since: float) -> bool:
    return time.monotonic() - since > QUICK


def recall(key: tuple[Any, ...]) -> Any:
    """What was found a short while ago with much work; None where nothing is remembered."""
    until, found = _FOUND.get(key, (0.0, None))
    if until and until < time.monotonic():
        del _FOUND[key]
        return None
    return found
