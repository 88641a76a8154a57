"""Parquet in bounded memory, whatever a file claims: a value of megabytes may stand there once and be every row's.

What a file unpacks to, as its own figures say, leaves out that each row repeats its value. So before a row group is
read the longest value of its dictionaries is looked at: where rows could be wide, they are read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

from judge.errors import InputError
from judge.formats.json_text import RefusedJson, find_unstorable, make_storable
from judge.formats.rows import Rejected, Row, excerpt
from judge.formats.streams import LONGEST_LINE
from judge.formats.tabular import open_cell

BATCH = 500
BATCH_BYTES = 32 * 1024 * 1024
#: Longer values in a dictionary have its row group read row by row.
WIDE = 64 * 1024
#: Values of one column in one row group, those of lists counted one by one.
MOST_VALUES = 20_000_000
BATCH_VALUES = 200_000


def read_parquet(source: BinaryIO, *, name: str, max_bytes: int) -> Iterator[Row | Rejected]:
    """Rows in batches; a cell that is null is left out. A file damaged in its middle ends there, and says so."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = unpacked = 0
    try:
        table = pq.ParquetFile(source, buffer_size=1024 * 1024, pre_buffer=False)
        _check_size(table.metadata, name=name, max_bytes=max_bytes)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"not a whole Parquet file: {make_storable(str(error)[:200])}", where=name) from None
    try:
        for group in range(table.num_row_groups):
            for batch in _batches(source, table, group, name):
                unpacked += batch.nbytes
                if unpacked > max_bytes:
                    raise _too_large(name, f"{max_bytes:,} bytes unpacked")
                for values in batch.to_pylist(maps_as_pydicts="strict"):
                    number += 1
                    yield _read_values(number, values)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        yield Rejected(number + 1, f"the file is damaged from here on: {make_storable(str(error)[:200])}", "")


def _check_size(metadata: Any, *, name: str, max_bytes: int) -> None:
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > max_bytes:
        raise _too_large(name, f"{max_bytes:,} bytes unpacked")
    if any(n > MOST_VALUES for group in groups for n in _values(group)):
        raise _too_large(name, f"{MOST_VALUES:,} values of a column in a row group")


def _too_large(name: str, most: str) -> InputError:
    return InputError("the file is too large", where=name, expected=f"at most {most}")


def _values(group: Any) -> list[int]:
    return [group.column(place).num_values for place in range(group.num_columns)]


def _batches(source: BinaryIO, table: Any, group: int, name: str) -> Iterator[Any]:
    facts, longest, size = table.metadata.row_group(group), _longest(source, table, group), 1
    if longest > LONGEST_LINE:
        raise _too_large(name, f"{LONGEST_LINE:,} bytes in a cell")
    if longest <= WIDE:
        fitting = BATCH_BYTES * facts.num_rows // max(facts.total_byte_size, 1)
        few = BATCH_VALUES * facts.num_rows // max(*_values(facts), 1)
        size = max(1, min(BATCH, fitting, few))
    yield from table.iter_batches(batch_size=size, row_groups=[group], use_threads=False)


def _longest(source: BinaryIO, table: Any, group: int) -> int:
    """Bytes of the longest value that a dictionary of the row group holds. Reads one row, and no value but once."""
    import pyarrow.parquet as pq

    facts = table.metadata.row_group(group)
    columns = [facts.column(place) for place in range(facts.num_columns)]
    told = [each.path_in_schema for each in columns if each.physical_type == "BYTE_ARRAY" and each.has_dictionary_page]
    if not told or not facts.num_rows:
        return 0
    probe = pq.ParquetFile(source, read_dictionary=told, buffer_size=1024 * 1024, pre_buffer=False)
    first = next(probe.iter_batches(batch_size=1, row_groups=[group], use_threads=False))
    return max(map(_longest_in, first.columns), default=0)


def _longest_in(array: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.DictionaryArray):
        return int(pc.max(pc.binary_length(array.dictionary)).as_py() or 0)
    if pa.types.is_struct(array.type):
        return max(map(_longest_in, array.flatten()), default=0)
    return _longest_in(array.values) if pa.types.is_nested(array.type) else 0


def _read_values(number: int, values: dict[str, object]) -> Row | Rejected:
    try:
        found = {key: _plain(value) for key, value in values.items() if value is not None}
        data = {key: open_cell(key, value) if isinstance(value, str) else value for key, value in found.items()}
    except (UnicodeDecodeError, RefusedJson, ArithmeticError) as error:
        return Rejected(number, make_storable(str(error)[:200]), excerpt(values))
    if problem := find_unstorable(data) or _find_too_long(data):
        return Rejected(number, problem, excerpt(values))
    return Row(number, data)


def _find_too_long(data: dict[str, object]) -> str:
    for key, value in data.items():
        if isinstance(value, str) and len(value) > LONGEST_LINE:
            return f"{make_storable(key[:80])} is too long (expected: at most {LONGEST_LINE:,} characters)"
    return ""


def _plain(value: object) -> object:
    """A Parquet value as JSON has it: times as ISO 8601, decimals as numbers, bytes as text."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.decode("utf-8") if isinstance(value, bytes) else value
