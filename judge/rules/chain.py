"""The chain of the audit log: each row's hash covers the row and the hash before it, so that no row changes, leaves or
moves without a trace.

::

    hash = SHA-256( previous hash + "\\n" + row as JSON ),  the first previous hash being 64 zeros

The row's JSON has the keys of :class:`Link` but ``hash``, sorted, without spaces, in ASCII. Whoever can write the
database can still rewrite the whole chain from some row on; what shows it is a hash that was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

START = "0" * 64
#: How far around its place a row that does not fit is looked for.
NEAR = 4


@dataclass(frozen=True, slots=True)
class Link:
    """One sealed row. ``created_at`` is UTC in ISO 8601 with microseconds."""

    position: int
    id: int
    project: int | None
    by: int | None
    verb: str
    subject: str
    data: Mapping[str, Any]
    created_at: str
    hash: str = ""


class Fault(StrEnum):
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    UNKNOWN = "rewritten"


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold: ``position``, and the row that stands there (none where it was removed)."""

    fault: Fault
    position: int
    id: int | None = None
    detail: str = ""


def digest(previous: str, link: Link, position: int | None = None) -> str:
    """The hash that ``link`` must have after ``previous`` (at ``position``, if it is to be tried elsewhere).

    >>> link = Link(1, 7, None, None, "endpoint added", "endpoint:1", {}, "2026-01-01T00:00:00.000000+00:00")
    >>> digest(START, link)[:16]
    'd89719f7f32c5232'
    """
    row = {
        "position": position or link.position, "id": link.id, "project": link.project, "by": link.by,
        "verb": link.verb, "subject": link.subject, "data": link.data, "created_at": link.created_at,
    }  # fmt: skip
    text = json.dumps(row, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def check(links: Iterable[Link]) -> Iterator[Break]:
    """Every place at which the chain, given in the order of positions, does not hold.

    A row is judged by the hash that stands before it, so one changed row is one break. Of a row that does not fit it is
    told where nearby it was sealed; one that fits nowhere is called changed.
    """
    previous, expected = START, 1
    for link, near in _with_neighbours(links):
        if link.position > expected:
            last = "" if link.position == expected + 1 else f" to {link.position - 1}"
            yield Break(Fault.REMOVED, expected, detail=f"no row stands at {expected}{last}")
        elif digest(previous, link) != link.hash:
            yield _explain(link, near)
        previous, expected = link.hash, link.position + 1


def _with_neighbours(links: Iterable[Link]) -> Iterator[tuple[Link, deque[Link]]]:
    """Each link with those around it, itself among them."""
    rest = iter(links)
    around, ahead = deque[Link](islice(rest, NEAR), maxlen=2 * NEAR), deque[Link]()
    ahead.extend(around)
    while ahead:
        if (following := next(rest, None)) is not None:
            ahead.append(following)
            around.append(following)
        yield ahead.popleft(), around


def _explain(link: Link, near: Iterable[Link]) -> Break:
    """Whether the row has its hash from another place nearby."""
    places = range(max(1, link.position - NEAR), link.position + NEAR + 1)
    for hash_before in (START, *(each.hash for each in near)):
        for position in places:
            if digest(hash_before, link, position) == link.hash:
                here = position == link.position
                told = "another row stood before it" if here else f"it was sealed at position {position}"
                return Break(Fault.MOVED, link.position, link.id, told)
    return Break(Fault.CHANGED, link.position, link.id, "its hash does not follow from it and the row before it")


def compare(links: Iterable[Link], known: Mapping[int, str]) -> Iterator[Break]:
    """Positions at which another hash was noted earlier (an export kept elsewhere) than stands there now."""
    missing = dict(known)
    for link in links:
        noted = missing.pop(link.position, link.hash)
        if noted != link.hash:
            yield Break(Fault.UNKNOWN, link.position, link.id, f"its hash was {noted[:16]}… when it was noted")
    if missing:
        yield Break(Fault.REMOVED, min(missing), detail=f"{len(missing)} rows that were noted are gone")
