"""Answers given elsewhere, by people and machines: a file in, judgments through the one door, a report out.

Lines are staged by COPY and matched to cases in the database, so memory stays flat. All of it is one transaction: a
file goes in as a whole (rejected lines aside) or not at all, and the same file again adds nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection, transaction

from judge.actions import events, imported_people, judgment_sql, judgments, rubrics
from judge.actions.imported_people import NOTHING_DECLARED, Declared
from judge.actions.imports import Progress, counted, rejecting
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.formats.judgment_lines import JudgmentLine, Scales, foreign_keys, judgment_from_row
from judge.formats.reading import Rejected, Row, excerpt, read_rows
from judge.models import Project, Purpose, Rater, User

#: Answers that go through the door at a time; bounds memory, not meaning.
BATCH = 2_000
#: People's answers from which an import refreshes the planner's statistics itself instead of waiting for autovacuum.
ANALYZE_FROM = 200
#: Names of columns that are remembered to be told as unused.
MOST_UNUSED = 20
ORIGIN = "import"
#: A rater's kind in the database → what a line calls it.
TOLD_KINDS = {"person": "person", "machine": "judge"}


@dataclass(slots=True)
class JudgmentReport:
    """What an import of judgments did. ``n_known`` lines say what was there already."""

    n_read: int = 0
    n_taken: int = 0
    n_known: int = 0
    n_rejected: int = 0
    n_people: int = 0
    n_machines: int = 0
    n_agreed: int = 0
    n_disputed: int = 0
    streams: Counter[str] = field(default_factory=Counter)
    unused: set[str] = field(default_factory=set)

    @property
    def unused_columns(self) -> str:
        return ", ".join(sorted(self.unused))


def import_judgment_file(
    project: Project,
    source: Path | BinaryIO,
    *,
    by: User | None,
    name: str,
    origin: str = ORIGIN,
    declared: Declared = NOTHING_DECLARED,
    rejected_path: Path | None = None,
    on_reject: Callable[[Rejected], None] | None = None,
    progress: Progress | None = None,
) -> JudgmentReport:
    """Import one file of judgments. Raters are known by kind, ``origin`` and name within the project.

    Rejected lines go to ``rejected_path`` (written only if there are any) and to ``on_reject``. Raises InputError where
    the file as a whole, or what is ``declared`` of it, cannot be taken; then nothing went in.
    """
    with rejecting(rejected_path, on_reject) as reject:
        rows = counted(read_rows(source, name=name), progress)
        return import_judgments(project, rows, by=by, reject=reject, origin=origin, declared=declared, name=name)


@transaction.atomic
def import_judgments(
    project: Project,
    rows: Iterable[Row | Rejected],
    *,
    by: User | None,
    reject: Callable[[Rejected], None],
    origin: str = ORIGIN,
    declared: Declared = NOTHING_DECLARED,
    name: str = "",
) -> JudgmentReport:
    """Import ``rows``; lines that cannot be taken go to ``reject`` and the rest goes in."""
    staged = _Staging(project, reject)
    staged.fill(rows)
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # one import at a time: none doubles another
    staged.find_cases()
    frames = staged.frames()
    staged.drop_doubles(origin)
    report, source = staged.report, f"{origin}: {name}"[:120]
    report.n_people = _record(staged, staged.raters(Rater.Kind.PERSON, origin), by=by, source=source)
    _analyze(report.n_taken)
    report.streams = imported_people.declare(frames, declared)  # before the machines' answers are routed by stream
    report.n_machines = _record(staged, staged.raters(Rater.Kind.MACHINE, origin), by=by, source=source)
    report.n_agreed, report.n_disputed = imported_people.settle(project, frames, by=by)
    staged.drop()
    events.note(
        project, "judgments imported", by=by, subject=f"origin:{origin}"[:80], file=name, judgments=report.n_taken,
        rejected=report.n_rejected, sample=declared.is_sample, reference=declared.reference.value,
    )  # fmt: skip
    return report


def _analyze(n_taken: int) -> None:
    """With the statistics of tables that were empty a moment ago, what follows would cost the cube of the answers."""
    if n_taken >= ANALYZE_FROM:
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.ANALYZE)


def _record(staged: _Staging, raters: Iterable[Rater], *, by: User | None, source: str) -> int:
    """Put the raters' answers through the door; returns how many raters there were."""
    n_raters = 0
    for rater in raters:
        n_raters += 1
        for answers in staged.answers(rater):
            judgments.record(answers, rater=rater, by=by, origin=source)
            staged.report.n_taken += len(answers)
    return n_raters


