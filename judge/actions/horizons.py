"""How far one may read a growing table by id without passing over a row that comes to light later.

A row takes its id before it is committed, so ids do not appear in order. Whoever pages by "after this id" would miss
the one that was slower. A page therefore ends at an id below which nothing is under way any more.
"""

from __future__ import annotations

import time

from django.db.models import Model

from judge.actions import bulk

#: Seconds that a reader waits for writers that are under way, and between two looks.
PATIENCE, LOOK_EVERY = 0.5, 0.01
#: Table → an id up to which everything is decided for good, as this process saw it last.
_settled: dict[str, int] = {}

LAST = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%(table)s, 'id')::regclass), 0)"

#: Whoever inserts holds this lock until the end of the transaction, and takes it before the id.
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = %(table)s::regclass AND mode = 'RowExclusiveLock' AND granted
  AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def settled(model: type[Model]) -> int:
    """An id up to which every row of ``model`` is committed or never will be.

    Writers that hold a lock now may still fill a gap; whoever comes later gets a higher id. We wait a moment for those
    to end, and behind one that takes longer (a large import) fall back to what was settled before.
    """
    table = model._meta.db_table
    last: int = bulk.execute(LAST, table=table)[0][0]
    deadline, known = time.monotonic() + PATIENCE, _settled.get(table, 0)
    writers = _writers(table) if last != known else set()
    while writers and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        writers &= _writers(table)
    if writers:
        return min(known, last)
    _settled[table] = max(known, last)
    return last


def _writers(table: str) -> set[str]:
    return {name for (name,) in bulk.execute(WRITERS, table=table)}
