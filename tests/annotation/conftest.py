"""A project with a judge that has spoken."""

from __future__ import annotations

import pytest

from judge.actions import judges
from judge.actions.judgments import NewJudgment, record
from judge.models import Case, Item, Project, Rater
from tests.annotation.actions.test_known import add_work

SAYS = {"relevance": ("fits", "weak"), "specificity": ("concrete", "too_generic")}


@pytest.fixture
def judged(project: Project) -> Project:
    """Three train items on which the judge in force has spoken: each fits and is concrete."""
    return let_judge_speak(project)


def let_judge_speak(project: Project) -> Project:
    machine = Rater.objects.create(kind=Rater.Kind.MACHINE, name="m", project=project, origin="t")
    judges.promote(judges.make(project, [machine], name="m", by=None), by=None)
    project.refresh_from_db()
    add_work(project)
    Item.objects.filter(identity__startswith="work-").update(stream="train")
    new = []
    for case in Case.objects.filter(item__identity__startswith="work-").select_related("criterion"):
        label, other = SAYS[case.criterion.key]
        new.append(NewJudgment(case.pk, label, probs={label: 0.9, other: 0.1}, rationale="planted reasons"))
    record(new, rater=machine)
    return project
