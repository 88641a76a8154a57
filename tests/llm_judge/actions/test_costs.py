"""What a case costs a judge, read off its paid answers; the court asks for it by name."""

from __future__ import annotations

import pytest

from judge.actions import comparisons
from judge.models import Judge, Project
from llm_judge.actions import costs, sittings
from llm_judge.models import Completion, Endpoint
from llm_judge.rules.budget import Price
from tests import factories


def judge(project: Project) -> Judge:
    for _ in sittings.judge_here(project, by=None):
        pass
    project.refresh_from_db()
    assert project.judge is not None
    return project.judge


def test_a_case_costs_what_its_paid_answers_took_on_average(judged_project: Project, scripted: Endpoint) -> None:
    scripted.price_in, scripted.price_out = 10.0, 100.0
    scripted.save()
    factories.import_items(judged_project, n=5)
    found = costs.cost_of(judge(judged_project))
    paid = list(Completion.objects.filter(judgment__isnull=False, is_cached=False))
    read, written = (sum(getattr(each, name) for each in paid) for name in ("prompt_tokens", "completion_tokens"))
    assert found is not None
    assert found.n == len(paid) == 10
    assert found.tokens == pytest.approx((read + written) / 10)
    assert found.money == pytest.approx(Price(10.0, 100.0).cost(read, written) / 10)
    assert found.seconds == pytest.approx(sum(each.latency_ms for each in paid) / 10_000)


def test_the_court_hears_of_it_without_knowing_who_counts(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=1)
    sitting = judge(judged_project)
    assert comparisons.cost_of(sitting) == costs.cost_of(sitting) is not None


def test_a_judge_that_was_never_asked_has_no_cost(judged_project: Project) -> None:
    judged_project.refresh_from_db()
    assert judged_project.judge is not None
    assert comparisons.cost_of(judged_project.judge) is None
