"""Rows that come as finished bytes, written on without a look at each: JSON lines, CSV, and Parquet made of CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from judge.formats.writing import CsvWriter, JsonlWriter, ParquetWriter


class JsonLinesWriter(JsonlWriter):
    """Whole JSON lines."""

    def write_lines(self, lines: Sequence[bytes]) -> None:
        self.put(b"".join(lines))
        self.rows += len(lines)


class CsvLinesWriter(CsvWriter):
    """Whole CSV records after a header."""

    def write_lines(self, lines: Sequence[bytes]) -> None:
        self.put(b"".join(lines))
        self.rows += len(lines)


class ParquetLinesWriter(ParquetWriter):
    """CSV records as Parquet: an empty cell is null, a quoted empty one is empty text."""

    def write_lines(self, lines: Sequence[bytes]) -> None:
        from pyarrow import csv

        raw = b"".join(lines)
        found = csv.read_csv(io.BytesIO(raw), **self._csv_options(csv, len(raw)))
        self._table.write_table(found)
        self.rows += len(lines)

    def _csv_options(self, csv: Any, size: int) -> dict[str, Any]:
        types = {field.name: field.type for field in self._schema}
        return {
            "read_options": csv.ReadOptions(use_threads=False, block_size=size + 1, column_names=list(types)),
            "parse_options": csv.ParseOptions(newlines_in_values=True),
            "convert_options": csv.ConvertOptions(
                column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
                true_values=["true"], false_values=["false"], check_utf8=True,
            ),
        }  # fmt: skip
