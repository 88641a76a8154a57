"""Exports: one consistent read of the live labels, streamed into files, with a manifest that says what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from judge.actions import cells, events, export_scope, members
from judge.actions.export_rows import FORMATS, columns_of
from judge.actions.export_scope import Scope, Tally
from judge.errors import InputError
from judge.formats.writing import CsvWriter, JsonlWriter, ParquetWriter, write_manifest
from judge.models import AuditWatch, Certificate, Project, User


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote. ``excluded`` counts, by reason, what was left out on purpose."""

    path: Path
    manifest_path: Path
    n_rows: int
    excluded: Mapping[str, int]


def export(project: Project, format: str, folder: Path, *, by: User | None, kind: str = "jsonl") -> ExportReport:
    """Write ``<format>.<kind>`` into ``folder`` and an entry about it into the folder's ``manifest.json``.

    ``kind`` is jsonl, csv or parquet. Raises InputError for a format or kind that there is not.
    """
    if format not in FORMATS:
        raise InputError(f'there is no export format "{format}"', expected=", ".join(FORMATS))
    folder.mkdir(parents=True, exist_ok=True)
    others = _other_files(project, folder, f"{format}.{kind}")
    scope, tally = Scope(project, members.may_see_certify(project, by)), Tally()
    with transaction.atomic(durable=True), _writer(scope, format, kind, folder) as writer:
        with connection.cursor() as cursor:  # every row and count of one export is of one moment
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        export_scope.select(scope, tally)
        for _split, row in FORMATS[format](scope, tally):
            writer.write(row)
        manifest = _manifest(project)
    file = _file_facts(project, format, writer) | {
        "counts": dict(sorted(tally.counts.items())),
        "excluded": dict(tally.excluded),
    }
    write_manifest(folder / "manifest.json", manifest | {"files": [*others, file]})
    events.note(project, "labels exported", by=by, format=format, rows=writer.rows, sha256=writer.sha256)
    return ExportReport(writer.path, folder / "manifest.json", writer.rows, tally.excluded)


def _writer(scope: Scope, format: str, kind: str, folder: Path) -> JsonlWriter | CsvWriter | ParquetWriter:
    """Where the rows go. Raises InputError where they nest and the file cannot."""
    path, columns = folder / f"{format}.{kind}", columns_of(scope, format)
    if kind == "jsonl":
        return JsonlWriter(path)
    if kind == "parquet":
        return ParquetWriter(path, columns)
    if kind == "csv" and all(isinstance(each, str) for each in columns.values()):
        return CsvWriter(path, tuple(columns))
    raise InputError(f'"{format}" cannot be written as {kind}', expected="jsonl or parquet; csv where nothing nests")


def _other_files(project: Project, folder: Path, name: str) -> list[dict[str, Any]]:
    """What the folder's manifest says of files that other exports of the same project put there.

    Raises InputError where the folder holds an export of another project.
    """
    path = folder / "manifest.json"
    if not path.exists():
        return []
    known = json.loads(path.read_text(encoding="utf-8"))
    if known["project"] != project.slug:
        raise InputError(f"the folder holds an export of {known['project']}", where=str(folder), expected="another one")
    return [file for file in known["files"] if file["name"] != name and (folder / file["name"]).exists()]


def _file_facts(project: Project, format: str, writer: JsonlWriter | CsvWriter | ParquetWriter) -> dict[str, Any]:
    assert project.policy is not None
    return {
        "name": writer.path.name,
        "format": format,
        "rows": writer.rows,
        "bytes": writer.bytes,
        "sha256": writer.sha256,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rubric_version": project.rubric.version if project.rubric else None,
        "policy_version": project.policy.version,
        "judge_in_force": project.judge.name if project.judge else None,
    }


def _manifest(project: Project) -> dict[str, Any]:
    return {
        "project": project.slug,
        "is_demo": project.is_demo,
        "certificates": [_certificate(each) for each in cells.proven(project)]
        or "none: every label rests on people's answers",
        "p_wrong": "from people of equal, unknown skill; not calibrated",
    }


def _certificate(row: Certificate) -> dict[str, Any]:
    """What a trainer needs to know of a certificate that labels rest on, the audit beside it."""
    told: dict[str, Any] = {
        "criterion": row.criterion.key, "state": row.state, "judge_version": str(row.judge.version), "alpha": row.alpha,
        "delta": row.delta, "threshold": row.threshold, "n_certify": row.n, "n_accepted": row.n_accepted,
        "n_errors": row.n_errors, "coverage": row.coverage, "scope": row.scope, "reference": row.reference,
    }  # fmt: skip
    if watch := AuditWatch.objects.filter(certificate=row).first():
        told["audit"] = {
            "accepted": watch.n_accepted, "audited": watch.n_audited, "errors": watch.n_errors, "bound": watch.bound
        }  # fmt: skip
    return told
