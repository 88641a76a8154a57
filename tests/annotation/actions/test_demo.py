"""The demo people answer as people do: on seats, under the item's lock."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.actions import demo
from judge.models import Case, Judgment, Project, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import seats

LINES = {"relevance": {"label": "fits"}, "specificity": {"flag": "what is this?"}}


def test_the_item_is_locked_before_its_cases(project: Project, ann: User) -> None:
    (item,) = factories.import_items(project)
    with CaptureQueriesContext(connection) as asked:
        assert demo._answer(item, ann, LINES) == 2
    locks = [each["sql"] for each in asked if "FOR NO KEY UPDATE" in each["sql"]]
    assert 'FROM "judge_item"' in locks[0]
    assert "FROM judge_case" in locks[1]


def test_demo_people_take_seats_and_leave_settled_cases_alone(project: Project, ann: User, ben: User) -> None:
    (item,) = factories.import_items(project)
    demo._answer(item, ann, LINES)
    assert seats(project) == {"item-0 relevance": (1, 2), "item-0 specificity": (0, 2)}
    assert Case.objects.get(criterion__key="specificity").stage == Stage.ADJUDICATION
    assert demo._answer(item, ben, LINES) == 1
    assert Judgment.objects.count() == 3
