"""What is counted of people's four weeks."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from annotation.actions import workload
from annotation.models import Assignment
from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Item, Judgment, Project, User
from tests import factories
from tests.annotation.actions.test_known import FLAGS, decide_all
from tests.annotation.answering import BAD, GOOD, answer
from tests.summaries import counted


def told(project: Project, person: User) -> dict[str, object]:
    people = counted(project, workload.NAME)["people"]
    found: dict[str, object] = next(each for each in people if each["user"] == person.pk)
    return found


def test_whoever_may_answer_stands_there_with_nothing(project: Project, ann: User, ada: User, lea: User) -> None:
    people = counted(project, workload.NAME)["people"]
    assert [each["user"] for each in people] == sorted([ann.pk, ada.pk]), "a lead neither answers nor decides"
    assert told(project, ann)["items"] == [0] * workload.DAYS
    assert told(project, ada)["adjudicates"]


def test_items_answers_and_time_are_counted_by_day(project: Project, ann: User) -> None:
    items = factories.import_items(project, n=2, per_context=1)
    rater = projects.rater_of(ann)
    for item, ms in zip(items, (30_000, 3_600_000), strict=True):  # the second went for lunch: ten minutes count
        new = [NewJudgment(case.pk, GOOD[key].label, duration_ms=ms) for key, case in factories.cases_of(item).items()]
        judgments.record(new, rater=rater, by=ann, submission=uuid.uuid4())
    found = told(project, ann)
    assert found["items"] == [0] * (workload.DAYS - 1) + [2]
    assert (found["n_answers"], found["n_timed"], found["ms"]) == (4, 4, 2 * 30_000 + 2 * 600_000)


def test_certify_work_and_what_is_older_than_four_weeks_are_left_out(project: Project, ann: User) -> None:
    items = factories.import_items(project, n=3, per_context=1)
    for _ in items[:2]:
        answer(project, ann)
    answered = Item.objects.filter(cases__judgments__isnull=False).order_by("pk").first()
    Item.objects.filter(pk=answered.pk).update(stream="certify")  # type: ignore[union-attr]
    case = factories.cases_of(Item.objects.get(cases__judgments=None, cases__criterion__key="relevance"))["relevance"]
    Judgment.objects.create(
        case=case,
        criterion=case.criterion,
        rater=projects.rater_of(ann),
        label="fits",
        created_at=timezone.now() - timedelta(days=workload.DAYS + 1),
    )
    found = told(project, ann)
    assert sum(found["items"]) == 1  # type: ignore[call-overload]
    assert found["n_answers"] == 2


def test_who_meets_the_cases_that_people_split_on(project: Project, ann: User, ben: User, cleo: User) -> None:
    factories.import_items(project, n=2, per_context=1)
    answer(project, ann)
    answer(project, ben, {"relevance": GOOD["relevance"], "specificity": BAD["specificity"]})
    answer(project, ann)
    assert told(project, ann)["split"] == [1, 4]
    assert told(project, ben)["split"] == [1, 2]
    assert told(project, cleo)["split"] == [0, 0]


def test_what_adjudicators_carry(project: Project, ann: User, ben: User, ada: User) -> None:
    factories.import_items(project, n=2, per_context=1)
    for person in (ann, ben):
        answer(project, person)
    answer(project, ann, FLAGS)
    waiting = counted(project, workload.NAME)["waiting"]
    assert waiting["n"] == 2
    assert waiting["oldest"] is not None
    decide_all(project, ada, {"relevance": "fits", "specificity": "concrete"})
    data = counted(project, workload.NAME)
    assert data["waiting"] == {"n": 0, "oldest": None}
    assert [each["count"] for each in data["needed"]] == [[1, 2], [1, 2]]
    assert told(project, ada)["decided"][-1] == 2  # type: ignore[index]
    Case.objects.update(stage="adjudication")
    Item.objects.update(stream="certify")
    workload_now = workload.measure(project)
    assert (workload_now["waiting"]["n"], workload_now["needed"]) == (0, []), "nothing of certify is told"


def test_open_assignments_are_told(project: Project, ann: User) -> None:
    (item,) = factories.import_items(project)
    Assignment.objects.create(project=project, item=item, person=ann)
    assert told(project, ann)["assigned"] == 1
