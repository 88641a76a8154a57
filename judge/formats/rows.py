"""What a reader of files yields: rows, and what it had to turn away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.formats.json_text import make_storable

EXCERPT_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file; ``number`` is its line (its place, in Parquet), counted from 1.

    ``is_storable``: its reader has made sure that the database can keep it. ``size``: its bytes as JSON without
    spaces, where its reader counted them."""

    number: int
    data: dict[str, object]
    is_storable: bool = field(default=False, compare=False)
    size: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be taken, with the reason and as much of it as helps to mend it."""

    number: int
    problem: str
    raw_excerpt: str


def excerpt(raw: bytes | str | Mapping[str, object]) -> str:
    """The beginning of something rejected, safe to store and to show."""
    if isinstance(raw, bytes):
        text = raw[: 4 * EXCERPT_LENGTH].decode("utf-8", "backslashreplace")
    elif isinstance(raw, str):
        text = raw[: EXCERPT_LENGTH + 1]
    else:
        text = json.dumps(raw, ensure_ascii=False, default=str)
    text = make_storable(text)
    return text if len(text) <= EXCERPT_LENGTH else text[:EXCERPT_LENGTH] + "…"
