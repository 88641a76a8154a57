"""A panel of the student and another judge: weights by what people's labels show."""

from __future__ import annotations

import pytest

from judge.actions import judges
from judge.errors import InputError
from judge.models import Item, Role, Verdict
from judge.rules.verdicts import read_calibrator
from llm_judge.actions import panels, setups, sittings, students
from tests import factories
from tests.llm_judge import teaching

pytestmark = [pytest.mark.django_db, pytest.mark.services]


@pytest.mark.proof
def test_panel_believes_the_student_and_not_the_dice() -> None:
    project = teaching.camp(n=120)
    una = factories.make_member(project, "una", Role.ANNOTATOR)
    dice = setups.use_scripted(project)
    items = list(Item.objects.filter(project=project).order_by("pk"))
    teaching.label(project, una, items[:100])
    student = students.fit(project, by=una)
    with pytest.raises(InputError, match="judged 0 of the cases that the student learned from"):
        panels.join(student, by=una)
    for judge in (dice, student):
        list(sittings.judge_here(project, by=una, judge=judge, criteria=("relevance",)))
    panel = panels.join(student, by=una)
    assert (panel.kind, project.judge) == ("panel", dice)
    (pool,) = (read_calibrator(each) for each in panel.calibrator["criteria"].values())
    assert pool.weights[0] > 3 * pool.weights[1]
    verdicts = Verdict.objects.filter(judge=panel, case__item__in=items[100:], case__criterion__key="relevance")
    assert [row.label for row in verdicts.order_by("case__item")] == [teaching.fits(item) for item in items[100:]]


def test_student_needs_somebody_to_sit_with() -> None:
    project = teaching.camp()
    una = factories.make_member(project, "una", Role.ANNOTATOR)
    teaching.label(project, una, Item.objects.filter(project=project))
    student = students.fit(project, by=una)
    judges.promote(student, by=una)
    with pytest.raises(InputError, match="no other judge in force"):
        panels.join(student, by=una)
