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
from judge.models import Project
from judge.rules.exporting import Filters, Split

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

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements may name."""
        project = self.project
        return {"project": project.pk, "rubric": project.rubric_id, "judge": project.judge_id}


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted on the way: rows by kind, and what is left out on purpose, by reason."""

    counts: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, dict[str, int]]:
        return {"counts": dict(sorted(self.counts.items())), "excluded": dict(self.excluded)}


type Format = Callable[[Scope, Tally], Rows]


def select(scope: Scope, tally: Tally) -> None:
    """Fill ``export_label`` with the live labels that the scope's filters take. Inside the export's transaction."""
    split = scope.split
    filters = {f"only_{key}": value for key, value in _filters(scope.filters).items()}
    with connection.cursor() as cursor:
        cursor.execute(export_sql.CREATE_CHOSEN)
        cursor.execute(
            export_sql.CHOOSE,
            {
                **scope.parameters, **filters,
                "names": list(split.names) if split else None, "ends": list(split.ends) if split else None,
            },
        )  # fmt: skip
        if not scope.sees_certify:
            cursor.execute(export_sql.DROP_CERTIFY)
            _count(tally, CERTIFY, cursor.rowcount)
        if split:
            cursor.execute(export_sql.DROP_UNPLACED)
            _count(tally, NO_SPLIT, cursor.rowcount)
        cursor.execute("ANALYZE export_label")


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


def _filters(filters: Filters) -> dict[str, Any]:
    return {
        "min_p": filters.min_p, "criterion": list(filters.criterion) or None, "basis": list(filters.basis) or None,
        "generator": list(filters.generator) or None, "language": list(filters.language) or None,
        "rubric": filters.rubric, "round": list(filters.round) or None, "since": filters.since, "until": filters.until,
    }  # fmt: skip
