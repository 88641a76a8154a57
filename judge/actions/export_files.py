"""The files of one export: one for each split, none under its name before all are whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.actions import export_rows, export_tables
from judge.actions.export_scope import Scope, Tally
from judge.errors import InputError
from judge.formats import training
from judge.formats.batches import CsvLinesWriter, JsonLinesWriter, ParquetLinesWriter
from judge.formats.writing import AtomicFile, CsvWriter, JsonlWriter, ParquetWriter

KINDS = ("jsonl", "csv", "parquet")
#: Rows between two words about progress.
EVERY = 20_000

type Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Files:
    """Open files by split; the key is None where there is no split."""

    by_split: Mapping[str | None, Any]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.by_split.values())

    def seal(self) -> None:
        for file in self.by_split.values():
            file.seal()

    def facts(self) -> list[dict[str, Any]]:
        """Name, split, rows, bytes and sha256 of each; known once they are sealed."""
        return [
            {"name": file.path.name, "split": split, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
            for split, file in self.by_split.items()
        ]


def names(scope: Scope, format: str, kind: str) -> dict[str | None, str]:
    """The name of the file of each split."""
    if scope.split is None:
        return {None: f"{format}.{kind}"}
    return {split: f"{format}-{split}.{kind}" for split in scope.split.names}


@contextmanager
def opened(scope: Scope, format: str, kind: str, folder: Path) -> Iterator[Files]:
    """The files, which take their names when the block ends well. Raises InputError for an unfit kind."""
    make = _maker(scope, format, kind)
    with ExitStack() as stack:
        wanted = names(scope, format, kind).items()
        yield Files({split: stack.enter_context(make(folder / name)) for split, name in wanted})
    _bring_to_disk(folder)


def write(scope: Scope, tally: Tally, format: str, kind: str, files: Files, *, progress: Told | None = None) -> None:
    """Write all rows of the chosen labels."""
    if format == "labels":
        _write_labels(scope, kind, files, progress)
        return
    for number, (split, row) in enumerate(export_rows.FORMATS[format](scope, tally), 1):
        files.by_split[split].write(row)
        if progress and number % EVERY == 0:
            progress(number)


def _write_labels(scope: Scope, kind: str, files: Files, progress: Told | None) -> None:
    for split, file in files.by_split.items():
        for lines in _lines(scope, kind, split):
            file.write_lines(lines)
            if progress:
                progress(files.rows)


def _lines(scope: Scope, kind: str, split: str | None) -> Iterator[Sequence[bytes]]:
    if kind == "jsonl":
        return export_tables.json_lines(scope, split)
    return export_tables.csv_lines(scope, split, is_for_people=kind == "csv")


def _maker(scope: Scope, format: str, kind: str) -> Callable[[Path], AtomicFile]:
    columns: Mapping[str, Any] = export_rows.columns_of(scope, format)
    is_flat = all(isinstance(each, str) for each in columns.values())
    if kind not in KINDS or (kind == "csv" and not is_flat):
        expected = "jsonl or parquet; csv where nothing nests"
        raise InputError(f'"{format}" cannot be written as {kind}', expected=expected)
    if format == "labels":
        return {
            "jsonl": JsonLinesWriter,
            "csv": lambda path: CsvLinesWriter(path, training.LABELS_FIELDS),
            "parquet": lambda path: ParquetLinesWriter(path, columns),
        }[kind]
    return {
        "jsonl": JsonlWriter,
        "csv": lambda path: CsvWriter(path, tuple(columns)),
        "parquet": lambda path: ParquetWriter(path, columns),
    }[kind]


def _bring_to_disk(folder: Path) -> None:
    """The new names too: a file's own fsync does not hold its place in the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
