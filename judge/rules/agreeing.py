"""What an alpha with its interval is worth: Krippendorff's own limits, and what chance would give."""

from __future__ import annotations

from collections.abc import Mapping

#: Krippendorff's own limits: below .667 no conclusion, from .8 a sound one. Near zero is what chance would give.
NOISE, WEAK, SOUND = 0.2, 0.667, 0.8


def is_noise(alpha: Mapping[str, float]) -> bool:
    """Whether people agree hardly more than chance would.

    >>> is_noise({"value": 0.5, "low": 0.3}), is_noise({"value": 0.5, "low": -0.1}), is_noise({"value": 0.1, "low": 0})
    (False, True, True)
    """
    return alpha["value"] < NOISE or alpha["low"] <= 0
