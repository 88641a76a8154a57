"""Milestone audits: at a new version of a generator or a judge, people label a random sample of recent outputs.

The population of a criterion is every open case that the judge has spoken on, whatever became of it: accepted, with
people, or settled. All of them can be drawn, and the draw looks at nothing but chance, so the sample is a simple random
one. Cases that people here have answered blind are taken as they are; the others are asked about in the common queue,
where nobody can tell why a case is there. An accepted case keeps the judge's label meanwhile, as an audit does.
Certify, gold and train cases are never drawn: they have other work, and training needs its own.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from judge.actions import case_locks, decisions, events, findings, references, rubrics
from judge.actions.references import Reading
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Criterion, Judge, Milestone, Project, User, Verdict
from judge.rules.routing import FIRST_PEOPLE, Reason
from judge.rules.settling import Basis
from judge.rules.stages import Stage
from judge.rules.streams import Stream

#: Cases drawn of each criterion unless somebody says otherwise, and at most.
SIZE, MOST = 200, 5_000
#: A nobody-can-foresee draw.
_RANDOM = random.SystemRandom()

DRAWN = "milestone drawn"


@transaction.atomic
def draw(
    project: Project,
    *,
    name: str,
    judge: Judge | None = None,
    size: int = SIZE,
    generator: str = "",
    round: int | None = None,
    since: datetime | None = None,
    by: User | None,
) -> Milestone:
    """Draw ``size`` cases of each criterion in force, all there are where there are fewer, and ask people about them.

    ``judge``: that in force without one; ``generator``, ``round`` and ``since`` (imported from then on) say which
    outputs are meant. Raises InputError for a name that is taken, a size out of range, and where there is nothing to
    draw from.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # of two draws of one name the second is refused
    wanted, chosen = _check_name(project, name), _check_judge(project, judge)
    if not 1 <= size <= MOST:
        raise InputError(f"the size is {size}", expected=f"1 to {MOST:,} cases of each criterion")
    population = _population(project, chosen, generator=generator, round=round, since=since)
    if not population:
        raise InputError(
            f"judge {chosen.version} has spoken on no open item of that generator, round and time",
            next_step=f"Run: manage.py judge_items {project.slug}",
        )
    drawn, sizes = sample(population, size), defaultdict[int, int](int)
    for criterion_id, _, _ in population:
        sizes[criterion_id] += 1
    _ask(project, chosen, drawn, by=by)
    found: Milestone = Milestone.objects.create(
        project=project, name=wanted, judge=chosen, alpha=project.policy.alpha if project.policy else 0.1, by=by,
        cases=_by_text(drawn),
        drawn_from={
            "generator": generator, "round": round, "since": since.isoformat() if since else "", "size": size,
            "population": _by_text(sizes),
        },
    )  # fmt: skip
    events.note(
        project, DRAWN, by=by, subject=f"milestone:{found.pk}", name=wanted, cases=sum(map(len, drawn.values()))
    )
    return found


def sample(population: Iterable[tuple[int, int, int]], size: int) -> dict[int, list[int]]:
    """Of (criterion, item, case) the first ``size`` cases of each criterion, the items in one random order: each a
    simple random sample, and as far as may be of the same items, so that people read few of them."""
    rows = list(population)
    items = sorted({item for _, item, _ in rows})
    _RANDOM.shuffle(items)
    place = {item: number for number, item in enumerate(items)}
    found: dict[int, list[int]] = defaultdict(list)
    for criterion_id, _, case_id in sorted(rows, key=lambda row: place[row[1]]):
        if len(found[criterion_id]) < size:
            found[criterion_id].append(case_id)
    return {criterion_id: sorted(ids) for criterion_id, ids in sorted(found.items())}


@transaction.atomic
def report(milestone: Milestone) -> Milestone:
    """Close the milestone once all its cases are answered; nothing is counted before, so that nobody stops where the
    figures please. What follows a verdict is in judge.actions.findings."""
    known = Milestone.objects.select_for_update(of=("self",)).select_related("project", "judge")
    found = known.get(pk=milestone.pk)
    if found.state != Milestone.State.ASKED:
        return found
    read = _read(found)
    if not all(reading.is_answered for readings in read.values() for reading in readings):
        return found
    held = {
        criterion.key: findings.find(found, criterion, readings, n_tests=len(read))
        for criterion, readings in read.items()
    }
    is_degraded = any(each["is_degraded"] for each in held.values())
    found.report, found.closed_at = held, Now()
    found.state = Milestone.State.DEGRADED if is_degraded else Milestone.State.PASSES
    found.save(update_fields=["report", "state", "closed_at"])
    found.refresh_from_db(fields=["closed_at"])
    events.note(found.project, f"milestone {found.state}", by=None, subject=f"milestone:{found.pk}", name=found.name)
    return found


