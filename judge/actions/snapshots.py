"""Snapshots: what an export took and said, kept so that it can be made again to the byte."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.db import connection

from judge.actions import export_sql
from judge.actions.export_scope import Scope
from judge.errors import InputError
from judge.models import Project, Snapshot, SnapshotPart, User
from judge.rules.exporting import Filters, Split

if TYPE_CHECKING:
    from judge.actions.exports import Order


def keep(
    scope: Scope,
    order: Order,
    facts: Mapping[str, Any],
    files: Sequence[Mapping[str, Any]],
    *,
    n_rows: int,
    superseded: Sequence[int],
    by: User | None,
) -> Snapshot:
    """Write the snapshot and the ids of its labels. Inside the export's transaction."""
    project = scope.project
    snapshot: Snapshot = Snapshot.objects.create(
        project=project, format=order.format, kind=order.kind, dialect=order.dialect, variant=order.variant,
        filters=order.filters.as_json(), split=_split_as_json(order.split), sees_certify=scope.sees_certify,
        since=order.since, rubric=project.rubric, policy=project.policy, judge=project.judge,
        generator_template=project.generator_template, seen={**scope.seen, "superseded": list(superseded)},
        n_labels=facts["labels"], n_rows=n_rows, files=list(files), manifest=facts, by=by,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(export_sql.KEEP, {"snapshot": snapshot.pk, "size": SnapshotPart.SIZE})
    snapshot.refresh_from_db(fields=["created_at", "manifest", "files"])
    return snapshot


def find(number: int, project: Project | None = None) -> Snapshot:
    """The snapshot of this number. Raises InputError with the latest there are."""
    known = Snapshot.objects.select_related("project", "rubric", "policy", "judge", "generator_template", "since")
    if project:
        known = known.filter(project=project)
    found: Snapshot | None = known.filter(pk=number).first()
    if found is None:
        latest = ", ".join(str(pk) for pk in known.order_by("-pk").values_list("pk", flat=True)[:5])
        raise InputError(f"there is no snapshot {number}", expected=latest or "one that export_labels made")
    return found


def scope_of(snapshot: Snapshot) -> Scope:
    """The scope as it was: the project with the versions that were in force then."""
    project = copy.copy(snapshot.project)
    for name in ("rubric", "policy", "judge", "generator_template"):
        setattr(project, name, getattr(snapshot, name))
    split = Split(tuple(snapshot.split["names"]), tuple(snapshot.split["shares"])) if snapshot.split else None
    seen = {key: value for key, value in snapshot.seen.items() if key != "superseded"}
    return Scope(
        project, snapshot.sees_certify, snapshot.dialect, snapshot.variant, Filters.from_json(snapshot.filters), split,
        seen,
    )  # fmt: skip


def check_same(snapshot: Snapshot, files: Sequence[Mapping[str, Any]]) -> None:
    """Raise InputError where the files are not those that the snapshot knows; then none of them takes its name."""
    known = {each["name"]: each["sha256"] for each in snapshot.files}
    if wrong := [each["name"] for each in files if known.get(each["name"]) != each["sha256"]]:
        raise InputError(
            f"what it was made of has changed since, so {', '.join(wrong)} would not be the same",
            where=f"snapshot {snapshot.pk}",
            next_step="Make a new export.",
        )


def describe(snapshot: Snapshot) -> dict[str, Any]:
    """What manifest.json says of it."""
    return {
        "snapshot": snapshot.pk,
        "made_at": snapshot.created_at.astimezone(UTC).isoformat(timespec="seconds"),
        "format": snapshot.format,
        "kind": snapshot.kind,
        "dialect": snapshot.dialect,
        "variant": snapshot.variant,
        "filters": snapshot.filters,
        "split": snapshot.split,
        "since": snapshot.since_id,
        "versions": {
            "rubric": snapshot.rubric.version if snapshot.rubric else None,
            "policy": snapshot.policy.version if snapshot.policy else None,
            "judge": snapshot.judge.version if snapshot.judge else None,
            "generator_template": snapshot.generator_template.version if snapshot.generator_template else None,
        },
        "rows": snapshot.n_rows,
        **snapshot.manifest,
    }


def _split_as_json(split: Split | None) -> dict[str, Any] | None:
    return {"names": list(split.names), "shares": list(split.shares)} if split else None
