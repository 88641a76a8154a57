"""Files out: streamed, counted, hashed, and there only when they are whole."""

from __future__ import annotations

import csv
import fcntl
import glob
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from judge.formats.rows import Rejected

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class AtomicFile:
    """Writes beside ``path`` and takes its name at the end; an exception inside ``with`` leaves nothing behind.

    ``rows``, ``bytes`` and ``sha256`` say what was written so far. What a killed process left half-written is removed
    by the next that writes the same file: the lock on it tells whether its writer lives.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.rows = self.bytes = 0
        self._is_sealed = False
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        _remove_orphans(self.path)
        handle, part = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".part", dir=self.path.parent)
        self._part, self._file = Path(part), os.fdopen(handle, "wb")
        fcntl.flock(handle, fcntl.LOCK_EX)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self.release()
            self._file.close()
            self._part.unlink(missing_ok=True)

    def seal(self) -> None:
        """Bring everything to the disk, still under the name beside: from here on only the renaming is left."""
        if not self._is_sealed:
            self.complete()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._is_sealed = True

    def complete(self) -> None:
        """Write what is still held back, an end of the file for instance."""

    def finish(self) -> None:
        self.seal()
        self._part.chmod(0o666 & ~_umask())
        self._part.replace(self.path)

    def release(self) -> None:
        """Let go of whatever still writes into the file; called in success and in failure."""

    def put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.bytes += len(data)


class JsonlWriter(AtomicFile):
    """One JSON object a line, keys in the order they come."""

    def write(self, row: Mapping[str, object]) -> None:
        self.put(json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        self.rows += 1


class RejectedWriter(JsonlWriter):
    """The lines an import turned away: ``{"line", "problem", "raw"}``. No file appears if there were none."""

    def reject(self, rejected: Rejected) -> None:
        self.write({"line": rejected.number, "problem": rejected.problem, "raw": rejected.raw_excerpt})

    def finish(self) -> None:
        if self.rows:
            super().finish()


def rejected_writer(path: str | os.PathLike[str]) -> RejectedWriter:
    return RejectedWriter(path)


class CsvWriter(AtomicFile):
    """A header and rows. Objects become JSON; a text cell that a spreadsheet would run as a formula gets a
    leading apostrophe, which readers of the file must expect."""

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str]) -> None:
        super().__init__(path)
        self.columns = tuple(columns)

    def __enter__(self) -> Self:
        super().__enter__()
        self._put_cells(self.columns)
        return self

    def write(self, row: Mapping[str, object]) -> None:
        self._put_cells([_cell(row[column]) for column in self.columns])
        self.rows += 1

    def _put_cells(self, cells: Sequence[object]) -> None:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\n").writerow(cells)
        self.put(line.getvalue().encode())


class ParquetWriter(AtomicFile):
    """Rows in batches under a fixed schema. ``columns`` maps names to text, json, float, int or bool; json is text.
    A list of one of them holds many, a mapping holds fields by name.

    ``sha256`` and ``bytes`` are known once the file is finished.
    """

    batch_size = 2000

    def __init__(self, path: str | os.PathLike[str], columns: Mapping[str, Any]) -> None:
        super().__init__(path)
        self.columns = dict(columns)
        self._batch: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        import pyarrow as pa
        import pyarrow.parquet as pq

        super().__enter__()
        self._schema: Any = pa.schema([(name, _arrow_type(kind)) for name, kind in self.columns.items()])
        self._table: Any = pq.ParquetWriter(_Sink(self), self._schema)
        return self

    def write(self, row: Mapping[str, object]) -> None:
        texts = {name: _json_cell(row[name]) if kind == "json" else row[name] for name, kind in self.columns.items()}
        self._batch.append(texts)
        self.rows += 1
        if len(self._batch) >= self.batch_size:
            self._flush()

    def complete(self) -> None:
        self._flush()
        self._table.close()

    def release(self) -> None:
        with suppress(OSError):  # on a full disk the first error is the one to tell
            self._table.close()  # does nothing the second time

    def _flush(self) -> None:
        import pyarrow as pa

        if self._batch:
            self._table.write_table(pa.Table.from_pylist(self._batch, schema=self._schema))
            self._batch = []


def _arrow_type(kind: Any) -> Any:
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(_arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, _arrow_type(each)) for name, each in kind.items()])
    types = {"text": pa.string(), "json": pa.string(), "float": pa.float64(), "int": pa.int64(), "bool": pa.bool_()}
    return types[kind]


class _Sink(io.RawIOBase):
    """What pyarrow writes to: it only ever appends, so the hash can be taken on the way."""

    def __init__(self, target: AtomicFile) -> None:
        super().__init__()
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._target.put(bytes(data))
        return len(data)

    def tell(self) -> int:
        return self._target.bytes


def write_manifest(path: str | os.PathLike[str], manifest: Mapping[str, object]) -> None:
    """A small JSON file, sorted and indented, so that equal manifests are equal bytes."""
    with AtomicFile(path) as file:
        file.put(json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n")


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return _json_cell(value)


def _json_cell(value: object) -> object:
    return (
        json.dumps(value, ensure_ascii=False, allow_nan=False) if isinstance(value, Mapping | list | tuple) else value
    )


def _remove_orphans(path: Path) -> None:
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError), part.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while its writer lives
            part.unlink()


def _umask() -> int:
    mask = os.umask(0o022)  # the only way to read it is to set it
    os.umask(mask)
    return mask
