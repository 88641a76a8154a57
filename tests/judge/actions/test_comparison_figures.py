"""Comparisons as workers count them: who is right more often, what passes where, and what went wrong first."""

from __future__ import annotations

import pytest

from judge.actions import comparison_figures, judges, judgments, projects, rubrics
from judge.actions.comparison_figures import Pair
from judge.actions.judgments import NewJudgment
from judge.errors import InputError, ServiceError
from judge.formats.rubrics import read_rubric
from judge.models import Case, Item, Judge, Project, User
from tests import factories
from tests.judge import proofs
from tests.summaries import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def crew(db: None) -> list[User]:
    return [factories.make_user(name) for name in ("ann", "ben", "cleo")]


@pytest.fixture
def project(db: None) -> Project:
    """A judge in force that is wrong on nothing, as it has said nothing."""
    project = factories.make_project("Compared")
    first = proofs.make_judge(project, "first")
    first.project = project
    judges.promote(first, by=None)
    return Project.objects.select_related("judge", "policy", "rubric").get(pk=project.pk)


def bring(project: Project, n: int, *, stream: str = "gold", **fields: object) -> list[Case]:
    """Items of one context each, not judged yet; their cases of relevance."""
    known = set(Item.objects.filter(project=project).values_list("pk", flat=True))
    count = len(known)
    lines = [
        {"id": f"i{count + i}", "context": f"person {i} likes tents", "output": f"tent {count + i}", **fields}
        for i in range(n)
    ]
    factories.import_items(project, lines=lines)
    Item.objects.filter(project=project).exclude(pk__in=known).update(stream=stream)
    new = Case.objects.filter(project=project, criterion__key="relevance").exclude(item__in=known)
    return list(new.order_by("pk"))


def say(judge: Judge, cases: list[Case], label: str | None) -> None:
    rater = judge.seats.get().rater
    new = [
        NewJudgment(case.pk, label, probs={label: 0.9, "weak" if label == "fits" else "fits": 0.1})
        if label else NewJudgment(case.pk, None, unscored_reason="off_menu")
        for case in cases
    ]  # fmt: skip
    judgments.record(new, rater=rater)


def decide(cases: list[Case], label: str, crew: list[User]) -> None:
    """People agree, and an adjudicator confirms what stands in the gold stream."""
    ids = [case.pk for case in cases]
    Case.objects.filter(pk__in=ids).update(stage="people", people_wanted=3, seats_taken=0)
    Item.objects.filter(cases__in=ids).update(stream="train")
    for person in crew:
        judgments.record([NewJudgment(pk, label) for pk in ids], rater=projects.rater_of(person), by=person)


def as_gold(cases: list[Case]) -> None:
    Item.objects.filter(cases__in=[case.pk for case in cases]).update(stream="gold")


def figures(project: Project, pair: Pair) -> dict[str, dict[str, object]]:
    data = counted(project, comparison_figures.NAME)
    (found,) = (each for each in data["pairs"] if (each["kind"], each["first"], each["second"]) == pair)
    return {each["key"]: each for each in found["criteria"]}


def test_judges_are_compared_on_gold_cases_and_errors_come_first(project: Project, crew: list[User]) -> None:
    second = proofs.make_judge(project, "second")
    assert project.judge is not None
    cases = bring(project, 6)
    say(project.judge, cases[:5], "fits")
    say(project.judge, cases[5:], "weak")
    say(second, cases[:1], "weak")
    say(second, cases[1:], "fits")
    decide(cases, "fits", crew)
    as_gold(cases)
    found = figures(project, Pair("judges", "1", "2"))["relevance"]
    # the first errs on the last case alone, the second on the first alone: 5 and 5 of 6 right, one lost and one gained
    assert (found["n"], found["right"], found["lost"], found["gained"]) == (6, [5, 5], 1, 1)
    assert found["p"] == 1.0
    kinds = [(each["item"], each["kind"]) for each in found["cases"]]  # type: ignore[attr-defined]
    assert kinds == [(cases[0].item_id, "lost"), (cases[5].item_id, "gained")]


