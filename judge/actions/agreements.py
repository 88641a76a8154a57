"""How far people agree with each other: counted by workers, kept as a summary, shown to leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from judge.actions import agreement_sql, bulk, summaries
from judge.errors import InputError
from judge.models import Criterion, Project, Rater, RubricCriterion, Summary
from judge.rules.scales import ScaleKind

if TYPE_CHECKING:
    from judge.stats.agreement import Agreement, Weighting

NAME = "agreement"
#: Pairs of people shown of each criterion, those with most cases in common first; cases that people split on most.
MOST_PAIRS, MOST_SPLITS = 20, 30
#: Each person's latest answers to a criterion; the cases of these are counted.
MOST_ANSWERS = 2_000
#: Cases that two people must share before a kappa of theirs is told.
LEAST_SHARED = 20


def refresh(project: Project) -> bool:
    """Count anew if anything has moved since the last time."""
    return summaries.refresh(project, NAME)


def read(project: Project) -> Summary | None:
    """What was counted last; None where nothing has happened yet, or no worker has looked."""
    return summaries.read(project, NAME)


def measure(project: Project) -> dict[str, Any]:
    """All figures, by criterion: JSON-able."""
    patterns = _patterns(project)
    criteria = {each.pk: each for each in Criterion.objects.filter(pk__in=patterns)}
    tables, splits, versions = _pairs(project), _splits(project), _versions(patterns)
    return {
        "criteria": [
            {
                "criterion": pk,
                "rubrics": versions.get(pk, []),
                "all": _measures(criteria[pk], _summed(by_language.values())),
                "languages": {
                    language: _measures(criteria[pk], counts)
                    for language, counts in sorted(by_language.items())
                    if len(by_language) > 1
                },
                "pairs": [_pair(criteria[pk], *told) for told in _busiest(tables.get(pk, {}))],
                "splits": splits.get(pk, []),
            }
            for pk, by_language in sorted(patterns.items())
        ]
    }


def in_short(project: Project) -> dict[int, dict[str, Any]]:
    """The figures of each criterion, without pairs of people and cases: as last counted, else counted now."""
    if summary := read(project):
        return {each["criterion"]: each["all"] for each in summary.data["criteria"]}
    patterns = _patterns(project)
    criteria = Criterion.objects.in_bulk(patterns)
    return {pk: _measures(criteria[pk], _summed(found.values())) for pk, found in sorted(patterns.items())}


type Patterns = dict[tuple[str, ...], int]


def _patterns(project: Project) -> dict[int, dict[str, Patterns]]:
    """Criterion → language → the answers to a case, sorted → how many cases have them."""
    found: dict[int, dict[str, Patterns]] = defaultdict(lambda: defaultdict(dict))
    for criterion, language, labels, n in bulk.execute(agreement_sql.PATTERNS, project=project.pk, most=MOST_ANSWERS):
        found[criterion][language][tuple(labels)] = n
    return found


def _summed(parts: Iterable[Patterns]) -> Patterns:
    found: Patterns = defaultdict(int)
    for part in parts:
        for labels, n in part.items():
            found[labels] += n
    return found


def _measures(criterion: Criterion, patterns: Patterns) -> dict[str, Any]:
    """Alpha (ordinal where the scale is graded), AC1 and the share of pairs of answers that agree."""
    import numpy as np

    from judge.stats import agreement

    keys = criterion.question.label_keys
    rows = [[labels.count(key) for key in keys] for labels in patterns]
    counts = np.repeat(np.array(rows), list(patterns.values()), axis=0)
    is_graded = criterion.kind == ScaleKind.GRADED
    return {
        "n": len(counts),
        "alpha": _told(lambda: agreement.alpha_interval(counts, "ordinal" if is_graded else "nominal")),
        "ac1": _told(lambda: agreement.ac_interval(counts, "quadratic" if is_graded else "identity")),
        "is_graded": is_graded,
        "agree": sum(n for labels, n in patterns.items() if len(set(labels)) == 1),
    }


def _told(measure: Callable[[], Agreement]) -> dict[str, float] | None:
    """A measure with its interval; None where it cannot be told: everybody gave the same label, or too few answered."""
    try:
        found = measure()
    except InputError:
        return None
    if not all(map(isfinite, (found.value, found.low, found.high))):
        return None
    return {"value": found.value, "low": found.low, "high": found.high}


def _pairs(project: Project) -> dict[int, dict[tuple[int, int], dict[tuple[str, str], int]]]:
    found: dict[int, dict[tuple[int, int], dict[tuple[str, str], int]]] = defaultdict(lambda: defaultdict(dict))
    for criterion, one, other, said, heard, n in pairs(project):
        found[criterion][one, other][said, heard] = n
    return found


def pairs(project: Project) -> list[tuple[Any, ...]]:
    """What each two people said of the same cases: criterion, one, other, what each said, how often."""
    return bulk.execute(agreement_sql.PAIRS, project=project.pk, most=MOST_ANSWERS)


def _busiest(
    pairs: Mapping[tuple[int, int], Mapping[tuple[str, str], int]],
) -> Sequence[tuple[tuple[int, int], Mapping[tuple[str, str], int]]]:
    known = [(pair, table) for pair, table in pairs.items() if sum(table.values()) >= LEAST_SHARED]
    return sorted(known, key=lambda told: (-sum(told[1].values()), told[0]))[:MOST_PAIRS]


def _pair(criterion: Criterion, pair: tuple[int, int], table: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    import numpy as np

    from judge.stats import agreement

    keys = criterion.question.label_keys
    counts = np.array([[table.get((one, other), 0) for other in keys] for one in keys])
    weighting: Weighting = "quadratic" if criterion.kind == ScaleKind.GRADED else "identity"
    return {
        "people": list(pair),
        "n": int(counts.sum()),
        "same": int(np.trace(counts)),
        "kappa": _told(lambda: agreement.kappa_interval(counts, weighting)),
    }


def _splits(project: Project) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = bulk.execute(agreement_sql.SPLITS, project=project.pk, most=MOST_ANSWERS, limit=MOST_SPLITS)
    for criterion, case_id, item_id, identity, n, top in rows:
        found[criterion].append({"case": case_id, "item": item_id, "name": identity, "n": int(n), "top": int(top)})
    return found


def _versions(criteria: Iterable[int]) -> dict[int, list[int]]:
    """The rubric versions that ask each criterion: an unchanged question keeps its answers from one to the next."""
    found: dict[int, list[int]] = defaultdict(list)
    links = RubricCriterion.objects.filter(criterion__in=criteria).order_by("rubric__version")
    for criterion, version in links.values_list("criterion_id", "rubric__version"):
        found[criterion].append(version)
    return found


def names(ids: Iterable[int]) -> dict[int, str]:
    """The names of raters, for leads."""
    return dict(Rater.objects.filter(pk__in=ids).values_list("pk", "name"))
