"""The same question is never paid twice: what this very rater answered before is used again, marked as such."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence

from judge.actions import bulk
from judge.actions.judgments import NewJudgment
from judge.models import Rater
from llm_judge.rules.question_keys import KeyRing
from llm_judge.rules.scoring import JudgeCase

#: The latest answer to each of these questions. Cursors bring jsonb as text.
KNOWN = """
SELECT DISTINCT ON (c.request_key)
       c.request_key, j.label, j.probs, j.by_order, j.outside_mass, coalesce(t.rationale, '')
FROM llm_judge_completion c
JOIN judge_judgment j ON j.id = c.judgment_id
LEFT JOIN judge_judgmenttext t ON t.id = j.text_id
WHERE c.request_key = ANY (%(keys)s::uuid[]) AND c.rater_id = %(rater)s AND c.judgment_id IS NOT NULL
  AND c.error_kind = '' AND NOT c.is_cached AND c.erased_at IS NULL AND j.label IS NOT NULL
ORDER BY c.request_key, c.id DESC
"""


def keys_of(cases: Sequence[JudgeCase]) -> dict[int, uuid.UUID]:
    """The request key of each case, by case id."""
    ring = KeyRing()
    return {int(case.case_id): ring.key(case) for case in cases}


def find(rater: Rater, keys: Mapping[int, uuid.UUID]) -> dict[int, NewJudgment]:
    """Answers that this rater gave to equal questions, in this or another project, as new judgments by case id.

    Only answers with a label are used again: what went wrong once may go right. One query.
    """
    known = {key: said for key, *said in bulk.execute(KNOWN, rater=rater.pk, keys=bulk.array(keys.values()))}
    return {
        case_id: _again(case_id, *known[key]) for case_id, key in keys.items() if key in known
    }  # the label fits: the scale is part of the key


def _again(case_id: int, label: str, probs: str, by_order: str, outside: float, rationale: str) -> NewJudgment:
    return NewJudgment(
        case_id,
        label,
        probs=json.loads(probs) if probs else None,
        by_order=json.loads(by_order) if by_order else None,
        outside_mass=outside,
        rationale=rationale,
        duration_ms=0,
    )
