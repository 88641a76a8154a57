"""Recorded acceptances, one a line in the order in which they were accepted: error, audited, pi, confidence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from judge.errors import InputError
from judge.formats.reading import Rejected, Row, read_rows

_YES, _NO = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})


@dataclass(frozen=True, slots=True)
class AuditLine:
    """``is_error`` is None where it was not audited, or the line does not say."""

    is_error: bool | None
    probability: float
    confidence: float | None


def read_audit_lines(path: str | os.PathLike[str]) -> Iterator[AuditLine]:
    """The lines of a file in their order. Raises InputError at the first that cannot be read: order is all."""
    for row in read_rows(path):
        if isinstance(row, Rejected):
            raise InputError(row.problem)
        yield _line(row)


def _line(row: Row) -> AuditLine:
    where = f"line {row.number}"
    error = _truth(row.data.get("error"), "error", where)
    audited = _truth(row.data.get("audited"), "audited", where)
    if audited and error is None:
        raise InputError("an audited line without its error", where=where, expected="error: 0 or 1")
    is_read = error is not None and audited is not False
    probability = _share(row.data.get("pi"), "pi", where)
    return AuditLine(
        error if is_read else None, 1.0 if probability is None else probability,
        _share(row.data.get("confidence"), "confidence", where),
    )  # fmt: skip


def _truth(value: object, name: str, where: str) -> bool | None:
    word = "" if value is None else str(value).strip().lower()
    if not word:
        return None
    if word not in _YES | _NO:
        raise InputError(f'{name} is "{value}"', where=where, expected="0 or 1")
    return word in _YES


def _share(value: object, name: str, where: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        found = float(str(value))
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise InputError(f'{name} is "{value}"', where=where, expected="a number from 0 to 1")
    return found
