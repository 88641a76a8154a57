"""The rows of ``labels`` as Postgres writes them itself: a million rows pass through without becoming Python objects.

JSON lines come as finished lines; tables come as CSV, which goes on as it is or becomes Parquet batch by batch. What a
row holds is said once, in judge.actions.export_sql.LABELS_COLUMNS.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from judge.actions import export_sql
from judge.actions.export_scope import Scope
from judge.actions.export_sql import LABELS_COLUMNS
from judge.formats.training import LABELS_COLUMNS as TYPES

#: Lines handed on at a time: whichever comes first.
LINES, BYTES = 20_000, 8 * 1024 * 1024
#: CSV whose quote and delimiter no JSON text can hold: a line of it is the text as it is.
BARE = r"(FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', ESCAPE E'\x01')"
#: judge.formats.writing.FORMULA_STARTS, in SQL.
FORMULA_STARTS = r"'=', '+', '-', '@', E'\t', E'\r'"


def json_lines(scope: Scope, split: str | None) -> Iterator[list[bytes]]:
    """The rows of a split as finished lines, some thousand at a time."""
    return _portions(_json_row(), scope, split, BARE)


def csv_lines(scope: Scope, split: str | None, *, is_for_people: bool) -> Iterator[list[bytes]]:
    """The rows as CSV, without a header. ``is_for_people``: what a spreadsheet would run gets an apostrophe."""
    cells = [_cell(name, is_for_people) for name in LABELS_COLUMNS]
    return _portions(", ".join(cells), scope, split, "(FORMAT csv)")


def _portions(select: str, scope: Scope, split: str | None, form: str) -> Iterator[list[bytes]]:
    rows = export_sql.labels(select, "WHERE e.split IS NOT DISTINCT FROM %(split)s")
    query = f"COPY ({rows}) TO STDOUT {form}"
    with connection.cursor() as cursor, cursor.copy(query, {**scope.parameters, "split": split}) as copy:
        lines: list[bytes] = []
        size = 0
        for line in copy:
            lines.append(bytes(line))
            size += len(line)
            if len(lines) >= LINES or size >= BYTES:
                yield lines
                lines, size = [], 0
        if lines:
            yield lines


def _json_row() -> str:
    parts = [f"""'"{name}": ' || {_json_value(source, TYPES[name])}""" for name, source in LABELS_COLUMNS.items()]
    return "'{' || " + " || ', ' || ".join(parts) + " || '}'"


def _json_value(source: str, kind: str) -> str:
    """A value as Python's json writes it: 1.0 keeps its point, so that a column has one type in all files."""
    if kind == "text":
        written = f"to_json(({source})::text)::text"
    elif kind == "float":
        is_whole = f"{source} = floor({source})"
        written = f"CASE WHEN {is_whole} THEN ({source})::bigint::text || '.0' ELSE ({source})::text END"
    else:
        written = f"({source})::text"
    return f"coalesce({written}, 'null')"


def _cell(name: str, is_for_people: bool) -> str:
    """A value for a table: text stands as it is, also where it is stored as JSON; objects and lists are JSON."""
    source, kind = LABELS_COLUMNS[name], TYPES[name]
    if kind in ("int", "float"):
        return source
    text = f"({source})::text"
    if name in ("context", "output"):
        text = f"CASE WHEN json_typeof({source}) = 'string' THEN {source} #>> '{{}}' ELSE {text} END"
    if kind == "bool" or not is_for_people:
        return text
    return f"CASE WHEN left({text}, 1) IN ({FORMULA_STARTS}) THEN '''' || ({text}) ELSE {text} END"
