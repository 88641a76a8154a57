"""Two judges side by side on the gold cases that both have judged: who may be promoted is seen here, never on certify
or audit cases, which prove the judge that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judge.actions import bulk, rubrics
from judge.errors import InputError
from judge.models import Criterion, Judge

if TYPE_CHECKING:
    from judge.stats.comparison import Paired

#: Gold cases with their label, as each of two judges sees them. Verdicts in doubt are wrong by nobody's vote: they
#: go to people, so both judges are compared on what they say, doubted or not.
GOLD = """
SELECT i.context_id, a.label, s.passes, v.label, w.label, t.passes, u.passes
FROM judge_case c
JOIN judge_item i ON i.id = c.item_id AND i.stream = 'gold'
JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live' AND a.basis <> 'judge'
JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = %(first)s
JOIN judge_verdict w ON w.case_id = c.id AND w.judge_id = %(second)s
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.key = a.label
LEFT JOIN judge_scale_label t ON t.criterion_id = c.criterion_id AND t.key = v.label
LEFT JOIN judge_scale_label u ON u.criterion_id = c.criterion_id AND u.key = w.label
WHERE c.criterion_id = %(criterion)s
ORDER BY c.id
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one judge does: right of n; of the items that pass (fail) by people, how many it lets pass (stops)."""

    n_right: int
    n_unscored: int
    passed: tuple[int, int]
    stopped: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """``paired`` is None where no gold case was judged by both."""

    criterion: Criterion
    paired: Paired | None
    first: Rates
    second: Rates


def compare(first: Judge, second: Judge) -> list[Comparison]:
    """By criterion of the rubric in force. Raises InputError for judges of two projects, and for one judge twice."""
    if first.project_id != second.project_id or first.pk == second.pk:
        raise InputError(f"judges {first.version} and {second.version}", expected="two judges of one project")
    return [_compare(first, second, criterion) for criterion in rubrics.criteria_in_force(first.project)]


def _compare(first: Judge, second: Judge, criterion: Criterion) -> Comparison:
    from judge.stats import comparison

    rows = bulk.execute(GOLD, first=first.pk, second=second.pk, criterion=criterion.pk)
    contexts = [row[0] for row in rows]
    truth, said = [row[1] for row in rows], {0: [row[3] for row in rows], 1: [row[4] for row in rows]}
    right = {side: [one == other for one, other in zip(labels, truth, strict=True)] for side, labels in said.items()}
    paired = comparison.compare(first_is_right=right[0], second_is_right=right[1], groups=contexts) if rows else None
    passes = {0: [row[5] for row in rows], 1: [row[6] for row in rows]}
    wanted = [row[2] for row in rows]
    rates = [_rates(right[side], said[side], passes[side], wanted) for side in (0, 1)]
    return Comparison(criterion, paired, *rates)


def _rates(right: list[bool], said: list[str | None], passes: list[bool | None], wanted: list[bool | None]) -> Rates:
    counts: Mapping[bool, list[bool | None]] = {
        want: [mine for mine, its in zip(passes, wanted, strict=True) if its is want] for want in (True, False)
    }
    return Rates(
        sum(right),
        sum(label is None for label in said),
        (sum(mine is True for mine in counts[True]), len(counts[True])),
        (sum(mine is False for mine in counts[False]), len(counts[False])),
    )
