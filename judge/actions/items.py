"""Imports: rows are staged by COPY, then contexts, items and cases are made in one transaction.

Nothing is half-written: a crash leaves the project as it was, and the same file again adds what is missing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from judge.actions import alarms, decisions, events, item_sql, rubrics
from judge.actions.staging import Staging
from judge.errors import InputError
from judge.formats.reading import Rejected, Row
from judge.formats.records import ItemRecord, items_from_row
from judge.models import Case, Frame, Project, User
from judge.rules import queueing
from judge.rules.routing import Evidence, Route, decide
from judge.rules.stages import Stage
from judge.rules.streams import Stream, StreamRates, default_rates, raised

#: Cases routed per transaction step where a project has no judge; bounds memory, not meaning.
ROUTE_BATCH = 5_000
#: New items from which an import refreshes the planner's statistics itself instead of waiting for autovacuum.
ANALYZE_FROM = 200
#: … where they are so much of all: the statistics of before fit the rest, and autovacuum is in time.
ANALYZE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``n_known`` items were there already, word for word."""

    n_read: int
    n_items: int
    n_known: int
    n_rejected: int
    n_contexts: int
    n_cases: int
    frame: str


Reject = Callable[[Rejected], None]


@transaction.atomic
def import_rows(
    project: Project,
    rows: Iterable[Row | Rejected],
    *,
    by: User | None,
    reject: Reject,
    frame: str,
    name: str = "",
    frame_size: int = 0,
) -> ImportReport:
    """Import ``rows`` into ``frame``; lines that cannot be taken go to ``reject`` and the rest goes in.

    ``frame_size``: how many items a new frame will hold in the end, where that is more than come now."""
    if project.rubric is None:
        raise InputError(f"{project.name} has no rubric in force")
    salt = _salt(project, frame)
    tally = _Tally(reject)
    with connection.cursor() as cursor:
        staging = Staging(cursor, salt)
        for number, record in _records(rows, project.task, tally):
            staging.add(number, record)
        staging.write()
        _reject_clashes(cursor, project, tally)
        cursor.execute(item_sql.COUNT_NEW, [project.pk])
        n_new = cursor.fetchone()[0]
        row = _frame(project, frame, salt, max(n_new, frame_size)) if n_new else None
        n_contexts, n_cases = _insert(cursor, project, row) if row else (0, 0)
        cursor.execute(item_sql.DROP_STAGING)
        _refresh_statistics(cursor, n_new)
    report = ImportReport(
        tally.n_read, n_new, tally.n_records - tally.n_clashes - n_new, tally.n_rejected, n_contexts, n_cases, frame
    )
    if row and project.judge_id is None and Case.objects.filter(project=project, stage=Stage.IMPORTED).exists():
        _send_to_people(project, row)
    events.note(
        project,
        "items imported",
        by=by,
        subject=f"frame:{frame}",
        file=name,
        items=n_new,
        rejected=tally.n_rejected,
        cases=n_cases,
    )
    return report


class _Tally:
    """Counts what was read and hands rejected lines on."""

    def __init__(self, reject: Reject) -> None:
        self.reject, self.n_read, self.n_records, self.n_rejected, self.n_clashes = reject, 0, 0, 0, 0

    def refuse(self, rejected: Rejected) -> None:
        self.n_rejected += 1
        self.reject(rejected)


def _records(rows: Iterable[Row | Rejected], task: str, tally: _Tally) -> Iterator[tuple[int, ItemRecord]]:
    for row in rows:
        tally.n_read += 1
        if isinstance(row, Rejected):
            tally.refuse(row)
            continue
        try:
            records = items_from_row(
                row.data, task=task, where=f"line {row.number}", is_storable=row.is_storable, size=row.size
            )
        except InputError as error:
            tally.refuse(Rejected(row.number, str(error), _raw(row.data)))
            continue
        tally.n_records += len(records)
        yield from ((row.number, record) for record in records)


