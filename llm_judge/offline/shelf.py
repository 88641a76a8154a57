"""Where each call's result lies in the files, sorted by case: files of any size and order, memory flat. No Django."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Self

from judge.errors import InputError
from llm_judge.rules.batch_lines import Result, read_line
from llm_judge.rules.records import Reply

LONGEST_LINE = 8 * 1024 * 1024
_TABLE = """
CREATE TABLE line (rater TEXT, case_id INTEGER, place INTEGER, is_answer INTEGER, file INTEGER, start INTEGER,
                   PRIMARY KEY (rater, case_id, place)) WITHOUT ROWID
"""
#: Of repeated results the first answer stays; it takes the place of a failure.
_ADD = """
INSERT INTO line VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (rater, case_id, place) DO UPDATE
SET is_answer = excluded.is_answer, file = excluded.file, start = excluded.start
WHERE excluded.is_answer > line.is_answer
"""
_SORTED = "SELECT case_id, place, file, start FROM line WHERE rater = ? ORDER BY case_id, place"


class Shelf:
    """The results of some files. Lines are looked up again when their case is complete, so only places are kept."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.files = files
        self._folder = tempfile.TemporaryDirectory(prefix="cojudge-results-")
        self._index = sqlite3.connect(Path(self._folder.name) / "index")
        self._index.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()
        self._folder.cleanup()

    def add(self, result: Result, file: int, start: int) -> None:
        ticket = result.ticket
        self._index.execute(_ADD, (ticket.rater, ticket.case_id, ticket.place, result.is_answer, file, start))

    def cases(self, rater: str) -> Iterator[tuple[int, dict[int, Reply]]]:
        """Case by case, its replies by their place."""
        opened: dict[int, BinaryIO] = {}
        try:
            with closing(self._index.cursor()) as found:
                for case_id, lines in groupby(found.execute(_SORTED, (rater,)), key=itemgetter(0)):
                    yield case_id, {place: self._read(opened, file, start) for _, place, file, start in lines}
        finally:
            for each in opened.values():
                each.close()

    def _read(self, opened: dict[int, BinaryIO], file: int, start: int) -> Reply:
        if file not in opened:
            if len(opened) >= 64:
                opened.pop(next(iter(opened))).close()
            opened[file] = self.files[file].open("rb")
        opened[file].seek(start)
        return read_line(opened[file].readline()).reply


def read_results(path: Path) -> Iterator[tuple[int, int, Result | InputError]]:
    """(line number, where it starts, what it says) of every line that is not blank; a broken one says what is wrong."""
    with path.open("rb") as file:
        number, start = 0, 0
        while raw := file.readline(LONGEST_LINE):
            number += 1
            if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                _skip_rest(file)
                yield number, start, InputError("the line is too long", expected=f"at most {LONGEST_LINE:,} bytes")
            elif raw.strip():
                yield number, start, _read(raw)
            start = file.tell()


def _read(raw: bytes) -> Result | InputError:
    try:
        return read_line(raw)
    except InputError as error:
        return error


def _skip_rest(file: BinaryIO) -> None:
    while (more := file.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        pass