def report_all() -> int:
    """Close every milestone that is answered; returns how many were."""
    open_ones = Milestone.objects.filter(state=Milestone.State.ASKED).order_by("pk")
    return sum(report(each).state != Milestone.State.ASKED for each in open_ones)


def count_answered(milestone: Milestone) -> tuple[int, int]:
    """How many of its cases are answered, and how many there are."""
    ids = [case_id for drawn in milestone.cases.values() for case_id in drawn]
    answered = Case.objects.filter(pk__in=ids, stage__in=[Stage.AGREED, Stage.ADJUDICATION])
    return answered.count(), len(ids)


def _check_name(project: Project, name: str) -> str:
    wanted = name.strip()
    if not wanted or len(wanted) > 120:
        raise InputError("a milestone needs a name", expected="1 to 120 characters, such as generator-3")
    if Milestone.objects.filter(project=project, name=wanted).exists():
        raise InputError(f'there is a milestone "{wanted}" already', next_step="Choose another name.")
    return wanted


def _check_judge(project: Project, judge: Judge | None) -> Judge:
    found = judge or project.judge
    if found is None:
        raise InputError(f"{project.name} has no judge in force", next_step="Name the version of one, or promote one.")
    if found.project_id != project.pk:
        raise InputError(f"judge {found.version} is of another project", expected=f"a judge of {project.name}")
    return found


def _population(
    project: Project, judge: Judge, *, generator: str, round: int | None, since: datetime | None
) -> list[tuple[int, int, int]]:
    """(criterion, item, case) of what may be drawn."""
    spoken = Exists(Verdict.objects.filter(case=OuterRef("pk"), judge=judge))
    meant: dict[str, Any] = {"generator": generator or None, "round": round, "imported_at__gte": since}
    found = Case.objects.filter(
        spoken, project=project, criterion__in=rubrics.criteria_in_force(project), item__stream=Stream.OPEN,
        item__erased_at=None, item__context__erased_at=None,
        **{f"item__{key}": value for key, value in meant.items() if value is not None},
    )  # fmt: skip
    return list(found.order_by("pk").values_list("criterion_id", "item_id", "pk"))


def _ask(project: Project, judge: Judge, drawn: Mapping[int, Sequence[int]], *, by: User | None) -> None:
    """Ask people about what they have not settled blind, two first as of every case that measures a judge."""
    ids = sorted(case_id for some in drawn.values() for case_id in some)
    locked = case_locks.lock(ids)
    answered = _answered(judge, drawn)
    lacking: dict[int, list[Case]] = defaultdict(list)
    for case in locked.values():
        if case.pk not in answered and not (case.is_reference and case.is_waiting):
            lacking[max(0, FIRST_PEOPLE - case.people_wanted)].append(case)
    for people, cases in lacking.items():
        decisions.ask_people(project, cases, reason=Reason.MILESTONE, people=people, by=by)
    decisions.mark_references(ids)


def _answered(judge: Judge, drawn: Mapping[int, Sequence[int]]) -> set[int]:
    """Cases with a reference already, and those that an adjudicator has, who is not overruled: without a strict
    majority of people such a case is an error, as everywhere."""
    read = [each for criterion_id, ids in drawn.items() for each in references.of_cases(judge, criterion_id, ids)]
    settled = {each.case_id: each for each in read if each.is_answered}
    decided = AgreedLabel.objects.filter(case__in=settled, status=AgreedLabel.Status.LIVE, basis=Basis.ADJUDICATED)
    disputed = Case.objects.filter(pk__in=settled, stage=Stage.ADJUDICATION)
    with_label = {pk for pk, each in settled.items() if each.label is not None}
    return with_label | set(decided.values_list("case_id", flat=True)) | set(disputed.values_list("pk", flat=True))


def _read(milestone: Milestone) -> dict[Criterion, list[Reading]]:
    criteria = Criterion.objects.in_bulk([int(key) for key in milestone.cases])
    return {
        criteria[int(key)]: references.of_cases(milestone.judge, int(key), ids) for key, ids in milestone.cases.items()
    }


def _by_text[T](table: Mapping[int, T]) -> dict[str, T]:
    """As JSON can hold it."""
    return {str(key): value for key, value in sorted(table.items())}
