"""Copies of an output in which one thing is changed that should not matter. Pure."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

#: Words that say nothing of the output's worth, by language; English for every other.
PADDING = {
    "en": " Taken as a whole, this is what it comes to, everything considered and all things being equal.",
    "zh": "总的来说，综合考虑各方面的情况，大致就是上面所说的这些内容。",
}


def pad(output: Any, language: str) -> Any | None:
    """The output with words that say nothing behind its longest text; None where it holds no text.

    >>> pad({"Item Tag": "tent", "Reason": "likes tents"}, "en")["Reason"].startswith("likes tents Taken")
    True
    """
    path = _longest(output)
    words = PADDING.get(language[:2].lower(), PADDING["en"])
    return None if path is None else _changed(output, path, lambda text: text.rstrip() + words)


def swap(output: Any, brand: str, other: str) -> Any | None:
    """The output with ``other`` wherever it names ``brand``; None where it does not.

    >>> swap({"Tag": "Acme tent", "Reason": "saw Acme"}, "Acme", "Bergo")
    {'Tag': 'Bergo tent', 'Reason': 'saw Bergo'}
    >>> swap("tent", "Acme", "Bergo") is None
    True
    """
    if not brand or brand == other:
        return None
    changed = _everywhere(output, lambda text: text.replace(brand, other))
    return None if changed == output else changed


def _longest(output: Any) -> tuple[Any, ...] | None:
    """Where the longest text stands."""
    found = [(len(text), path) for path, text in _texts(output, ()) if text.strip()]
    return max(found, key=lambda told: told[0])[1] if found else None


def _texts(value: Any, path: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        return [(path, value)]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inner for found in _texts(each, (*path, key))]


def _changed(output: Any, path: tuple[Any, ...], change: Callable[[str], str]) -> Any:
    if not path:
        return change(output)
    whole = copy.deepcopy(output)
    at = whole
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = change(at[path[-1]])
    return whole


def _everywhere(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _everywhere(each, change) for key, each in value.items()}
    return [_everywhere(each, change) for each in value] if isinstance(value, list) else value
