"""What people's answers are worth: tables that workers fit and that settling reads (STATISTICS §5)."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from django.db.models.functions import Now

from judge.actions import bulk, skill_sql
from judge.models import ScaleLabelRow, SkillTable
from judge.rules.settling import majority
from judge.rules.skills import MOST_COUNTED, UNKNOWN, Breakpoints, Confusion, Said, Skills, soft_label

#: Gold cases that q is calibrated on at least, and labels of one number of people within them.
LEAST_GOLD, LEAST_LABELS = 200, 50
#: For so many seconds a process trusts the tables that it has read.
FRESH = 30.0

#: Criterion id → when read, what was read.
_READ: dict[int, tuple[float, Skills]] = {}


def of_criteria(criteria: Iterable[int]) -> dict[int, Skills]:
    """What is known of people on each of these criteria, at most ``FRESH`` seconds old: one query, or none."""
    wanted, oldest = set(criteria), time.monotonic() - FRESH
    stale = {each for each in wanted if each not in _READ or _READ[each][0] < oldest}
    if stale:
        rows = SkillTable.objects.filter(criterion__in=stale).values_list("criterion_id", "confusions", "calibration")
        found = {criterion: _skills(confusions, calibration) for criterion, confusions, calibration in rows}
        _READ.update({each: (time.monotonic(), found.get(each, UNKNOWN)) for each in stale})
    return {each: _READ[each][1] for each in wanted}


def refresh(criteria: Iterable[int] | None = None) -> list[int]:
    """Fit the tables of all criteria, or of these, on which something was said since the last fit; returns whose."""
    wanted = None if criteria is None else bulk.array(criteria)
    states = dict(bulk.execute(skill_sql.STATES, criteria=wanted))
    known = dict(SkillTable.objects.filter(criterion__in=states).values_list("criterion_id", "fitted_on"))
    news = sorted(each for each, state in states.items() if known.get(each) != state)
    for criterion in news:
        _refit(criterion, states[criterion])
    return news


@dataclass(frozen=True, slots=True)
class Material:
    """What one criterion's table is fitted on. ``said``: case → answers in order; ``gold``: case → label, weight."""

    labels: tuple[str, ...]
    said: Mapping[int, Sequence[Said]]
    priors: Mapping[int, Mapping[str, float]]
    gold: Mapping[int, tuple[str, float]]


def _refit(criterion: int, state: str) -> None:
    material = _read(criterion)
    confusions = fit(material)
    skills = Skills(confusions)
    tables = calibrate(material, skills) if len(material.gold) >= LEAST_GOLD else None
    SkillTable.objects.update_or_create(
        criterion_id=criterion,
        defaults={
            "confusions": confusions,
            "calibration": tables,
            "n_cases": len(material.said),
            "n_gold": len(material.gold),
            "fitted_on": state,
            "fitted_at": Now(),
        },
    )
    _READ.pop(criterion, None)


def _read(criterion: int) -> Material:
    scale = ScaleLabelRow.objects.filter(criterion=criterion).order_by("position").values_list("key", flat=True)
    said: dict[int, list[Said]] = defaultdict(list)
    for case, rater, label in bulk.execute(skill_sql.ANSWERS, criterion=criterion):
        said[case].append(Said(label, rater))
    priors = bulk.execute(skill_sql.PRIORS, cases=bulk.array(said))
    gold = bulk.execute(skill_sql.GOLD, criterion=criterion)
    return Material(
        tuple(scale),
        said,
        {case: orjson.loads(probs) for case, probs in priors},
        {case: (label, 1 / probability) for case, label, probability in gold if case in said},
    )


def fit(material: Material) -> dict[int, Confusion]:
    """Each person's confusion, by rater id."""
    from judge.stats.consensus import dawid_skene  # numpy: workers only

    answers = [(case, each) for case, said in material.said.items() for each in said]
    cases = {case: place for place, case in enumerate(material.said)}
    raters = {rater: place for place, rater in enumerate(dict.fromkeys(each.rater for _, each in answers))}
    codes = {label: place for place, label in enumerate(material.labels)}
    fit = dawid_skene(
        case=[cases[case] for case, _ in answers],
        rater=[raters[each.rater] for _, each in answers],
        label=[codes[each.label] for _, each in answers],
        n_labels=len(codes),
        prior=[list(soft_label((), material.labels, prior=material.priors.get(case)).values()) for case in cases],
    )
    return {
        rater: [[round(float(share), 5) for share in row] for row in fit.confusion[place]]
        for rater, place in raters.items()
        if rater is not None
    }


def calibrate(material: Material, skills: Skills) -> dict[int, Breakpoints]:
    """Tables by number of people. Every gold case tells of its first answer, of its first two and of all its answers;
    a case on which so many people have no majority tells nothing: it would make no label."""
    from judge.stats.label_calibration import calibrate_labels  # scikit-learn: workers only

    tables: dict[int, Breakpoints] = {}
    for n_people in range(1, MOST_COUNTED + 1):
        told = [each for case in material.gold if (each := _tell(material, case, n_people, skills))]
        if len(told) >= LEAST_LABELS:
            q, is_right, weight = zip(*told, strict=True)
            tables[n_people] = calibrate_labels(q=q, is_right=is_right, weight=weight)
    return tables


def _tell(material: Material, case: int, n_people: int, skills: Skills) -> tuple[float, bool, float] | None:
    """q of the label that so many people would have made, whether the adjudicator agrees, and the case's weight."""
    said = material.said[case]
    given = said if n_people == MOST_COUNTED else said[:n_people]
    label = majority([each.label for each in given], limit=MOST_COUNTED) if len(given) >= n_people else None
    if label is None:
        return None
    gold, weight = material.gold[case]
    q = soft_label(given, material.labels, prior=material.priors.get(case), skills=skills)[label]
    return q, label == gold, weight


def _skills(confusions: Mapping[str, Confusion], calibration: Mapping[str, Breakpoints] | None) -> Skills:
    """A row as the rules take it: names of JSON are text."""
    return Skills(
        {int(rater): confusion for rater, confusion in confusions.items()},
        {int(n): [(q, share) for q, share in points] for n, points in (calibration or {}).items()},
    )
