"""The same question is never paid twice: what this very rater answered before is used again, marked as such."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from judge.actions.judgments import NewJudgment
from judge.models import Rater
from llm_judge.models import Completion
from llm_judge.rules.question_keys import KeyRing
from llm_judge.rules.scoring import JudgeCase


def keys_of(cases: Sequence[JudgeCase]) -> dict[int, uuid.UUID]:
    """The request key of each case, by case id."""
    ring = KeyRing()
    return {int(case.case_id): ring.key(case) for case in cases}


def find(rater: Rater, keys: Mapping[int, uuid.UUID]) -> dict[int, NewJudgment]:
    """Answers that this rater gave to equal questions, in this or another project, as new judgments by case id.

    Only answers with a label are used again: what went wrong once may go right. One query.
    """
    known = _known(rater, set(keys.values()))
    return {
        case_id: _again(case_id, known[key]) for case_id, key in keys.items() if key in known
    }  # the label fits: the scale is part of the key


def _known(rater: Rater, keys: set[uuid.UUID]) -> dict[uuid.UUID, Completion]:
    paid = Completion.objects.filter(
        rater=rater, request_key__in=keys, judgment__isnull=False, error_kind="", is_cached=False, erased_at=None
    )
    rows = paid.select_related("judgment__text").order_by("pk")
    return {row.request_key: row for row in rows if row.request_key and row.judgment and row.judgment.label}


def _again(case_id: int, earlier: Completion) -> NewJudgment:
    judgment = earlier.judgment
    assert judgment is not None
    return NewJudgment(
        case_id,
        judgment.label,
        probs=judgment.probs,
        by_order=judgment.by_order,
        outside_mass=judgment.outside_mass,
        rationale=judgment.text.rationale if judgment.text else "",
        duration_ms=0,
        suspicion=judgment.suspicion,
    )
