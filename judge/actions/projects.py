"""Projects: made whole in one transaction, with a policy and a rubric in force."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.text import slugify

from judge import registry
from judge.actions import decisions, events, judgments, rubrics, verdicts
from judge.errors import InputError
from judge.models import (
    Case,
    GeneratorTemplate,
    Judge,
    JudgeRater,
    Judgment,
    Membership,
    Policy,
    Project,
    Purpose,
    Rater,
    Role,
    Task,
    User,
)
from judge.rules.rubrics import RubricRecord
from judge.rules.stages import Stage

GENERATOR_PROMPT = "{context}"
#: Cases locked and routed at a time when a judge comes into force; bounds memory, not meaning.
CATCH_UP_BATCH = 2_000


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


@transaction.atomic
def put_judge_in_force(project: Project, raters: Sequence[Rater], *, name: str, by: User | None) -> Judge:
    """Make a judge of ``raters`` with the identity calibrator, or take the same one up again, and put it in force."""
    if len(raters) != 1:
        raise InputError(f"a judge of {len(raters)} raters cannot be made yet", expected="one machine rater")
    fingerprint = raters[0].configuration_hash
    judge = Judge.objects.filter(project=project, content_hash=fingerprint).first()
    if judge is None:
        version = Judge.objects.filter(project=project).count() + 1
        judge = Judge.objects.create(
            project=project, version=version, name=name, calibrator={"kind": "identity"}, content_hash=fingerprint
        )
        JudgeRater.objects.create(judge=judge, rater=raters[0], position=0)
    project.judge = judge
    project.save(update_fields=["judge"])
    events.note(project, "judge put in force", by=by, subject=f"judge:{judge.pk}", version=judge.version)
    _catch_up(project)
    return judge


def _catch_up(project: Project) -> None:
    """Let the judge in force speak on cases that still wait for a judge although its raters have answered them: they
    did while another was in force."""
    raters = JudgeRater.objects.filter(judge=project.judge).values("rater")
    answered = Judgment.objects.filter(rater__in=raters, purpose=Purpose.VOTE, retracted_at=None).values("case")
    waiting = Case.objects.filter(project=project, stage=Stage.IMPORTED, pk__in=answered).order_by("pk")
    for ids in batched(list(waiting.values_list("pk", flat=True)), CATCH_UP_BATCH):
        cases = list(judgments.lock_cases(ids).values())
        decisions.route(project, cases, verdicts=verdicts.build(project, cases))


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
