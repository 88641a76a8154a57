"""A person's judgment row, read back as the answer they gave."""

from __future__ import annotations

from annotation.rules.answers import Answer
from judge.models import Judgment
from judge.rules.settling import FLAGGED, SKIPPED


def answer_of(row: Judgment) -> Answer:
    """Needs ``row.text`` loaded."""
    return Answer(
        label=row.label,
        is_skipped=row.unscored_reason == SKIPPED,
        is_flagged=row.unscored_reason == FLAGGED,
        note=row.text.note if row.text else "",
    )
