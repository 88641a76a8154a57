"""Two judges side by side on the gold cases that both have judged: who may be promoted is seen here, never on certify
or audit cases, which prove the judge that is chosen: the statement below reads the gold stream alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from judge import registry
from judge.actions import bulk, rubrics
from judge.errors import InputError
from judge.models import Criterion, Judge, Project
from judge.registry import CaseCost

if TYPE_CHECKING:
    from judge.stats.comparison import Paired
    from judge.stats.comparison_measures import Measured
    from judge.stats.records import Share

#: Gold cases with their label, as each of two judges sees them. Verdicts in doubt are wrong by nobody's vote: they
#: go to people, so both judges are compared on what they say, doubted or not; but a doubted one is never accepted.
GOLD = """
SELECT i.context_id, a.label, s.passes, v.label, t.passes, CASE WHEN v.doubt = '' THEN v.confidence END,
       w.label, u.passes, CASE WHEN w.doubt = '' THEN w.confidence END
FROM judge_case c
JOIN judge_item i ON i.id = c.item_id AND i.stream = 'gold'
JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live' AND a.basis <> 'judge'
JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = %(first)s
JOIN judge_verdict w ON w.case_id = c.id AND w.judge_id = %(second)s
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.key = a.label
LEFT JOIN judge_scale_label t ON t.criterion_id = c.criterion_id AND t.key = v.label
LEFT JOIN judge_scale_label u ON u.criterion_id = c.criterion_id AND u.key = w.label
WHERE c.id = ANY (%(cases)s::bigint[]) AND c.criterion_id = %(criterion)s
ORDER BY c.id
"""
#: Few among many: read once, so that what follows looks up these alone.
GOLD_CASES = """
SELECT c.id FROM judge_item i JOIN judge_case c ON c.item_id = i.id
WHERE i.project_id = %(project)s AND i.stream = 'gold'
"""


class Said(NamedTuple):
    """What a judge said of one case. ``sure`` is its confidence, None where it is never accepted."""

    label: str | None
    passes: bool | None
    sure: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """What one judge does: right of n; of the items that pass (fail) by people, how many it lets pass (stops).

    ``tpr`` and ``tnr`` are these two as shares with Clopper–Pearson intervals, as if every case were a context of its
    own. An unscored case neither passes nor is stopped.
    """

    n_right: int
    n_unscored: int
    passed: tuple[int, int]
    stopped: tuple[int, int]
    tpr: Share
    tnr: Share


@dataclass(frozen=True, slots=True)
class Comparison:
    """``paired`` is None where no gold case was judged by both; ``kappa`` also where all labels are one.

    ``coverage``: what each could accept of these cases with at most ``alpha`` of it wrong.
    """

    criterion: Criterion
    alpha: float
    paired: Paired | None
    first: Rates
    second: Rates
    kappa: Measured | None
    coverage: Measured | None


def compare(first: Judge, second: Judge) -> list[Comparison]:
    """By criterion of the rubric in force. Raises InputError for judges of two projects, and for one judge twice."""
    if first.project_id != second.project_id or first.pk == second.pk:
        raise InputError(f"judges {first.version} and {second.version}", expected="two judges of one project")
    cases = gold_cases(first.project)
    return [_compare(first, second, criterion, cases) for criterion in rubrics.criteria_in_force(first.project)]


def gold_cases(project: Project) -> list[int]:
    return [pk for (pk,) in bulk.execute(GOLD_CASES, project=project.pk)]


def cost_of(judge: Judge) -> CaseCost | None:
    """What a case costs the judge; None where nobody kept count."""
    return next((found for each in registry.judge_costs.values() if (found := each(judge))), None)


def _compare(first: Judge, second: Judge, criterion: Criterion, cases: Iterable[int]) -> Comparison:
    from judge.stats import comparison, comparison_measures

    assert first.project.policy is not None
    alpha, _ = first.project.policy.risk_of(criterion.key)
    rows = bulk.execute(GOLD, first=first.pk, second=second.pk, criterion=criterion.pk, cases=bulk.array(cases))
    groups, truth, wanted = ([row[place] for row in rows] for place in range(3))
    said = [[Said(*row[at : at + 3]) for row in rows] for at in (3, 6)]
    right = [[each.label == label for each, label in zip(side, truth, strict=True)] for side in said]
    one, other = (_rates(side, truth, wanted) for side in said)
    if not rows:
        return Comparison(criterion, alpha, None, one, other, None, None)
    labels = [[each.label for each in side] for side in said]
    sure = [[each.sure for each in side] for side in said]
    return Comparison(
        criterion,
        alpha,
        comparison.compare(first_is_right=right[0], second_is_right=right[1], groups=groups),
        one,
        other,
        comparison_measures.kappa(truth=truth, first=labels[0], second=labels[1], groups=groups),
        comparison_measures.coverage(confidence=sure, is_right=right, groups=groups, alpha=alpha),
    )


def _rates(said: Sequence[Said], truth: Sequence[str], wanted: Sequence[bool | None]) -> Rates:
    from judge.stats import exact

    counts = {
        want: [each.passes is want for each, its in zip(said, wanted, strict=True) if its is want]
        for want in (True, False)
    }
    passed, stopped = ((sum(hits), len(hits)) for hits in counts.values())
    n_right = sum(each.label == label for each, label in zip(said, truth, strict=True))
    n_unscored = sum(each.label is None for each in said)
    return Rates(n_right, n_unscored, passed, stopped, exact.share(*passed), exact.share(*stopped))
