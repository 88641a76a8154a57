"""Sealing the audit log: rows that writers left open get place and hash, in the order in which they came to light.

Writers take no lock for it and ask nothing more than before: a worker seals behind them every few seconds. Their ids
may be of any order, for transactions overlap; a row that is committed late gets a later place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from judge.models import Event, Project, moving
from judge.rules.chain import START, Break, Link, check, compare, digest

#: Rows sealed in one transaction.
BATCH = 2_000
#: Rows sealed at one call: after an upgrade a million may be open, and the worker has other errands.
MOST = 20_000
#: One sealer at a time, for all chains: the second would give the same places again.
LOCK = 0x5EA1_C0DE
COLUMNS = ("position", "id", "project_id", "by_id", "verb", "subject", "data", "created_at", "hash")
SEAL = """
UPDATE judge_event e SET position = s.position, hash = s.hash
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS s (id, position, hash)
WHERE e.id = s.id AND e.hash IS NULL
"""


def seal_all(most: int = MOST) -> int:
    """Seal what is open, ``most`` rows or a few more; returns how many. Where another process is sealing, it is left to
    that one."""
    total = 0
    while total < most and (n := _seal_some(waits=False)):
        total += n
    return total


def catch_up() -> int:
    """As ``seal_all``, but waits for a sealer at work: afterwards every row committed before the call is sealed."""
    total = 0
    while n := _seal_some(waits=True):
        total += n
    return total


@transaction.atomic
def _seal_some(*, waits: bool) -> int:
    if not _lock(waits=waits):
        return 0
    # A statement of its own after the lock: it sees what the sealer before us has committed.
    rows = [_link(row) for row in Event.objects.filter(hash=None).order_by("pk").values_list(*COLUMNS)[:BATCH]]
    if rows:
        _write(list(_chained(rows)))
    return len(rows)


def _lock(*, waits: bool) -> bool:
    with connection.cursor() as cursor:
        name = "pg_advisory_xact_lock" if waits else "pg_try_advisory_xact_lock"
        cursor.execute(f"SELECT {name}(%s)", [LOCK])
        return waits or bool(cursor.fetchone()[0])


def _chained(rows: Iterable[Link]) -> Iterator[tuple[int, int, str]]:
    heads: dict[int | None, tuple[int, str]] = {}
    for row in rows:
        position, previous = heads.get(row.project) or head(row.project)
        sealed = digest(previous, row, position + 1)
        heads[row.project] = position + 1, sealed
        yield row.id, position + 1, sealed


def _write(sealed: list[tuple[int, int, str]]) -> None:
    with moving(Event), connection.cursor() as cursor:
        cursor.execute(SEAL, [list(column) for column in zip(*sealed, strict=True)])


def head(project_id: int | None) -> tuple[int, str]:
    """Position and hash of the last sealed row of a chain; of an empty one 0, and the hash that comes first."""
    last = _chain(project_id).filter(position__isnull=False).order_by("-position").first()
    return (last.position or 0, last.hash or START) if last else (0, START)


def links(project_id: int | None) -> Iterator[Link]:
    """A chain in the order of its positions, as one snapshot, in flat memory. Inside a transaction."""
    found = _chain(project_id).filter(position__isnull=False).order_by("position")
    for row in found.values_list(*COLUMNS).iterator(chunk_size=BATCH):
        yield _link(row)


@transaction.atomic
def breaks(project_id: int | None, known: dict[int, str] | None = None) -> list[Break]:
    """Where a chain does not hold; ``known``: hashes by position that were noted earlier."""
    found = list(check(links(project_id)))
    return found + list(compare(links(project_id), known)) if known else found


def count_open(project_id: int | None) -> int:
    """Rows that wait to be sealed."""
    return _chain(project_id).filter(hash=None).count()


def chains(projects: Iterable[Project]) -> Iterator[tuple[str, int | None]]:
    """Name and project of every chain: the site's own comes first."""
    yield "site", None
    for project in projects:
        yield f"project {project.slug}", project.pk


def lines(project_id: int | None) -> Iterator[bytes]:
    """An export of a chain: a line of JSON for each row. Inside a transaction."""
    for link in links(project_id):
        record = {name: getattr(link, name) for name in Link.__dataclass_fields__}
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _chain(project_id: int | None) -> QuerySet[Event]:
    found: QuerySet[Event] = Event.objects.all()
    return found.filter(project__isnull=True) if project_id is None else found.filter(project_id=project_id)


def _link(row: tuple[Any, ...]) -> Link:
    position, pk, project, by, verb, subject, data, created_at, sealed = row
    return Link(position or 0, pk, project, by, verb, subject, data, _moment(created_at), sealed or "")


def _moment(told: datetime) -> str:
    return told.astimezone(UTC).isoformat(timespec="microseconds")
