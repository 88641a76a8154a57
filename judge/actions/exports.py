"""Exports: one consistent read of the live labels, streamed into files, kept as a snapshot that can be made again.

Everything that an export reads and says is of one moment: one REPEATABLE READ transaction reads the rows, writes the
files beside their names, and keeps the snapshot; the files take their names once it is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from judge.actions import events, export_facts, export_files, export_folders, export_scope, export_seen, members
from judge.actions import snapshots as kept
from judge.actions.export_rows import FORMATS
from judge.actions.export_scope import Scope, Tally
from judge.actions.export_superseded import Superseded
from judge.errors import InputError
from judge.models import Project, Snapshot, User
from judge.rules.exporting import Filters, Split

#: What a new label brings with it where only new ones are asked for: a pair is of a whole context.
GRAINS = {"labels": "label", "judge-sft": "label", "sft": "item", "kto": "item"}

type Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to export. ``since``: only what is new or changed since this snapshot. ``even_so``: also where the numbers
    do not carry it."""

    format: str = "labels"
    kind: str = "jsonl"
    dialect: str = ""
    variant: str = ""
    filters: Filters = field(default_factory=Filters)
    split: Split | None = None
    since: Snapshot | None = None
    even_so: bool = False


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote. ``excluded`` counts, by reason, what was left out on purpose; ``path`` is the first of
    ``paths``."""

    paths: tuple[Path, ...]
    manifest_path: Path
    n_rows: int
    excluded: Mapping[str, int]
    snapshot: Snapshot

    @property
    def path(self) -> Path:
        return self.paths[0]


def export(
    project: Project, format: str, folder: Path, *, by: User | None, kind: str = "jsonl", even_so: bool = False
) -> ExportReport:
    """All live labels in one file, as ``make`` does with a plain order."""
    return make(project, Order(format=format, kind=kind, even_so=even_so), folder, by=by)


def make(
    project: Project, order: Order, folder: Path, *, by: User | None, progress: Told | None = None
) -> ExportReport:
    """Write ``<format>[-<split>].<kind>`` into ``folder``, with ``manifest.json`` and ``README.md``; keep the snapshot.

    Raises InputError for an order that cannot be met, and where the numbers do not carry the labels.
    """
    _check(project, order)
    folder.mkdir(parents=True, exist_ok=True)
    plain = Scope(
        project, members.may_see_certify(project, by), order.dialect, order.variant, order.filters, order.split
    )
    names = [*export_files.names(plain, order.format, order.kind).values()]
    known = export_folders.known(project, folder, names)
    with ExitStack() as stack:
        files = stack.enter_context(export_files.opened(plain, order.format, order.kind, folder))
        superseded = stack.enter_context(Superseded(folder, order.format, order.since))
        with _one_moment():
            scope, tally = _seeing(plain), Tally()
            export_scope.select(
                scope, tally, since=order.since.pk if order.since else None, grain=GRAINS.get(order.format, "context")
            )
            facts = export_facts.gather(scope, even_so=order.even_so)
            lost = superseded.find(scope)
            export_files.write(scope, tally, order.format, order.kind, files, progress=progress)
            superseded.write(scope, lost)
            files.seal()
            written = [*files.facts(), *superseded.seal()]
            facts = export_facts.with_counts(facts, tally)
            snapshot = kept.keep(scope, order, facts, written, n_rows=files.rows, superseded=lost, by=by)
            sha256 = written[0]["sha256"]
            events.note(
                project, "labels exported", by=by, subject=f"snapshot:{snapshot.pk}", format=order.format,
                rows=files.rows, sha256=sha256,
            )  # fmt: skip
    manifest = export_folders.describe(folder, project, snapshot, known)
    return ExportReport(_paths(folder, written), manifest, files.rows, tally.excluded, snapshot)


def make_again(snapshot: Snapshot, folder: Path, *, by: User | None, progress: Told | None = None) -> ExportReport:
    """Write the files of ``snapshot`` once more: the same bytes, or InputError where that is no longer possible."""
    scope = kept.scope_of(snapshot)
    if not scope.sees_certify <= members.may_see_certify(snapshot.project, by):
        raise InputError(
            "it holds labels of certify cases, which nobody sees who may edit rubric, prompt or model",
            where=f"snapshot {snapshot.pk}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    known = export_folders.known(snapshot.project, folder, [each["name"] for each in snapshot.files])
    with ExitStack() as stack:
        files = stack.enter_context(export_files.opened(scope, snapshot.format, snapshot.kind, folder))
        superseded = stack.enter_context(Superseded(folder, snapshot.format, snapshot.since))
        tally = Tally()
        with _one_moment():
            export_scope.recall(scope, snapshot.pk)
            export_files.write(scope, tally, snapshot.format, snapshot.kind, files, progress=progress)
            superseded.write(scope, snapshot.seen["superseded"])
        files.seal()
        written = [*files.facts(), *superseded.seal()]
        kept.check_same(snapshot, written)
    manifest = export_folders.describe(folder, snapshot.project, snapshot, known)
    return ExportReport(_paths(folder, written), manifest, files.rows, snapshot.manifest["excluded"], snapshot)


def _check(project: Project, order: Order) -> None:
    if order.format not in FORMATS:
        raise InputError(f'there is no export format "{order.format}"', expected=", ".join(FORMATS))
    if order.since and (order.since.project_id, order.since.format) != (project.pk, order.format):
        raise InputError(
            f"snapshot {order.since.pk} holds {order.since.format} of {order.since.project.slug}",
            where="--since", expected=f"a snapshot of {order.format} of {project.slug}",
        )  # fmt: skip


@contextmanager
def _one_moment() -> Iterator[None]:
    """Every row and count of one export is of one moment."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _seeing(scope: Scope) -> Scope:
    project = scope.project
    return Scope(
        project, scope.sees_certify, scope.dialect, scope.variant, scope.filters, scope.split, export_seen.look(project)
    )


def _paths(folder: Path, written: list[dict[str, Any]]) -> tuple[Path, ...]:
    return tuple(folder / each["name"] for each in written)
