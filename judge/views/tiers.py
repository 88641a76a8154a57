"""The tier of an item as its page shows it: by the agreed labels, and by the judge's verdicts, each marked as such."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from judge.rules.tiers import Tier, tier
from judge.views.case_files import CaseFile


@dataclass(frozen=True, slots=True)
class Tiers:
    """None where a label is missing, or hidden from this reader."""

    agreed: Tier | None = None
    machine: Tier | None = None


def read(files: Sequence[CaseFile], *, in_force: Collection[int], judge_id: int | None, share: float) -> Tiers:
    """The tiers over the criteria ``in_force``, from what the reader of the files may see and nothing else.

    ``judge_id``: whose verdicts count; ``share`` of top marks makes a tier superior.
    """
    counted = [file for file in files if file.case.criterion_id in in_force]
    questions = [file.question for file in counted]
    agreed = {file.question.key: file.label.row.label for file in counted if file.label}
    verdicts = {
        file.question.key: file.verdict.label for file in counted if file.verdict and file.verdict.judge_id == judge_id
    }
    if len(counted) < len(in_force):
        return Tiers()
    return Tiers(
        agreed=None if any(file.people_hidden for file in counted) else tier(agreed, questions, share),
        machine=None if any(file.machines_hidden for file in counted) else tier(verdicts, questions, share),
    )
