"""Statements for many rows at once: what machines answer by the thousand goes through the door in a handful of them.

Rows travel as one JSON text and become records in Postgres: of all ways in, this one costs Python least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

#: In id order, so that two workers never wait for each other in a circle.
LOCK = """
SELECT c.id, c.criterion_id, c.project_id, c.stage, c.people_wanted, i.stream
FROM judge_case c JOIN judge_item i ON i.id = c.item_id
WHERE c.id = ANY (%(ids)s::bigint[]) ORDER BY c.id FOR NO KEY UPDATE OF c
"""

VOTED = """
SELECT case_id FROM judge_judgment
WHERE case_id = ANY (%(ids)s::bigint[]) AND rater_id = %(rater)s AND purpose = 'vote' AND retracted_at IS NULL
"""

INSERT_JUDGMENTS = """
INSERT INTO judge_judgment (case_id, criterion_id, rater_id, purpose, label, probs, by_order, outside_mass, confidence,
                            unscored_reason, origin, suspicion, text_id, duration_ms, created_at)
SELECT case_id, criterion_id, %(rater)s, purpose, label, probs, by_order, outside_mass, confidence,
       unscored_reason, %(origin)s, suspicion, text_id, duration_ms, coalesce(at, statement_timestamp())
FROM json_to_recordset(%(rows)s) AS new (
    case_id bigint, criterion_id bigint, purpose text, label text, probs jsonb, by_order jsonb, outside_mass float8,
    confidence float8, unscored_reason text, suspicion text, text_id bigint, duration_ms int, at timestamptz)
RETURNING case_id, id
"""

#: A judge speaks once on a case; it has said this before where nothing comes back.
INSERT_VERDICTS = """
INSERT INTO judge_verdict (case_id, criterion_id, judge_id, label, probs, confidence, doubt)
SELECT case_id, criterion_id, %(judge)s, label, probs, confidence, doubt
FROM json_to_recordset(%(rows)s) AS new (
    case_id bigint, criterion_id bigint, label text, probs jsonb, confidence float8, doubt text)
ON CONFLICT (case_id, judge_id) DO NOTHING
RETURNING case_id
"""

INSERT_DECISIONS = """
INSERT INTO judge_decision (case_id, route, reason, people_wanted, judge_id, policy_id, certificate_id, confidence,
                            threshold, is_audited, audit_probability)
SELECT case_id, route, reason, people_wanted, %(judge)s, %(policy)s, certificate_id, confidence, threshold,
       is_audited, audit_probability
FROM json_to_recordset(%(rows)s) AS new (
    case_id bigint, route text, reason text, people_wanted int, certificate_id bigint, confidence float8,
    threshold float8, is_audited bool, audit_probability float8)
ORDER BY case_id
RETURNING case_id, id
"""

#: What a judge says of the cases that it accepts, as agreed labels.
INSERT_ACCEPTED_LABELS = """
INSERT INTO judge_agreedlabel (case_id, criterion_id, label, basis, n_people, probs, p_wrong, status, decision_id,
                               reason)
SELECT v.case_id, v.criterion_id, v.label, 'judge', 0, v.probs, 1 - v.confidence, 'live', new.decision_id, ''
FROM json_to_recordset(%(rows)s) AS new (case_id bigint, decision_id bigint)
JOIN judge_verdict v ON v.case_id = new.case_id AND v.judge_id = %(judge)s
ORDER BY new.decision_id
"""

#: Their people's answers measure a judge from now on.
MARK_REFERENCES = "UPDATE judge_case SET is_reference = true WHERE id = ANY (%(ids)s::bigint[])"

MOVE = """
UPDATE judge_case SET stage = %(stage)s, people_wanted = %(people_wanted)s, stage_since = statement_timestamp(),
                      priority = coalesce(%(priority)s, priority)
WHERE id = ANY (%(ids)s::bigint[])
"""


@dataclass(slots=True)
class LockedCase:
    """What the door needs of a case that a machine answered: far less than its row."""

    pk: int
    criterion_id: int
    project_id: int
    stage: str
    people_wanted: int
    stream: str


def lock(ids: Iterable[int]) -> dict[int, LockedCase]:
    """The cases, locked in id order until the transaction ends: whoever locks first goes first."""
    return {row[0]: LockedCase(*row) for row in execute(LOCK, ids=array(ids))}


def voted(ids: Iterable[int], rater_id: int) -> set[int]:
    """Those of the cases on which the rater has a live vote."""
    return {case_id for (case_id,) in execute(VOTED, ids=array(ids), rater=rater_id)}


def insert(statement: str, rows: Sequence[Mapping[str, Any]], **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement that takes ``rows`` as records; what it returns."""
    return execute(statement, rows=orjson.dumps(rows).decode(), **values) if rows else []


def execute(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def array(ids: Iterable[int | UUID]) -> str:
    """Ids as Postgres writes an array.

    >>> array([3, 1])
    '{3,1}'
    """
    return "{" + ",".join(map(str, ids)) + "}"
