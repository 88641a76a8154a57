"""What one export is about: the labels it takes, as a table that every format joins, and what is counted on the way.

:func:`select` puts the ids of the labels into the temporary table ``export_label`` of the running transaction:

    id           of the agreed label; formats ``JOIN export_label e ON e.id = a.id``
    case_id      of its case
    split        train, validation, test; NULL where no split was asked for
    is_reserved  its context holds a certify, gold or audited case: no training format may use it

A format is a function of (Scope, Tally) that yields ``(split, row)``; it reads with :func:`read` and orders its rows
by ids, so that the same labels give the same bytes. What changes with time (the rubric, judge and generator template in
force) it takes from ``scope.project``, which holds those of the snapshot, never from the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from judge.actions import export_sql
from judge.errors import InputError
from judge.models import Project
from judge.rules.exporting import Filters, Split
from judge.rules.settling import Basis

#: Rows fetched at a time: bounds memory.
FETCH = 2_000
#: Why training formats leave something out.
RESERVED = "context holds a certify, gold or audited case"
CERTIFY = "certify cases, which nobody sees who may edit rubric, prompt or model"
NO_SPLIT = "context fits no split"

type Rows = Iterator[tuple[str | None, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Scope:
    """One export. ``dialect`` names the trainer that shall load it; empty: the fields of TRL.

    ``variant`` is another shape of the format that judge.formats.training_dialects knows, for example nectar.
    """

    project: Project
    sees_certify: bool = True
    dialect: str = ""
    variant: str = ""
    filters: Filters = field(default_factory=Filters)
    split: Split | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements may name; ``seen`` comes from judge.actions.export_seen."""
        project = self.project
        is_peoples = bool(self.filters.basis) and Basis.JUDGE not in self.filters.basis
        in_force = {"project": project.pk, "rubric": project.rubric_id, "judge": project.judge_id}
        return {**in_force, **self.seen, "people_only": is_peoples}


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted on the way: rows by kind, and what is left out on purpose, by reason."""

    counts: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, dict[str, int]]:
        return {"counts": dict(sorted(self.counts.items())), "excluded": dict(self.excluded)}


type Format = Callable[[Scope, Tally], Rows]


def select(scope: Scope, tally: Tally, *, since: int | None = None, grain: str = "label") -> None:
    """Fill ``export_label`` with the live labels that the scope's filters take. Inside the export's transaction.

    ``since``: only what is not in this earlier snapshot; ``grain`` says whether a new label brings its item's or its
    context's other labels with it.
    """
    filters = filter_parameters(scope.filters)
    with connection.cursor() as cursor:
        cursor.execute(export_sql.CREATE_CHOSEN)
        cursor.execute(export_sql.CHOOSE, {**scope.parameters, **filters, **_ends(scope.split)})
        if not scope.sees_certify:
            cursor.execute(export_sql.DROP_CERTIFY)
            _count(tally, CERTIFY, cursor.rowcount)
        if scope.split:
            cursor.execute(export_sql.DROP_UNPLACED)
            _count(tally, NO_SPLIT, cursor.rowcount)
        if since:
            cursor.execute(export_sql.DROP_KNOWN, {"since": since, "grain": grain})
        cursor.execute("ANALYZE export_label")


def recall(scope: Scope, snapshot: int) -> None:
    """Fill ``export_label`` with the labels of an earlier snapshot. Raises InputError where a text was erased."""
    with connection.cursor() as cursor:
        cursor.execute(export_sql.CREATE_CHOSEN)
        cursor.execute(export_sql.RECALL, {"snapshot": snapshot, **_ends(scope.split)})
        cursor.execute("ANALYZE export_label")
        cursor.execute(export_sql.ERASED)
        if n_erased := cursor.fetchone()[0]:
            raise InputError(
                f"texts of {n_erased:,} of its labels were erased since, so it cannot be made again",
                where=f"snapshot {snapshot}",
                next_step="Make a new export.",
            )


def read(statement: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows of a statement as dicts, through a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        names: list[str] = []
        while rows := cursor.fetchmany(FETCH):
            names = names or [column[0] for column in cursor.description]
            yield from (dict(zip(names, row, strict=True)) for row in rows)


def _count(tally: Tally, reason: str, n: int) -> None:
    if n:
        tally.excluded[reason] += n


def _ends(split: Split | None) -> dict[str, Any]:
    return {"names": list(split.names) if split else None, "ends": list(split.ends) if split else None}


def filter_parameters(filters: Filters) -> dict[str, Any]:
    """The filters as statements name them: ``only_…``, NULL where everything fits."""
    told = {key: getattr(filters, key) for key in Filters.__dataclass_fields__}
    return {f"only_{key}": (list(value) or None) if isinstance(value, tuple) else value for key, value in told.items()}
