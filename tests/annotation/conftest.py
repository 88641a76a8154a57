"""A project with a judge that has spoken."""

from __future__ import annotations

import pytest

from judge.actions import judges, policies
from judge.actions.judgments import NewJudgment, record
from judge.models import Case, Project, Rater
from tests.annotation.actions.test_known import add_work

SAYS = {"relevance": ("fits", "weak"), "specificity": ("concrete", "too_generic")}


@pytest.fixture
def judged(project: Project) -> Project:
    """Three train items on which the judge in force has spoken: each fits and is concrete."""
    machine = Rater.objects.create(kind=Rater.Kind.MACHINE, name="m", project=project, origin="t")
    judges.promote(judges.make(project, [machine], name="m", by=None), by=None)
    policies.revise(project, by=None, train_rate=1.0, certify_rate=0.0, gold_rate=0.0)
    project.refresh_from_db()
    add_work(project)
    new = []
    for case in Case.objects.select_related("criterion"):
        label, other = SAYS[case.criterion.key]
        new.append(NewJudgment(case.pk, label, probs={label: 0.9, other: 0.1}, rationale="planted reasons"))
    record(new, rater=machine)
    return project
