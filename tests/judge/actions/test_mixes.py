"""Mixes: what the judge says and what passes by people, slice by slice, without certify cases."""

from __future__ import annotations

import pytest

from judge.actions import judgments, mixes, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Criterion, Frame, Item, Project, User
from tests import factories
from tests.judge import accepted
from tests.summaries import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db: None) -> list[User]:
    return [factories.make_user(name) for name in ("ann", "ben", "cleo")]


def decide(cases: list[Case], label: str, people: list[User], stream: str) -> None:
    """People answer these cases as cases of a stream. It was drawn for all of them: probability .2."""
    Frame.objects.update(train_rate=0.1, gold_rate=0.1)
    Item.objects.filter(cases__in=cases).update(stream=stream)
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(stage="people", people_wanted=3)
    for person in people:
        judgments.record([NewJudgment(case.pk, label) for case in cases], rater=projects.rater_of(person), by=person)


def row(project: Project, kind: str, value: str) -> dict[str, object]:
    data = counted(project, mixes.NAME)["criteria"]
    criterion = str(Criterion.objects.get(project=project, key="relevance").pk)
    (found,) = (each for each in data[criterion][kind]["rows"] if each["value"] == value)
    return dict(found)


def test_labels_of_the_judge_and_passes_of_people_are_counted_by_slice(people: list[User]) -> None:
    project = accepted.make_cell().project
    cases = accepted.bring(project, 10)
    Item.objects.filter(cases__in=cases[:6]).update(language="zh")
    decide(cases[:3], "fits", people, "train")
    decide(cases[3:4], "weak", people, "train")
    found = row(project, "language", "zh")
    assert found["labels"] == {"fits": 6}
    assert found["n_drawn"] == 4
    people_say = found["people"]
    assert isinstance(people_say, dict)
    # 3 of 4 pass, all with the same weight
    assert (people_say["n"], people_say["value"]) == (4, 0.75)
    assert people_say["low"] < 0.75 < people_say["high"]


def test_certify_cases_are_in_no_mix(people: list[User]) -> None:
    project = accepted.make_cell().project
    cases = accepted.bring(project, 4)
    Item.objects.filter(cases__in=cases[:2]).update(generator="marker")
    decide(cases[:2], "fits", people, "certify")
    assert "marker" not in str(counted(project, mixes.NAME))


def test_slice_that_people_have_not_decided_has_no_rate(people: list[User]) -> None:
    project = accepted.make_cell().project
    cases = accepted.bring(project, 2)
    Item.objects.filter(cases__in=cases).update(category="tents", stream="train")
    found = row(project, "category", "tents")
    assert (found["n_drawn"], found["people"]) == (2, None)


def test_ten_thousand_categories_leave_the_twelve_greatest(people: list[User]) -> None:
    project = accepted.make_cell().project
    cases = accepted.bring(project, 40)
    for place, case in enumerate(cases):
        Item.objects.filter(cases=case).update(category=f"c{min(place, 30):02}")
    data = counted(project, mixes.NAME)["criteria"]
    (told,) = (each["category"] for each in data.values() if "category" in each)
    assert told["n_values"] == 31
    assert len(told["rows"]) == mixes.MOST_VALUES
    assert (told["rows"][0]["value"], sum(told["rows"][0]["labels"].values())) == ("c30", 10)


def test_project_without_judge_and_people_has_empty_mixes(project: Project) -> None:
    assert mixes.measure(project) == {"judge": None, "criteria": {}}
