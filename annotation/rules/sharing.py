"""How evenly work is shared. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def equal_people(loads: Sequence[float]) -> float | None:
    """Among how many people, each doing the same, work would be shared as unevenly as it is: (Σx)² / Σx², the inverse
    of Simpson's index. All of them where loads are equal, 1 where one person does everything; None without work.

    >>> equal_people([10, 10, 10, 10]), equal_people([40, 0, 0, 0]), equal_people([30, 10])
    (4.0, 1.0, 1.6)
    """
    squares = sum(load * load for load in loads)
    return sum(loads) ** 2 / squares if squares else None
