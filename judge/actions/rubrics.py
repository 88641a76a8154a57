"""Rubric versions: criteria are linked by content, so an unchanged question keeps its cases and labels."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from judge.actions import events, withdrawals
from judge.errors import InputError
from judge.formats.questions import content_hash, question_to_dict
from judge.formats.rubrics import read_rubric
from judge.models import Criterion, Project, Rubric, RubricCriterion, ScaleLabelRow, User
from judge.rules.rubrics import RubricRecord
from judge.rules.scales import Question

#: Criteria never change, so a process reads each of them once.
_CRITERIA: dict[int, Criterion] = {}

TEMPLATES = Path(__file__).resolve().parent.parent / "rubrics"


def template_names() -> list[str]:
    return sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


def template(name: str) -> RubricRecord:
    """One of the shipped rubrics. Raises InputError for a name that is not shipped."""
    if name not in template_names():
        raise InputError(f'there is no task "{name}"', expected=", ".join(template_names()))
    return read_rubric((TEMPLATES / f"{name}.yaml").read_text(), filename=f"{name}.yaml")


@transaction.atomic
def put_in_force(project: Project, record: RubricRecord, *, by: User | None) -> Rubric:
    """Make ``record`` the next version of the project's rubric. Certificates of criteria that it leaves out rest."""
    latest = Rubric.objects.filter(project=project).aggregate(latest=Max("version"))["latest"] or 0
    rubric = Rubric.objects.create(
        project=project, version=latest + 1, name=record.name, task=project.task, language=record.language
    )
    RubricCriterion.objects.bulk_create(
        RubricCriterion(rubric=rubric, criterion=_criterion(project, question), position=position)
        for position, question in enumerate(record.questions)
    )
    project.rubric = rubric
    project.save(update_fields=["rubric"])
    withdrawals.follow_rubric(project, by=by)
    events.note(project, "rubric put in force", by=by, subject=f"rubric:{rubric.pk}", version=rubric.version)
    return rubric


def criteria_in_force(project: Project) -> list[Criterion]:
    """The criteria of the rubric in force, in its order."""
    return list(Criterion.objects.filter(links__rubric=project.rubric_id).order_by("links__position"))


def criteria(ids: Collection[int]) -> dict[int, Criterion]:
    """These criteria by id."""
    if missing := set(ids) - _CRITERIA.keys():
        _CRITERIA.update(Criterion.objects.in_bulk(missing))
    return {each: _CRITERIA[each] for each in ids}


def _criterion(project: Project, question: Question) -> Criterion:
    criterion, is_new = Criterion.objects.get_or_create(
        project=project,
        content_hash=content_hash(question),
        defaults={"key": question.key, "kind": question.kind.value, "content": question_to_dict(question)},
    )
    if is_new:
        ScaleLabelRow.objects.bulk_create(
            ScaleLabelRow(criterion=criterion, key=label.key, position=position, passes=label.passes)
            for position, label in enumerate(question.labels)
        )
    return criterion