class _Staging:
    """The lines of one import in a temporary table, on their way to cases and raters."""

    def __init__(self, project: Project, reject: Callable[[Rejected], None]) -> None:
        if project.rubric is None:
            raise InputError(f"{project.name} has no rubric in force")
        criteria = rubrics.criteria_in_force(project)
        self._project, self._reject = project, reject
        self._criteria = {criterion.key: criterion.pk for criterion in criteria}
        self._keys = {criterion.pk: criterion.key for criterion in criteria}
        self._scales = Scales(criterion.question for criterion in criteria)
        self.report = JudgmentReport()

    def fill(self, rows: Iterable[Row | Rejected]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.CREATE_STAGING)
            with cursor.copy(judgment_sql.COPY_STAGING) as copy:
                for number, line in self._lines(rows):
                    copy.write_row(_staged(number, line, self._criteria[line.criterion]))

    def find_cases(self) -> None:
        """Match lines to cases; refuse lines of items that are not there."""
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.FIND_ITEMS, [self._project.pk])
            cursor.execute(judgment_sql.FIND_CASES)
        for *told, is_item in _stream(judgment_sql.UNKNOWN):
            problem = "has no case for this criterion" if is_item else "is not in this project"
            self._refuse(told, f'item "{told[1]}" {problem}', expected="an item that was imported")
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.DELETE_UNKNOWN)
            cursor.execute(judgment_sql.INDEX_STAGING)
            cursor.execute(judgment_sql.ANALYZE_STAGING)

    def frames(self) -> list[int]:
        """The frames of the items that people answered in this file."""
        return [pk for (pk,) in _stream(judgment_sql.FRAMES)]

    def drop_doubles(self, origin: str) -> None:
        """Leave out what the same rater said before; refuse what it said otherwise before."""
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.CREATE_DOUBLES, {"project": self._project.pk, "origin": origin})
            cursor.execute(judgment_sql.DELETE_DOUBLES)
            n_doubled = cursor.rowcount
        n_changed = 0
        for *told, known in _stream(judgment_sql.CHANGED):
            n_changed += 1
            problem = f'"{told[3]}" gave item "{told[1]}" another answer before'
            self._refuse(told, problem, expected=f"{known}, or another name for the rater")
        self.report.n_known = n_doubled - n_changed

    def raters(self, kind: Rater.Kind, origin: str) -> Iterator[Rater]:
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.RATERS, [kind.value])
            names = [name for (name,) in cursor.fetchall()]
        for name in names:
            rater, _ = Rater.objects.get_or_create(project=self._project, kind=kind, origin=origin, name=name)
            yield rater

    def answers(self, rater: Rater) -> Iterator[list[NewJudgment]]:
        """The rater's answers by case, BATCH at a time."""
        last = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(judgment_sql.ANSWERS, [rater.kind, rater.name, last, BATCH])
                rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [_new(row, is_person=rater.kind == Rater.Kind.PERSON) for row in rows]

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(judgment_sql.DROP_STAGING)

    def _lines(self, rows: Iterable[Row | Rejected]) -> Iterator[tuple[int, JudgmentLine]]:
        for row in rows:
            self.report.n_read += 1
            if isinstance(row, Rejected):
                self._turn_away(row)
                continue
            try:
                line = judgment_from_row(row.data, scales=self._scales, where=f"line {row.number}")
            except InputError as error:
                self._turn_away(Rejected(row.number, str(error), excerpt(row.data)))
                continue
            if len(self.report.unused) < MOST_UNUSED:
                self.report.unused |= foreign_keys(row.data)
            yield row.number, line

    def _refuse(self, told: list[Any], problem: str, *, expected: str) -> None:
        number, item, criterion_id, rater, kind, label = told
        raw = {
            "item_id": item, "criterion": self._keys[criterion_id], "rater": rater, "kind": TOLD_KINDS[kind],
            "label": label,
        }  # fmt: skip
        self._turn_away(Rejected(number, str(InputError(problem, where=f"line {number}", expected=expected)),
                                 excerpt(raw)))  # fmt: skip

    def _turn_away(self, rejected: Rejected) -> None:
        self.report.n_rejected += 1
        self._reject(rejected)


def _staged(number: int, line: JudgmentLine, criterion_id: int) -> tuple[Any, ...]:
    return (
        number,
        line.item_id,
        criterion_id,
        Rater.Kind.PERSON.value if line.is_person else Rater.Kind.MACHINE.value,
        line.rater,
        line.label,
        line.unscored_reason,
        json.dumps(line.probs) if line.probs else None,
        line.confidence,
        line.rationale,
        line.at,
    )


def _new(row: tuple[Any, ...], *, is_person: bool) -> NewJudgment:
    case_id, label, unscored_reason, probs, confidence, rationale, at = row
    return NewJudgment(
        case_id,
        label,
        unscored_reason=unscored_reason,
        probs=_probs(probs),
        note=rationale if is_person else "",
        rationale="" if is_person else rationale,
        purpose=Purpose.IMPORTED,
        confidence=confidence,
        at=at,
    )


def _probs(stored: str | Mapping[str, float] | None) -> Mapping[str, float] | None:
    return json.loads(stored) if isinstance(stored, str) else stored  # Django's cursors hand jsonb over as text


def _stream(statement: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(BATCH):
            yield from rows
