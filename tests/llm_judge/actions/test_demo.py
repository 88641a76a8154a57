"""The demo shop: what a newcomer finds at once, and what is left for the model to judge while they watch."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from judge.actions import demo as shop
from judge.models import AgreedLabel, Case, Judgment, Verdict
from judge.rules.stages import Stage
from llm_judge.actions import setups
from llm_judge.actions.demo import recording


@pytest.mark.parametrize("task", shop.PROJECTS)
def test_recorded_verdicts_are_of_the_judge_that_ships(task: str) -> None:
    with recording(task).open(encoding="utf-8") as file:
        header = json.loads(file.readline())
    assert header["configuration_hash"] == setups.embedded_configuration().content_hash(), "run: make record-demo"


@pytest.mark.django_db
def test_the_demo_has_something_on_every_page_and_cases_left_to_judge() -> None:
    said: list[str] = []
    projects = shop.seed(said.append, judge="embedded")
    stages = Counter(Case.objects.values_list("stage", flat=True))
    assert stages[Stage.IMPORTED] >= 50, "cases that the model judges live"
    assert stages[Stage.PEOPLE] > 100
    assert stages[Stage.ADJUDICATION] >= 3
    assert stages[Stage.AGREED] > 100
    assert Verdict.objects.count() > 1_000
    for project in projects:
        assert AgreedLabel.objects.filter(case__project=project, basis="consensus").exists()
    machine = Judgment.objects.filter(rater__kind="machine")
    assert not machine.filter(origin="").exists(), "recorded verdicts are marked as recorded"
    assert not Case.objects.filter(seats_taken__gt=3).exists()


@pytest.mark.proof
@pytest.mark.django_db
def test_a_second_start_goes_on_with_the_shop_that_is_there() -> None:
    shop.seed(lambda said: None, judge="none")
    before = Case.objects.count(), Judgment.objects.count()
    shop.seed(lambda said: None, judge="none")
    assert (Case.objects.count(), Judgment.objects.count()) == before


@pytest.mark.proof
@pytest.mark.django_db
def test_the_shop_has_answers_even_where_the_recorded_verdicts_do_not_fit() -> None:
    said: list[str] = []
    shop.seed(said.append, judge="scripted")
    assert any("judged live instead" in line for line in said)
    assert AgreedLabel.objects.count() > 100
