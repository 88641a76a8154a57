"""Comparisons that the page Compare shows: two judges, two rubric versions, two generators, side by side.

Workers count the pairs that are looked at most, and those that somebody asked for: a wish is an event. Judges are
compared on the gold cases that both have judged (judge.actions.comparisons); rubric versions and generators on the
train and gold cases that people have decided, and how often the judge is right there on gold cases alone, as it may
have learned from train. Contexts that both sides know are resampled together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction

from judge.actions import bulk, comparison_sql, comparisons, events, queues, rubrics, summaries, tally_kinds
from judge.errors import InputError
from judge.models import Criterion, Event, Judge, Project, Rubric, Summary, User

if TYPE_CHECKING:
    from judge.stats.contrast import Contrast
    from judge.stats.records import Share

NAME = "comparisons"
ASKED = "comparison asked for"
JUDGES, RUBRICS, GENERATORS = "judges", "rubrics", "generators"
KINDS = (JUDGES, RUBRICS, GENERATORS)
#: Pairs of each kind that are counted unasked, wishes that are kept, cases told of a criterion.
MOST_UNASKED, MOST_WISHES, MOST_CASES = 3, 12, 20
#: Generators that may be compared, those that wrote most.
MOST_GENERATORS = 100


class Pair(NamedTuple):
    """``first`` and ``second``: versions of judges or rubrics as text, or names of generators."""

    kind: str
    first: str
    second: str


class Decided(NamedTuple):
    """A case that people have decided. ``said`` is the judge's label, empty where unscored, None where it is silent."""

    context: int
    item: int
    name: str
    label: str
    passes: bool | None
    said: str | None
    is_gold: bool


#: By criterion and generator.
type Table = Mapping[tuple[int, str], Sequence[Decided]]


def measure(project: Project) -> dict[str, Any]:
    """The figures of each pair, in the order of the page. JSON-able."""
    decided = _decided(project)
    generators = [name for name, _ in tally_kinds.generators(project) if name][:MOST_GENERATORS]
    pairs = wanted(project, generators)
    return {
        "pairs": [{**pair._asdict(), "criteria": _criteria(project, pair, decided)} for pair in pairs],
        "generators": generators,
    }


def refresh(project_id: int) -> bool:
    """What the worker does when somebody asked."""
    return summaries.refresh(Project.objects.get(pk=project_id), NAME)


def wanted(project: Project, generators: Sequence[str] = ()) -> list[Pair]:
    """Pairs that are looked at most, and those that somebody asked for, the latest wishes first."""
    known = {kind: set(sides(project, kind)) for kind in (JUDGES, RUBRICS)} | {GENERATORS: set(generators)}
    wishes = Event.objects.filter(project=project, verb=ASKED).order_by("-pk").values_list("data", flat=True)
    asked = [Pair(each["kind"], each["first"], each["second"]) for each in wishes[:MOST_WISHES]]
    there = [each for each in asked if {each.first, each.second} <= known.get(each.kind, set())]
    return list(dict.fromkeys([*_unasked(project, generators), *there]))


def sides(project: Project, kind: str) -> list[str]:
    """What may be compared: versions, the newest first, or generators, those that wrote most first."""
    if kind == GENERATORS:
        return _generators(project)
    rows: Any = Judge if kind == JUDGES else Rubric
    versions = rows.objects.filter(project=project).order_by("-version").values_list("version", flat=True)
    return [str(version) for version in versions]


def _generators(project: Project) -> list[str]:
    """As a worker counted them last: a page walks no items. Nobody has counted: then there are few."""
    counted = Summary.objects.filter(project=project, name=NAME).values_list("data__generators", flat=True).first()
    if counted is not None:
        return list(counted)
    return [name for (name,) in bulk.execute(comparison_sql.GENERATORS, project=project.pk, limit=MOST_GENERATORS)]


@transaction.atomic
def ask(project: Project, pair: Pair, *, by: User) -> None:
    """Have a worker count the pair now. Raises InputError for what cannot be compared, ServiceError without a queue."""
    if pair.kind not in KINDS or pair.first == pair.second:
        raise InputError("nothing to compare", expected=f"two of {', '.join(KINDS)}")
    if missing := {pair.first, pair.second} - set(sides(project, pair.kind)):
        raise InputError(f'there is no "{min(missing)[:40]}" among the {pair.kind} of this project')
    events.note(project, ASKED, by=by, subject=pair.kind, **pair._asdict())
    queues.send("judge.tasks.count_comparisons", project.pk)


def is_awaited(project: Project, pair: Pair) -> bool:
    """Whether somebody asked for the pair and no worker has counted since."""
    last = Event.objects.filter(project=project, verb=ASKED, data__kind=pair.kind).order_by("-pk").first()
    known = summaries.read(project, NAME)
    is_it = last is not None and (last.data["first"], last.data["second"]) == (pair.first, pair.second)
    return is_it and (known is None or last is None or known.computed_at < last.created_at)


def _unasked(project: Project, generators: Sequence[str]) -> Iterator[Pair]:
    """The judge in force against the newest others, the rubric in force against the one before, the greatest
    generators against each other."""
    others = [each for each in sides(project, JUDGES) if project.judge and each != str(project.judge.version)]
    for other in others[:MOST_UNASKED]:
        assert project.judge is not None
        yield Pair(JUDGES, str(project.judge.version), other)
    if project.rubric and project.rubric.version > 1:
        yield Pair(RUBRICS, str(project.rubric.version - 1), str(project.rubric.version))
    first, *rest = [*generators, ""]
    for other in rest[:MOST_UNASKED]:
        if other:
            yield Pair(GENERATORS, first, other)


