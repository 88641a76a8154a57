"""Where cases go, and in what order people meet them."""

from __future__ import annotations

import pytest

from judge.actions import case_locks, decisions, judges, judgments
from judge.actions.judgments import NewJudgment
from judge.models import Case, Project, Rater, User
from judge.rules.routing import Reason
from judge.rules.stages import Stage
from judge.rules.verdicts import Doubt, Opinion
from tests import factories
from tests.judge.bringing import machine_project, relevance

pytestmark = pytest.mark.django_db


def say_all(project: Project, probs: list[dict[str, float] | None]) -> list[Case]:
    """One item for each of ``probs``, and the judge's answers to them (None: unscored)."""
    assert project.judge is not None
    cases = [relevance(item) for item in factories.import_items(project, n=len(probs))]
    new = [
        NewJudgment(case.pk, "fits" if said else None, probs=said, unscored_reason="" if said else "off_menu")
        for case, said in zip(cases, probs, strict=True)
    ]
    judgments.record(new, rater=project.judge.seats.get().rater)
    for case in cases:
        case.refresh_from_db()
    return cases


@pytest.mark.parametrize(("rates", "places"), [
    ({"train_rate": 1.0}, {6}), ({"certify_rate": 1.0}, {6}), ({"gold_rate": 1.0}, {6}), ({}, {0}),
])  # fmt: skip
def test_what_measures_or_teaches_comes_first_and_all_of_it_alike(rates: dict[str, float], places: set[int]) -> None:
    project = factories.make_project("Order", **rates)
    factories.import_items(project, n=4)
    assert set(Case.objects.values_list("priority", flat=True)) == places


def test_what_the_judge_cannot_answer_comes_before_what_a_certificate_may_accept_one_day() -> None:
    sure, unscored = say_all(machine_project(), [{"fits": 0.99, "weak": 0.01}, None])
    assert (sure.priority, unscored.priority) == (0, 5)


def test_one_more_person_leaves_a_case_its_place_and_a_recheck_brings_it_forward(project: Project, ada: User) -> None:
    first, second = [relevance(item) for item in factories.import_items(project, n=2)]
    Case.objects.filter(pk=first.pk).update(priority=3)
    locked = case_locks.lock([first.pk, second.pk])
    decisions.ask_people(project, [locked[first.pk]], reason=Reason.PEOPLE_DISAGREE, people=1)
    decisions.ask_people(project, [locked[second.pk]], reason=Reason.RECHECK, people=1)
    assert [Case.objects.get(pk=each.pk).priority for each in (first, second)] == [3, 6]


def test_cases_that_judges_disagree_on_come_by_what_an_answer_would_tell(project: Project) -> None:
    """p̂ = ½ tells most; .999 tells next to nothing. The doubt is what sends them, whatever the confidence."""
    cases = [relevance(item) for item in factories.import_items(project, n=3)]
    Case.objects.update(stage=Stage.IMPORTED)
    locked = list(case_locks.lock([case.pk for case in cases]).values())
    opinions = {
        case.pk: Opinion("fits", {"fits": p, "weak": 1 - p}, p, doubt)
        for case, p, doubt in zip(
            cases, (0.5, 0.999, 0.999), (*[Doubt.JUDGES_DISAGREE] * 2, Doubt.SUSPICIOUS), strict=True
        )
    }
    decisions.route(project, locked, verdicts=opinions)
    assert [Case.objects.get(pk=case.pk).priority for case in cases] == [5, 1, 5], "suspicious text made its own p̂"


def test_the_statement_that_locks_tells_what_the_judge_in_force_says() -> None:
    project = machine_project()
    said, silent = say_all(project, [{"fits": 0.7, "weak": 0.3}, None])
    locked = case_locks.lock([said.pk, silent.pk])
    assert locked[said.pk].p_hat == {"fits": 0.7, "weak": 0.3}
    assert locked[silent.pk].p_hat is None
    assert [each.has_label for each in locked.values()] == [False, False]
    other = Rater.objects.create(kind="machine", name="o", configuration={}, configuration_hash="o" * 64)
    judges.put_in_force(project, [other], name="o", by=None)
    assert case_locks.lock([said.pk])[said.pk].p_hat is None, "the judge before it is not asked any more"
