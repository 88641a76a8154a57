"""How well people answer: counted by a worker, kept as a summary, shown to leads (docs/workbench.md)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from annotation.actions import quality_sql
from annotation.rules.measuring import FAST_SHARE, LEAST_MS, LEAST_TIMED
from judge.actions import agreements, bulk, skills, summaries
from judge.actions.skills import Material
from judge.models import Criterion, Project, Rater, Summary
from judge.rules.skills import Said

NAME = "quality"
#: Answers of a person to a criterion from which the confusion model's word on them is told.
LEAST_ANSWERS = 20
#: Answers of a person to a criterion that are looked at, the latest.
MOST_ANSWERS = 2_000

#: (how many, of how many)
type Count = list[int]


def refresh(project: Project) -> bool:
    """Count anew if anything has moved since the last time."""
    return summaries.refresh(project, NAME)


def read(project: Project) -> Summary | None:
    """What was counted last; None where nothing has happened yet, or no worker has looked."""
    return summaries.read(project, NAME)


def measure(project: Project) -> dict[str, Any]:
    """All figures: JSON-able. Every share is a count beside the number it is of."""
    counts, criteria = _counts(project), _by_criterion(project)
    raters = Rater.objects.in_bulk([*counts, *criteria])
    return {
        "people": [
            {
                "rater": pk,
                "user": raters[pk].user_id,
                "counts": counts.get(pk, {}),
                "criteria": criteria.get(pk, []),
            }
            for pk in sorted(raters)
        ],
        "usual_ms": _usual_ms(criteria, raters),
        "anchoring": _anchoring(project),
        "checked": list(bulk.execute(quality_sql.CHECKED, project=project.pk)[0]),
    }


def _execute(project: Project, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return bulk.execute(statement, project=project.pk, most=MOST_ANSWERS, **values)


def _counts(project: Project) -> dict[int, dict[str, Count]]:
    """Rater → what is counted of them → (how many, of how many)."""
    found: dict[int, dict[str, Count]] = defaultdict(dict)
    for rater, purpose, right, n in _execute(project, quality_sql.KNOWN):
        found[rater][purpose] = [right, n]
    for name, statement in (("repeats", quality_sql.REPEATS), ("adjudicated", quality_sql.ADJUDICATED)):
        for rater, same, n in _execute(project, statement):
            found[rater][name] = [same, n]
    limits = {"least_timed": LEAST_TIMED, "least_ms": LEAST_MS, "fast_share": FAST_SHARE}
    for rater, fast, n in _execute(project, quality_sql.FAST, **limits):
        found[rater]["fast"] = [fast, n]
    for rater, count in _peers(project).items():
        found[rater]["peers"] = count
    return found


def _peers(project: Project) -> dict[int, Count]:
    """How often each person and another one gave a case the same label, as the page Agreement counts it."""
    found: dict[int, Count] = defaultdict(lambda: [0, 0])
    for _criterion, one, other, said, heard, n in agreements.pairs(project):
        for rater in (one, other):
            found[rater][0] += n if said == heard else 0
            found[rater][1] += n
    known = set(Rater.objects.filter(pk__in=found, user__isnull=False).values_list("pk", flat=True))
    return {rater: count for rater, count in found.items() if rater in known}


def _by_criterion(project: Project) -> dict[int, list[dict[str, Any]]]:
    """Rater → one record for each criterion: usual time, and what the confusion model thinks of them."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    right = _right(project)
    times = {(rater, criterion): (ms, n) for rater, _u, criterion, ms, n in _execute(project, quality_sql.TIMES)}
    for rater, criterion in sorted({*times, *right}):
        usual, n_timed = times.get((rater, criterion), (None, 0))
        share, n = right.get((rater, criterion), (None, 0))
        record = {"criterion": criterion, "usual_ms": usual, "n_timed": n_timed, "right": share, "n": n}
        found[rater].append(record)
    return found


def _right(project: Project) -> dict[tuple[int, int], tuple[float | None, int]]:
    """(rater, criterion) → the share of their answers that the confusion model believes, and how many there are."""
    answers: dict[int, dict[int, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for criterion, case, rater, label in _execute(project, quality_sql.ANSWERS):
        answers[criterion][case].append(Said(label, rater))
    scales = {each.pk: each.question.label_keys for each in Criterion.objects.filter(pk__in=answers)}
    found: dict[tuple[int, int], tuple[float | None, int]] = {}
    for criterion, said in answers.items():
        for rater, told in _believed(Material(tuple(scales[criterion]), said, {}, {})).items():
            found[rater, criterion] = told
    return found


def _believed(material: Material) -> dict[int, tuple[float | None, int]]:
    """Σ_k p(k)·C[k|k] for each rater: p(k) the share of all answers that say k, C the rater's fitted confusion.

    None below ``LEAST_ANSWERS``: there the prior speaks, not the person.
    """
    given = Counter(each.label for said in material.said.values() for each in said)
    n_of = Counter(each.rater for said in material.said.values() for each in said if each.rater is not None)
    shares = [given[label] / given.total() for label in material.labels]
    confusions = skills.fit(material)
    return {
        rater: (sum(share * confusions[rater][k][k] for k, share in enumerate(shares)), n)
        if n >= LEAST_ANSWERS
        else (None, n)
        for rater, n in n_of.items()
    }


def _usual_ms(criteria: Mapping[int, list[dict[str, Any]]], raters: Mapping[int, Rater]) -> dict[str, dict[str, float]]:
    """Person → criterion → usual time, where it is known: what a submit is held against (lease_sql)."""
    return {
        str(raters[rater].user_id): {
            str(each["criterion"]): each["usual_ms"] for each in told if each["n_timed"] >= LEAST_TIMED
        }
        for rater, told in criteria.items()
    }


def _anchoring(project: Project) -> dict[str, Count]:
    """Agreement with the judge in force: with its view shown first, and blind."""
    rows = _execute(project, quality_sql.ANCHORING)
    return {"shown" if is_shown else "blind": [same, n] for is_shown, same, n in rows}
