"""Tables: CSV (comma, semicolon or tab). Cells of context, output and meta may hold JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from judge.errors import InputError
from judge.formats.json_text import NotJson, RefusedJson, decode, find_unstorable, make_storable
from judge.formats.rows import Rejected, Row, excerpt
from judge.formats.streams import LONGEST_LINE, BoundedStream, read_lines

JSON_COLUMNS = frozenset({"context", "output", "meta", "probs"})
LONGEST_RECORD = 2 * LONGEST_LINE  # bytes of one CSV record over all its lines
MOST_COLUMNS = 1_000


class _Unreadable(Exception):
    """A line that must not reach the CSV parser."""


class _Feeder:
    """Decoded lines for ``csv.reader``, which keeps no count of bytes and no copy of what it was given."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._lines = read_lines(stream)
        self.number, self.first, self.size = 0, 0, 0
        self.raw = b""

    def __iter__(self) -> _Feeder:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number = line.number
        self.size += len(line.raw) + 1
        if not self.first:
            self.first, self.raw = line.number, line.raw[:10_000]
        if line.too_long or self.size > LONGEST_RECORD:
            what, most = ("line", LONGEST_LINE) if line.too_long else ("row", LONGEST_RECORD)
            raise _Unreadable(f"the {what} is too long (expected: at most {most:,} bytes)")
        try:
            return line.raw.decode("utf-8") + "\n"
        except UnicodeDecodeError as error:
            raise _Unreadable(f"not UTF-8 text: byte {error.start + 1} of line {line.number}") from None

    def start_record(self) -> None:
        self.first, self.size, self.raw = 0, 0, b""


def read_csv(stream: io.BufferedReader, bound: BoundedStream, *, name: str) -> Iterator[Row | Rejected]:
    """Rows by the names in the first line; empty cells are left out."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_RECORD))  # the default of 128 KB is below a context
    first = stream.peek(LONGEST_LINE).split(b"\n", 1)[0]
    feeder = _Feeder(stream)
    reader = csv.reader(feeder, delimiter=_find_delimiter(first), strict=True)
    columns = _read_header(reader, name)
    while True:
        feeder.start_record()
        try:
            cells = next(reader)
        except StopIteration:
            break
        except (csv.Error, _Unreadable) as error:
            yield Rejected(feeder.first, _explain(error, feeder), excerpt(feeder.raw))
            continue
        if any(cells):
            yield _read_record(columns, cells, feeder)
    if bound.damage:
        yield Rejected(feeder.number + 1, bound.damage, "")


def _find_delimiter(first_line: bytes) -> str:
    return max(",;\t", key=lambda each: first_line.count(each.encode()))


def _read_header(reader: Iterator[list[str]], name: str) -> list[str]:
    try:
        columns = [column.strip() for column in next(reader)]
    except (StopIteration, csv.Error, _Unreadable) as error:
        raise InputError(f"no header: {error}", where=f"{name} line 1", expected="the names of the columns") from None
    named = [column for column in columns if column]
    if len(columns) > MOST_COLUMNS:
        problem = f"the header names {len(columns):,} columns"
        raise InputError(problem, where=f"{name} line 1", expected=f"at most {MOST_COLUMNS:,}")
    doubled = {column for column in named if named.count(column) > 1}
    if doubled or not named:
        problem = f'two columns are named "{make_storable(min(doubled)[:80])}"' if doubled else "the header is empty"
        raise InputError(problem, where=f"{name} line 1", expected="a name of its own for each column")
    return columns


def _read_record(columns: list[str], cells: list[str], feeder: _Feeder) -> Row | Rejected:
    if len(cells) != len(columns) or any(cell and not column for column, cell in zip(columns, cells, strict=False)):
        problem = f"{len(cells)} cells (expected: {len(columns)}, one for each named column)"
        return Rejected(feeder.first, problem, excerpt(feeder.raw))
    try:
        data = {column: open_cell(column, cell) for column, cell in zip(columns, cells, strict=True) if cell}
    except RefusedJson as error:
        return Rejected(feeder.first, str(error), excerpt(feeder.raw))
    if problem := find_unstorable(data):
        return Rejected(feeder.first, problem, excerpt(feeder.raw))
    return Row(feeder.first, data)


def open_cell(column: str, cell: str) -> object:
    if column not in JSON_COLUMNS or cell.lstrip()[:1] not in ("{", "["):
        return cell
    try:
        return decode(cell)
    except NotJson:
        return cell  # a sentence that starts with a bracket
    except RefusedJson as error:
        raise RefusedJson(f"{column}: {error}") from None


def _explain(error: Exception, feeder: _Feeder) -> str:
    if isinstance(error, _Unreadable):
        return str(error)
    lines = f"lines {feeder.first} to {feeder.number}" if feeder.number > feeder.first else "the line"
    return f"not CSV: {error}; {lines} could not be read (expected: quotes inside a quoted cell written twice)"
