"""Any file people bring (JSON lines, CSV, Parquet, gzipped or not) as a stream of rows, in flat memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal

from judge.errors import InputError
from judge.formats.jsonl import read_jsonl
from judge.formats.parquet import read_parquet
from judge.formats.rows import Rejected, Row, excerpt
from judge.formats.streams import MOST_BYTES, open_stream
from judge.formats.tabular import read_csv

__all__ = ["Rejected", "Row", "excerpt", "read_rows"]

type Kind = Literal["jsonl", "csv", "parquet"]

ACCEPTED = "JSON lines (.jsonl), CSV (.csv) or Parquet (.parquet), the first two also gzipped (.gz)"
EXTENSIONS: dict[str, Kind] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet",
    ".pq": "parquet",
}  # fmt: skip
PARQUET_MAGIC = b"PAR1"


def read_rows(
    source: str | os.PathLike[str] | BinaryIO, *, name: str = "", max_bytes: int = MOST_BYTES, max_rows: int = 0
) -> Iterator[Row | Rejected]:
    """Rows and rejected lines in the order of the file.

    An InputError ends the reading where the file as a whole cannot be taken: empty, of no known kind,
    larger than ``max_bytes`` once unpacked, or of more than ``max_rows`` rows (0: any number). It can come after rows
    were yielded.
    """
    with ExitStack() as opened:
        if isinstance(source, str | os.PathLike):
            name = name or Path(source).name
            source = opened.enter_context(_open(Path(source)))
        name = name or "the file"
        number = 0
        for number, found in enumerate(_read(source, name, max_bytes), 1):
            if 0 < max_rows < number:
                raise InputError("the file has too many rows", where=name, expected=f"at most {max_rows:,}")
            yield found
        if not number:
            raise InputError("the file holds no rows", where=name, expected="at least one")


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"cannot be opened: {error.strerror}", where=str(path)) from None


def _read(source: BinaryIO, name: str, max_bytes: int) -> Iterator[Row | Rejected]:
    if _starts_with_parquet(source):
        return read_parquet(source, name=name, max_bytes=max_bytes)
    stream, bound = open_stream(source, name=name, max_bytes=max_bytes)
    head = stream.peek(64 * 1024)
    if not head:
        raise InputError(bound.damage or "the file is empty", where=name, expected=ACCEPTED)
    kind = _find_kind(name, head)
    return read_csv(stream, bound, name=name) if kind == "csv" else read_jsonl(stream, bound)


def _starts_with_parquet(source: BinaryIO) -> bool:
    if not source.seekable():
        return False
    start = source.tell()
    magic = source.read(len(PARQUET_MAGIC))
    source.seek(start)
    return magic == PARQUET_MAGIC


def _find_kind(name: str, head: bytes) -> Kind:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("the file is UTF-16", where=name, next_step="Save it as UTF-8.")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = EXTENSIONS.get(Path(name.lower().removesuffix(".gz")).suffix) or _sniff(text)
    if kind is None or kind == "parquet":
        problem = "the file is not Parquet" if kind else "the file is of no kind we read"
        raise InputError(problem, where=name, expected=ACCEPTED)
    if kind == "jsonl" and text.startswith(b"["):
        step = "Convert it with: jq -c '.[]' FILE.json > FILE.jsonl"
        raise InputError("the file is one JSON list", where=name, expected="one object a line", next_step=step)
    return kind


def _sniff(text: bytes) -> Kind | None:
    """The kind of a file without a telling name, from its first line."""
    if text.startswith((b"{", b"[")):
        return "jsonl"
    first = text.split(b"\n", 1)[0].strip()
    try:
        header = first.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "csv" if header.isprintable() and any(each in header for each in ",;\t") else None