def test_generators_are_compared_on_what_people_decided(project: Project, crew: list[User]) -> None:
    one, other = bring(project, 4, generator="one"), bring(project, 4, generator="two")
    decide(one[:1] + other[:3], "fits", crew)
    decide(one[1:] + other[3:], "weak", crew)
    found = figures(project, Pair("generators", "one", "two"))["relevance"]
    passes = found["passes"]
    assert isinstance(passes, dict)
    # 1 of 4 against 3 of 4, each generator once in each of four contexts: weak→fits in two, the rest alike
    assert (passes["first"][:2], passes["second"][:2], passes["gain"][0]) == ([1, 4], [3, 4], 0.5)
    assert (passes["contexts"], passes["ahead"]) == (4, [0, 2])
    assert passes["p"] == 0.5
    assert found["is_right"] is None, "no judge has spoken on a gold case"


def test_certify_cases_compare_nothing(project: Project, crew: list[User]) -> None:
    one, other = bring(project, 2, generator="one"), bring(project, 2, generator="two")
    decide(one + other, "fits", crew)
    before = figures(project, Pair("generators", "one", "two"))
    planted = bring(project, 3, generator="planted") + bring(project, 3, generator="one")
    decide(planted, "weak", crew)
    Item.objects.filter(cases__in=planted).update(stream="certify")
    assert figures(project, Pair("generators", "one", "two")) == before
    assert "planted" not in comparison_figures.sides(project, "generators")


def test_rubric_versions_tell_what_is_the_same_and_compare_what_is_not(project: Project, crew: list[User]) -> None:
    decide(bring(project, 4), "fits", crew)
    other = factories.RUBRIC.replace("Does the tag fit the interest?", "Does the tag fit?")
    rubrics.put_in_force(project, read_rubric(other, filename="small.yaml"), by=None)
    project.refresh_from_db()
    decide(bring(project, 4), "weak", crew)
    found = figures(project, Pair("rubrics", "1", "2"))
    assert found["specificity"]["is_same"]
    passes = found["relevance"]["passes"]
    assert isinstance(passes, dict)
    assert (passes["first"][:2], passes["second"][:2], passes["gain"][0]) == ([4, 4], [0, 4], -1.0)


def test_criterion_of_one_version_alone_is_told_so(project: Project) -> None:
    lines = factories.RUBRIC.splitlines()
    only = "\n".join(lines[: next(i for i, line in enumerate(lines) if "specificity" in line)])
    rubrics.put_in_force(project, read_rubric(only, filename="small.yaml"), by=None)
    project.refresh_from_db()
    assert figures(project, Pair("rubrics", "1", "2"))["specificity"]["only"] == "first"


def test_wish_is_counted_once_however_often_it_is_made(project: Project, queue: None) -> None:
    lead = factories.make_member(project, "lea")
    for name in ("second", "third", "fourth", "fifth"):
        proofs.make_judge(project, name)
    pair = Pair("judges", "2", "3")
    assert pair not in comparison_figures.wanted(project)
    comparison_figures.ask(project, pair, by=lead)
    comparison_figures.ask(project, pair, by=lead)
    assert comparison_figures.wanted(project).count(pair) == 1
    assert comparison_figures.is_awaited(project, pair)
    assert comparison_figures.refresh(project.pk)
    assert not comparison_figures.is_awaited(project, pair)


@pytest.mark.parametrize("pair", [Pair("judges", "1", "1"), Pair("judges", "1", "99"), Pair("people", "1", "2")])
def test_what_cannot_be_compared_is_refused(project: Project, pair: Pair) -> None:
    with pytest.raises(InputError):
        comparison_figures.ask(project, pair, by=factories.make_member(project, "lea"))


def test_project_without_two_of_anything_compares_nothing(project: Project) -> None:
    assert comparison_figures.measure(project) == {"pairs": [], "generators": []}


def test_unscored_is_wrong_and_told(project: Project, crew: list[User]) -> None:
    assert project.judge is not None
    cases = bring(project, 2, generator="one") + bring(project, 2, generator="two")
    say(project.judge, cases, None)
    decide(cases, "fits", crew)
    as_gold(cases)
    found = figures(project, Pair("generators", "one", "two"))["relevance"]
    right = found["is_right"]
    assert isinstance(right, dict)
    assert (right["first"][:2], right["second"][:2]) == ([0, 2], [0, 2])
    assert {each["said"] for each in found["cases"]} == {""}  # type: ignore[attr-defined]


def test_without_a_queue_a_wish_is_refused_and_not_noted(project: Project, settings: object) -> None:
    settings.BROKER_URL = ""  # type: ignore[attr-defined]
    proofs.make_judge(project, "second")
    with pytest.raises(ServiceError):
        comparison_figures.ask(project, Pair("judges", "1", "2"), by=factories.make_member(project, "lea"))
    assert not project.events.filter(verb=comparison_figures.ASKED).exists()
