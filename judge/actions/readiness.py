"""Whether this process may be sent requests: what /readyz asks."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from judge.actions import queues

_known: set[str] = set()  # the tables of this version were seen: they do not go away while it runs


def missing() -> list[str]:
    """What stands in the way, a line each; nothing when all is well."""
    try:
        lacking = _missing_tables()
    except DatabaseError:
        return ["the database does not answer"]
    found = [f"the database lacks {lacking} migrations of this version"] if lacking else []
    if settings.BROKER_URL and queues.lengths(()) is None:
        found.append("the broker does not answer")
    return found


def _missing_tables() -> int:
    if _known:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return 0
    loader = MigrationLoader(None, ignore_no_migrations=True)
    n = len(set(loader.disk_migrations) - set(MigrationRecorder(connection).applied_migrations()))
    if not n:
        _known.add("tables")
    return n