def _salt(project: Project, frame: str) -> str:
    known = Frame.objects.filter(project=project, name=frame).values_list("salt", flat=True).first()
    return known or secrets.token_hex(16)


def _frame(project: Project, name: str, salt: str, n_items: int) -> Frame:
    """The frame called ``name``; a new one takes the policy's rates, or the default ones for its first import. While
    an alarm stands it draws more certify cases: they alone can certify the judge anew."""
    assert project.policy is not None
    rates = default_rates(n_items)
    if project.policy.train_rate is not None:
        rates = StreamRates(
            project.policy.train_rate, project.policy.certify_rate or 0.0, project.policy.gold_rate or 0.0
        )
    is_alarmed = alarms.are_standing(project)
    rates = raised(rates) if is_alarmed else rates
    frame, is_new = Frame.objects.get_or_create(
        project=project,
        name=name,
        defaults={"salt": salt, "train_rate": rates.train, "certify_rate": rates.certify, "gold_rate": rates.gold},
    )
    if is_new and is_alarmed:
        events.note(project, "certify rate raised", by=None, subject=f"frame:{name}", certify_rate=rates.certify)
    return frame


def _reject_clashes(cursor: Any, project: Project, tally: _Tally) -> None:
    """Refuse lines whose id already stands for something else: in the project, or earlier in the same import."""
    cursor.execute(item_sql.DELETE_CLASHES, {"project": project.pk})
    for number, identity, what, raw in cursor.fetchall():
        tally.n_clashes += 1
        problem = f'line {number}: id "{identity}" already stands for another {what} (expected: a new id)'
        tally.refuse(Rejected(number, problem, raw))


def _insert(cursor: Any, project: Project, frame: Frame) -> tuple[int, int]:
    """Contexts, items and cases of the staged lines that are new; returns how many contexts and cases."""
    cursor.execute(item_sql.INSERT_CONTEXTS, [project.pk])
    n_contexts = cursor.rowcount
    cursor.execute(
        item_sql.INSERT_ITEMS_AND_CASES,
        {
            "project": project.pk,
            "frame": frame.pk,
            "train": frame.train_rate,
            "certify": frame.certify_rate,
            "gold": frame.gold_rate,
            "criteria": [criterion.pk for criterion in rubrics.criteria_in_force(project)],
            "policy": project.policy_id,
            **_starts(project),
        },
    )
    return n_contexts, cursor.fetchone()[0]


def _starts(project: Project) -> dict[str, list[Any]]:
    """How cases of each stream begin, in columns: a project without a judge has nobody to wait for, so they go to
    people at once."""
    rows: list[tuple[Any, ...]] = [(stream.value, Stage.IMPORTED.value, 0, 0, None) for stream in Stream]
    if project.judge_id is None:
        assert project.policy is not None
        routings = [decide(Evidence(stream), project.policy.terms) for stream in Stream]
        assert all(each.route is Route.PEOPLE for each in routings)
        rows = [
            (
                stream.value,
                Stage.PEOPLE.value,
                each.people_wanted,
                queueing.priority(each.reason) or 0,
                each.reason.value,
            )
            for stream, each in zip(Stream, routings, strict=True)
        ]
    names = ("streams", "stages", "people", "priorities", "reasons")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _send_to_people(project: Project, frame: Frame) -> None:
    """What came into the frame while the project had a judge, and still waits for one."""
    waiting = Case.objects.filter(item__frame=frame, stage=Stage.IMPORTED).select_related("item").order_by("pk")
    while batch := list(waiting[:ROUTE_BATCH]):
        decisions.route(project, batch, verdicts={})


def _refresh_statistics(cursor: Any, n_new: int) -> None:
    """An import that makes much of the table leaves the planner with plans for an empty one."""
    if n_new < ANALYZE_FROM:
        return
    cursor.execute(item_sql.GROWN, [n_new, ANALYZE_SHARE])
    if cursor.fetchone()[0]:
        cursor.execute(item_sql.ANALYZE)


def _raw(data: Mapping[str, object]) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)[:2_000]
