"""Projects: made whole in one transaction, with a policy and a rubric in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.text import slugify

from judge import registry
from judge.actions import events, rubrics
from judge.errors import InputError
from judge.models import (
    GeneratorTemplate,
    Membership,
    Policy,
    Project,
    Rater,
    Role,
    Task,
    User,
)
from judge.rules.rubrics import RubricRecord

GENERATOR_PROMPT = "{context}"


@transaction.atomic
def create(
    name: str,
    *,
    rubric: RubricRecord,
    by: User | None = None,
    judge: str = "",
    is_demo: bool = False,
    generator_prompt: str = GENERATOR_PROMPT,
    **policy: Any,
) -> Project:
    """Make a project called ``name``; ``policy`` takes fields of Policy, ``judge`` the name of a registered setup
    (``none`` or empty: people only), ``generator_prompt`` has {context} where the context goes.

    Raises InputError when the name is taken or says nothing."""
    slug = slugify(name, allow_unicode=True)
    if not slug:
        raise InputError(f'"{name}" cannot name a project', expected="letters or digits")
    if Project.objects.filter(slug=slug).exists():
        raise InputError(f'there is a project "{slug}" already', next_step="Choose another name.")
    task = rubric.task if rubric.task in Task.values else Task.CUSTOM
    project = _checked(Project(slug=slug, name=name, task=task, is_demo=is_demo), but=["rubric", "policy"])
    project.save()
    project.policy = _checked(Policy(project=project, version=1, **policy), but=["criterion_risk"])
    project.policy.save()
    project.generator_template = GeneratorTemplate.objects.create(project=project, version=1, user=generator_prompt)
    project.save(update_fields=["policy", "generator_template"])
    rubrics.put_in_force(project, rubric, by=by)
    events.note(project, "project created", by=by, subject=f"project:{project.pk}", task=task)
    set_up_judge(project, judge, by=by)
    return project


def set_up_judge(project: Project, name: str, *, by: User | None) -> None:
    """Put the judge of the registered setup ``name`` in force. Raises InputError for an unknown name."""
    if name in ("", "none"):
        return
    if name not in registry.judge_setups:
        raise InputError(f'there is no judge "{name}"', expected=", ".join([*sorted(registry.judge_setups), "none"]))
    registry.judge_setups[name](project, by=by)


def _checked[M: Model](row: M, *, but: Sequence[str]) -> M:
    """The row, if its own rules allow it, fields of ``but`` aside. Raises InputError in the rules' words."""
    try:
        row.full_clean(exclude=set(but))
    except ValidationError as error:
        raise InputError("; ".join(error.messages)) from error
    return row


def add_member(project: Project, user: User, *roles: Role, by: User | None = None) -> None:
    for role in roles:
        Membership.objects.get_or_create(project=project, user=user, role=role)
    events.note(project, "member added", by=by, subject=f"user:{user.pk}", roles=[role.value for role in roles])


def rater_of(user: User) -> Rater:
    """The rater that stands for a person."""
    rater, _ = Rater.objects.get_or_create(user=user, defaults={"kind": Rater.Kind.PERSON, "name": user.display_name})
    return rater
