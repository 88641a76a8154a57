"""When a person is asked something whose answer is known, and what their answers say of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

#: An answer is asked for again after so long at the earliest: sooner it would be remembered.
REPEAT_AFTER = timedelta(days=3)
#: Gold answers before anybody is paused, and how many of the latest count.
LEAST_GOLD, LATEST_GOLD = 8, 50
#: An item that was answered in less time than this cannot have been read.
LEAST_MS = 2_000
#: ... nor one answered in less than this share of the person's own usual time for the criterion,
FAST_SHARE = 1 / 3
#: which is the median of at least so many answers.
LEAST_TIMED = 20


def drawn[K](number: float, rates: Mapping[K, float]) -> K | None:
    """Which of several rare things happens for a uniform ``number`` in [0, 1); mostly none of them.

    >>> [drawn(number, {"gold": .1, "repeat": .05}) for number in (.05, .12, .5)]
    ['gold', 'repeat', None]
    """
    for key, rate in rates.items():
        if number < rate:
            return key
        number -= rate
    return None


def is_below(upper: float, n: int, limit: float) -> bool:
    """Whether gold answers say that a person is worse than ``limit``: enough of them, and ``upper``, the upper end of
    the interval of their share right, lies below it. Bad luck alone then pauses few.

    >>> is_below(.69, 8, .7), is_below(.69, 7, .7), is_below(.72, 8, .7)
    (True, False, False)
    """
    return n >= LEAST_GOLD and upper < limit


def is_fast(item_ms: int | None, usual_ms: Mapping[int, float], criteria: Mapping[int, int]) -> bool:
    """Whether an item was answered too fast to have been read: under two seconds, or under a third of the person's
    usual time. ``criteria``: criterion → how many cases of it the item asked; time is shared evenly among them all.

    >>> is_fast(1_900, {}, {1: 1}), is_fast(5_000, {}, {1: 1}), is_fast(5_000, {1: 16_000.0}, {1: 1})
    (True, False, True)
    >>> is_fast(5_000, {1: 16_000.0}, {1: 1, 2: 1})  # nothing is known of criterion 2
    False
    """
    if item_ms is None or not criteria:
        return False
    if item_ms < LEAST_MS:
        return True
    if not set(criteria) <= set(usual_ms):
        return False
    return item_ms < FAST_SHARE * sum(usual_ms[each] * n for each, n in criteria.items())
