"""Tallies that more than one summary reads: items, cases, verdicts and labels of a project."""

from __future__ import annotations

from collections import Counter

from judge.actions import bulk, tallies, tally_sql
from judge.actions.tallies import Kind, Sums
from judge.models import AgreedLabel, Case, Item, Project, Verdict

_ITEMS = Kind("items", Item, tally_sql.ITEMS)
_CASES = Kind("cases", Case, tally_sql.CASES)
_VERDICTS = Kind("verdicts", Verdict, tally_sql.VERDICTS)
_LABELS = Kind("labels", AgreedLabel, tally_sql.LABELS)


def items(project: Project) -> Sums:
    """By (generator, is certify)."""
    return tallies.count(project, _ITEMS)


def generators(project: Project) -> list[tuple[str, int]]:
    """The generators with their items, those that wrote most first; certify items do not count."""
    found = [(name, n) for (name, is_certify), n in items(project).items() if not is_certify]
    return sorted(found, key=lambda told: (-told[1], told[0]))


def cases(project: Project) -> Sums:
    """By (criterion, generator), without certify cases."""
    return tallies.count(project, _CASES)


def verdicts(project: Project) -> Sums:
    """What the judge in force says, by (criterion, label, kind of slice, value); nothing without a judge."""
    judge = project.judge_id
    return tallies.count(project, _VERDICTS, of=f"judge:{judge}", judge=judge) if judge else {}


def labels(project: Project) -> Sums:
    """Labels in force by (criterion, generator, label, is the judge's): all there ever were, less those that are gone.

    All first: a label that comes and goes between the two statements is in neither, or taken off once too often; the
    next count has it right.
    """
    ever = Counter(tallies.count(project, _LABELS))
    for *key, n in bulk.execute(tally_sql.GONE, project=project.pk):
        ever[tuple(key)] -= n
    return +ever
