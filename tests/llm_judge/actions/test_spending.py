"""What a run takes: told before, capped while it goes on, and never paid twice."""

from __future__ import annotations

import pytest

from judge.actions import judges
from judge.errors import InputError
from judge.models import Judgment, Project, Verdict
from llm_judge.actions import raters, runs, sittings
from llm_judge.actions.setups import scripted_configuration
from llm_judge.models import Completion, Endpoint, Run
from llm_judge.rules.budget import Budget, Caps, Price
from llm_judge.rules.configuration import ScoringRule
from tests import factories


def judge(project: Project, **options: object) -> Run:
    """Judge what is left, here; the run."""
    *_, last = sittings.judge_here(project, by=None, **options)  # type: ignore[arg-type]
    last.run.refresh_from_db()
    return last.run


@pytest.fixture
def priced(scripted: Endpoint) -> Endpoint:
    scripted.price_in, scripted.price_out, scripted.max_in_flight = 10.0, 100.0, 4
    scripted.save()
    return scripted


def test_a_forecast_before_the_first_run_rests_on_written_prompts(judged_project: Project, priced: Endpoint) -> None:
    factories.import_items(judged_project, n=50)
    expected = runs.forecast(judged_project)
    assert (expected.n_cases, expected.n_calls, expected.completion_tokens) == (100, 100, 100)
    assert expected.basis == "prompts"
    assert expected.seconds is None, "nobody knows how fast the server is"
    assert expected.cost == pytest.approx((expected.prompt_tokens * 10 + 100 * 100) / 1e6, rel=0.01)
    assert Run.objects.count() == 0


def test_a_later_forecast_rests_on_earlier_answers(judged_project: Project, priced: Endpoint) -> None:
    factories.import_items(judged_project, n=50)
    judge(judged_project, limit=60)
    expected = runs.forecast(judged_project)
    spent = judge(judged_project)
    assert (expected.basis, expected.n_cases) == ("answers", 40)
    assert expected.prompt_tokens == pytest.approx(spent.prompt_tokens, rel=0.05)
    assert expected.seconds is not None


def test_a_run_counts_what_it_spends(judged_project: Project, priced: Endpoint) -> None:
    factories.import_items(judged_project, n=5)
    run = judge(judged_project)
    paid = Completion.objects.filter(run=run)
    assert run.prompt_tokens == sum(each.prompt_tokens for each in paid) > 0
    assert run.completion_tokens == 10
    assert run.cost == pytest.approx(Price(10.0, 100.0).cost(run.prompt_tokens, run.completion_tokens))


def test_a_cap_on_tokens_stops_the_run_before_it_is_broken(judged_project: Project, priced: Endpoint) -> None:
    factories.import_items(judged_project, n=50)
    a_case = runs.forecast(judged_project).dearest_tokens
    run = judge(judged_project, caps=Caps(max_tokens=20 * a_case))
    assert run.status == Run.Status.STOPPED
    assert "the cap of" in run.trouble
    assert 15 * a_case < run.tokens <= 20 * a_case
    assert Judgment.objects.count() == run.n_done < 100
    rest = judge(judged_project)
    assert (rest.status, Judgment.objects.count()) == (Run.Status.DONE, 100)


def test_a_cap_on_money_stops_the_run_too(judged_project: Project, priced: Endpoint) -> None:
    factories.import_items(judged_project, n=20)
    run = judge(judged_project, caps=Caps(max_cost=0.01))
    assert run.status == Run.Status.STOPPED
    assert 0 < run.cost <= 0.01


def test_a_cap_on_time_stops_the_run(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=20)
    run = judge(judged_project, caps=Caps(max_minutes=1e-9))
    assert (run.status, run.n_done) == (Run.Status.STOPPED, 0)


def test_a_cap_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="a cap of 0 tokens"):
        Caps(max_tokens=0)


def test_what_is_under_way_counts_as_spent() -> None:
    budget = Budget(Caps(max_tokens=100), dearest_tokens=30)
    assert len(list(budget.allot(iter(range(9))))) == 3, "3 · 30 fit under 100, 4 · 30 do not"
    budget.settle(n_cases=3, tokens=30, cost=0, dearest_tokens=10, dearest_cost=0)
    assert len(list(budget.allot(iter(range(9))))) == 2, "30 are spent; 2 · 30 more fit, 3 · 30 do not"


def test_an_equal_question_is_not_asked_twice(judged_project: Project, scripted: Endpoint) -> None:
    line = {"context": "likes tents", "output": "two-person tent"}
    factories.import_items(judged_project, lines=[{"id": "one", **line}])
    judge(judged_project)
    factories.import_items(judged_project, lines=[{"id": "two", **line}, {"id": "three", **line, "output": "stove"}])
    run = judge(judged_project)
    assert (run.n_done, run.n_cached) == (4, 2)
    assert Completion.objects.filter(run=run, is_cached=True, prompt_tokens=0, attempts=0).count() == 2
    same = Judgment.objects.filter(case__item__identity__in=["one", "two"], case__criterion__key="relevance")
    assert len({str(each.probs) for each in same}) == 1


def test_another_rater_is_asked_for_itself(judged_project: Project, scripted: Endpoint) -> None:
    line = {"context": "likes tents", "output": "two-person tent"}
    factories.import_items(judged_project, lines=[{"id": "one", **line}])
    judge(judged_project)
    other = _other_judge(judged_project, scripted)
    assert judge(judged_project, judge=other).n_cached == 0


def test_a_candidate_judges_beside_the_judge_in_force(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=3)
    judge(judged_project)
    other = _other_judge(judged_project, scripted)
    run = judge(judged_project, judge=other)
    assert (run.judge, run.n_done) == (other, 6)
    assert Verdict.objects.filter(judge=other).count() == 6
    assert judged_project.judge != other


def test_a_panel_owes_an_answer_of_each_rater(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=3)
    assert judged_project.judge is not None
    seats = [*raters.seated(judged_project.judge), *raters.seated(_other_judge(judged_project, scripted))]
    panel = judges.make(judged_project, seats, name="both", by=None)
    run = judge(judged_project, judge=panel)
    assert (run.n_planned, run.n_done, Verdict.objects.filter(judge=panel).count()) == (12, 12, 6)


def _other_judge(project: Project, endpoint: Endpoint):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    configuration = replace(scripted_configuration(), scoring_rule=ScoringRule.FEW_SHOT)
    rater = raters.find_or_make(configuration, name="few shots", endpoint=endpoint)
    return judges.make(project, [rater], name="candidate", by=None)
