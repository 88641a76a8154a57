"""An import as people start it, from a command or a page: a file in, a report and the rejected lines out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from judge.actions.items import ImportReport, Reject, import_rows
from judge.formats.reading import Rejected, Row, read_rows
from judge.formats.streams import MOST_BYTES
from judge.formats.writing import rejected_writer
from judge.models import Project, User

#: What a frame without a name of its own keeps of the file's.
LONGEST_NAME = 90
#: Called with the number of rows read so far.
Progress = Callable[[int], None]


def import_file(
    project: Project,
    source: Path | BinaryIO,
    *,
    by: User | None,
    name: str,
    frame: str = "",
    rejected_path: Path | None = None,
    on_reject: Callable[[Rejected], None] | None = None,
    progress: Progress | None = None,
    max_bytes: int = MOST_BYTES,
    max_rows: int = 0,
) -> ImportReport:
    """Import one file of items into ``frame`` (empty: a frame of its own, named after the file and the minute).

    Rejected lines go to ``rejected_path`` (written only if there are any) and to ``on_reject``. Raises InputError where
    the file as a whole cannot be taken (``max_bytes`` unpacked, ``max_rows``); then nothing went in.
    """
    frame = frame or f"{name[:LONGEST_NAME]} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    with rejecting(rejected_path, on_reject) as reject:
        rows = counted(read_rows(source, name=name, max_bytes=max_bytes, max_rows=max_rows), progress)
        return import_rows(project, rows, by=by, reject=reject, frame=frame, name=name)


@contextmanager
def rejecting(path: Path | None, on_reject: Callable[[Rejected], None] | None) -> Iterator[Reject]:
    """Where an import sends rejected lines: to a file (written only if there are any) and to ``on_reject``."""
    with ExitStack() as opened:
        writer = opened.enter_context(rejected_writer(path)) if path else None

        def reject(rejected: Rejected) -> None:
            if writer:
                writer.reject(rejected)
            if on_reject:
                on_reject(rejected)

        yield reject


def counted(rows: Iterator[Row | Rejected], progress: Progress | None) -> Iterator[Row | Rejected]:
    for number, row in enumerate(rows, 1):
        if progress and number % 1_000 == 0:
            progress(number)
        yield row