def _criteria(project: Project, pair: Pair, decided: Table) -> list[dict[str, Any]]:
    if pair.kind == JUDGES:
        return list(_of_judges(project, pair))
    if pair.kind == RUBRICS:
        return list(_of_rubrics(project, pair, decided))
    return [
        {
            "criterion": each.pk,
            "key": each.key,
            **_of_sides(*(decided.get((each.pk, generator), []) for generator in pair[1:])),
        }
        for each in rubrics.criteria_in_force(project)
    ]


def _of_judges(project: Project, pair: Pair) -> Iterator[dict[str, Any]]:
    first, second = (Judge.objects.get(project=project, version=version) for version in pair[1:])
    cases = comparisons.gold_cases(project)
    for found in comparisons.compare(first, second):
        paired = found.paired
        told: dict[str, Any] = {"criterion": found.criterion.pk, "key": found.criterion.key, "n": 0}
        if paired:
            told |= {
                "n": paired.n, "right": [found.first.n_right, found.second.n_right],
                "gain": _rounded(paired.difference, paired.low, paired.high), "p": _round(paired.p_value),
                "lost": paired.n_first_only, "gained": paired.n_second_only,
                "lets_pass": [_share(found.first.tpr), _share(found.second.tpr)],
                "stops": [_share(found.first.tnr), _share(found.second.tnr)],
                "unscored": [found.first.n_unscored, found.second.n_unscored],
                "kappa": _measured(found.kappa), "coverage": _measured(found.coverage), "alpha": found.alpha,
                "cases": _differing(first, second, found.criterion, cases),
            }  # fmt: skip
        yield told


def _differing(first: Judge, second: Judge, criterion: Criterion, cases: Sequence[int]) -> list[dict[str, Any]]:
    rows = bulk.execute(
        comparison_sql.DIFFERING, first=first.pk, second=second.pk, criterion=criterion.pk, limit=MOST_CASES,
        cases=bulk.array(cases),
    )  # fmt: skip
    names = ("item", "name", "people", "first", "second", "kind")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _of_rubrics(project: Project, pair: Pair, decided: Table) -> Iterator[dict[str, Any]]:
    """Criteria by their key: one that reads the same in both is the same criterion, with the same cases."""
    sides = [
        {
            each.key: each
            for each in Criterion.objects.filter(links__rubric__project=project, links__rubric__version=version)
        }
        for version in pair[1:]
    ]
    for key in dict.fromkeys([*sides[1], *sides[0]]):
        first, second = (side.get(key) for side in sides)
        told: dict[str, Any] = {"key": key, "criterion": (second or first).pk}  # type: ignore[union-attr]
        if first is None or second is None:
            yield told | {"only": "first" if first else "second"}
        elif first == second:
            yield told | {"is_same": True}
        else:
            rows = [
                [row for (pk, _generator), found in decided.items() if pk == each.pk for row in found]
                for each in (first, second)
            ]
            yield told | {"old": first.pk} | _of_sides(*rows)


def _decided(project: Project) -> Table:
    table: dict[tuple[int, str], list[Decided]] = defaultdict(list)
    for criterion, generator, *told in bulk.execute(
        comparison_sql.DECIDED, project=project.pk, judge=project.judge_id or 0
    ):
        table[criterion, generator].append(Decided(*told))
    return table


def _of_sides(first: Sequence[Decided], second: Sequence[Decided]) -> dict[str, Any]:
    passing = [[each for each in side if each.passes is not None] for side in (first, second)]
    judged = [[each for each in side if each.is_gold and each.said is not None] for side in (first, second)]
    return {
        "n": [len(first), len(second)],
        "passes": _contrast(passing, [[bool(each.passes) for each in side] for side in passing]),
        "is_right": _contrast(judged, [[each.said == each.label for each in side] for side in judged]),
        "cases": _misaligned(first, second),
    }


def _misaligned(first: Sequence[Decided], second: Sequence[Decided]) -> list[dict[str, Any]]:
    """Cases of either side where the judge says something else than people; the second side's first."""
    found = [
        {"item": each.item, "name": each.name, "people": each.label, "said": each.said, "side": side}
        for side, rows in (("second", second), ("first", first))
        for each in rows
        if each.said is not None and each.said != each.label
    ]
    return found[:MOST_CASES]


def _contrast(rows: Sequence[Sequence[Decided]], hits: Sequence[Sequence[bool]]) -> dict[str, Any] | None:
    from judge.stats.contrast import contrast

    groups = [[each.context for each in side] for side in rows]
    found: Contrast | None = contrast(hits[0], hits[1], first_groups=groups[0], second_groups=groups[1])
    if found is None:
        return None
    return {
        "first": _share(found.first), "second": _share(found.second),
        "gain": _rounded(found.difference, found.low, found.high), "contexts": found.n_groups,
        "ahead": [found.n_first_ahead, found.n_second_ahead], "p": _round(found.p_value),
    }  # fmt: skip


def _share(found: Share) -> list[float]:
    """Hits, of how many, and the ends of the interval."""
    return [found.n_hits, found.n, *_rounded(found.low, found.high)]


def _measured(found: Any) -> Mapping[str, list[float]] | None:
    return found and {
        "first": _rounded(found.first, found.first_low, found.first_high),
        "second": _rounded(found.second, found.second_low, found.second_high),
        "gain": _rounded(found.gain, found.low, found.high),
    }


def _rounded(*values: float) -> list[float]:
    return [_round(value) for value in values]


def _round(value: float) -> float:
    return round(float(value), 6)
