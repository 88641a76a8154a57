"""Statements that a page runs again and again: Postgres parses and plans them once for a connection, Python never
builds them anew. What the ORM costs for each of them is too much for one submit alone:
docs/adr/0022-fixed-statements.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from itertools import groupby
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault
from psycopg import Cursor


def fetch(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement; the rows it gives."""
    with closing(_cursor()) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def fetch_row(statement: str, **values: Any) -> tuple[Any, ...] | None:
    """Run a statement that gives one row, or none."""
    rows = fetch(statement, **values)
    return rows[0] if rows else None


class Columns[M: Model]:
    """Columns of a model as a statement lists them under ``alias``, all or those ``only``, and the row they make.

    >>> from judge.models import Membership
    >>> Columns(Membership, "m", only=("id", "role")).sql
    'm.id, m.role'
    """

    def __init__(self, model: type[M], alias: str, only: Sequence[str] = ()) -> None:
        fields = [each for each in model._meta.concrete_fields if not only or each.attname in only]
        self.model, self.names = model, [each.attname for each in fields]
        self.sql = ", ".join(f"{alias}.{each.column}" for each in fields)
        self._id = self.names.index(model._meta.pk.attname)
        self._read = [
            (place, convert)
            for place, each in enumerate(fields)
            for convert in each.get_db_converters(connection)  # JSON, say
        ]

    def __len__(self) -> int:
        return len(self.names)

    def row(self, values: Sequence[Any]) -> M | None:
        """The model's row of these columns; None where an outer join found none."""
        if values[self._id] is None:
            return None
        columns = list(values)
        for place, convert in self._read:
            columns[place] = convert(columns[place], None, connection)
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, columns)


def split(values: Sequence[Any], *parts: Columns[Any]) -> list[Any]:
    """The rows of ``parts``, which stand one after another at the start of ``values``, and then what is left."""
    found, start = [], 0
    for part in parts:
        found.append(part.row(values[start : start + len(part)]))
        start += len(part)
    return [*found, *values[start:]]


def insert[M: Model](rows: Sequence[M]) -> list[M]:
    """What ``bulk_create`` does for new rows, by one statement for each run of rows that leave the same columns to
    the database; ids and what the database filled in are set on them."""
    for left, run in groupby(rows, key=_left_to_database):
        _insert(list(run), left)
    return list(rows)


def _insert(rows: Sequence[Model], left: tuple[str, ...]) -> None:
    statement, given, returned = _insertion(type(rows[0]), left)
    sent = json.dumps([{name: getattr(row, name) for name in given} for row in rows], default=str)
    for row, values in zip(rows, fetch(statement, rows=sent), strict=True):
        for name, value in zip(returned, values, strict=True):
            setattr(row, name, value)
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@cache
def _insertion(model: type[Model], left: tuple[str, ...]) -> tuple[str, list[str], list[str]]:
    """The statement, the attributes that it takes and those that it gives back."""
    table = model._meta
    given = [each for each in table.concrete_fields if each.attname not in left]
    returned = [each for each in table.concrete_fields if each.attname in left]
    names = ", ".join(str(each.column) for each in given)
    types = ", ".join(f"{each.attname} {each.db_type(connection)}" for each in given)
    values = ", ".join(each.attname for each in given)
    back = ", ".join(str(each.column) for each in returned)
    return (
        f"INSERT INTO {table.db_table} ({names}) SELECT {values} FROM json_to_recordset(%(rows)s) AS new ({types})"  # noqa: S608
        f" RETURNING {back}",
        [each.attname for each in given],
        [each.attname for each in returned],
    )


def _left_to_database(row: Model) -> tuple[str, ...]:
    """Which columns have no value yet: the id, and what has a default in the database."""
    return tuple(
        name for name, value in vars(row).items() if isinstance(value, DatabaseDefault) or (name == "id" and not value)
    )


def _cursor() -> CursorWrapper:
    """A cursor that binds on the server: what Django opens by itself sends each statement as a new text."""
    connection.ensure_connection()
    make: Any = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with connection.wrap_database_errors:
        cursor = Cursor(connection.connection)
    made: CursorWrapper = make(cursor)
    return made
