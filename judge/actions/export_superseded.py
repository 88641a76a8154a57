"""What an increment says of labels that its predecessor held and that are no longer in force."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from judge.actions import bulk, export_sql
from judge.actions.export_scope import Scope, read
from judge.formats.writing import JsonlWriter
from judge.models import Snapshot


class Superseded:
    """``<format>-superseded.jsonl``; where no earlier snapshot is named, there is no such file and nothing happens."""

    def __init__(self, folder: Path, format: str, since: Snapshot | None) -> None:
        self._since = since
        self._file = JsonlWriter(folder / f"{format}-superseded.jsonl") if since else None

    def __enter__(self) -> Self:
        if self._file:
            self._file.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.__exit__(kind, error, at)

    def find(self, scope: Scope) -> list[int]:
        """The labels of the earlier snapshot that are no longer in force, by id."""
        if self._since is None:
            return []
        return [found for (found,) in bulk.execute(export_sql.SUPERSEDED_IDS, since=self._since.pk)]

    def write(self, scope: Scope, lost: Sequence[int]) -> None:
        if self._file:
            told = {"superseded": bulk.array(lost), "sees_certify": scope.sees_certify}
            for row in read(export_sql.SUPERSEDED, told):
                self._file.write(row)

    def seal(self) -> list[dict[str, Any]]:
        """Bring the file to the disk; what is to be said of it."""
        if self._file is None:
            return []
        self._file.seal()
        file = self._file
        return [
            {"name": file.path.name, "split": None, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256,
             "is_superseded": True}
        ]  # fmt: skip
