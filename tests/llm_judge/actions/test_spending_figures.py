"""What the page Cost is told: sums that add up, averages, and what is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F, Sum

from judge.actions import rubrics
from judge.models import Case, Item, Project
from llm_judge.actions import spending
from llm_judge.models import Completion, Endpoint, Run
from tests import factories
from tests.llm_judge.actions.test_spending import judge
from tests.summaries import counted


def lines(project: Project) -> dict[str, dict[str, object]]:
    """The figures of the latest judge, by criterion key."""
    (told, *_) = counted(project, spending.NAME)["judges"]
    keys = {each.pk: each.key for each in rubrics.criteria_in_force(project)}
    return {keys[each["criterion"]]: each for each in told["criteria"]}


def test_an_untouched_project_has_no_judge_and_nothing_ahead(project: Project) -> None:
    assert spending.measure(project) == {"settled": {"until": 0, "sums": []}, "judges": [], "ahead": None}


def test_sums_are_those_of_the_completions(judged_project: Project, scripted: Endpoint) -> None:
    scripted.price_in, scripted.price_out = 10.0, 100.0
    scripted.save()
    lines_in = [{"id": f"{n}", "context": f"person {n}", "output": "tent " * (n + 1)} for n in range(24)]
    factories.import_items(judged_project, lines=lines_in)
    judge(judged_project)
    paid = Completion.objects.filter(case__criterion__key="relevance").aggregate(
        read=Sum("prompt_tokens"), written=Sum("completion_tokens"), ms=Sum("latency_ms")
    )
    found = lines(judged_project)["relevance"]
    assert (found["n_paid"], found["n_cached"], found["n_vain"], found["n_told"]) == (24, 0, 0, 24)
    assert (found["prompt_tokens"], found["completion_tokens"]) == (paid["read"], paid["written"])
    assert found["money"] == pytest.approx((paid["read"] * 10 + paid["written"] * 100) / 1e6)
    per_case = found["per_case"]["tokens"]  # type: ignore[index]
    assert per_case["value"] == pytest.approx((paid["read"] + paid["written"]) / 24)
    assert per_case["low"] < per_case["value"] < per_case["high"]
    assert per_case["n"] == 24


def test_settled_sums_are_kept_and_the_rest_is_added(judged_project: Project) -> None:
    factories.import_items(judged_project, n=3)
    judge(judged_project)
    Completion.objects.update(created_at=F("created_at") - timedelta(hours=1))
    first = counted(judged_project, spending.NAME)
    assert first["settled"]["until"] == Completion.objects.latest("pk").pk
    factories.import_items(judged_project, lines=[{"id": "late", "context": "c", "output": "o"}])
    judge(judged_project)
    assert lines(judged_project)["relevance"]["n_paid"] == 4, "the same from scratch (tests.summaries)"
    settled = Completion.objects.filter(pk__lte=first["settled"]["until"])
    settled.update(prompt_tokens=F("prompt_tokens") + 1000)
    Run.objects.update(n_done=F("n_done") + 1)
    with pytest.raises(AssertionError, match="not the same"):  # what is settled is not read again
        counted(judged_project, spending.NAME)


def test_what_is_left_is_foreseen_by_criterion(judged_project: Project) -> None:
    factories.import_items(judged_project, n=30, per_context=1)
    judge(judged_project, limit=50)  # cases in the order of their ids
    left = Case.objects.filter(judgments=None).count()
    ahead = counted(judged_project, spending.NAME)["ahead"]
    assert ahead["n_left"] == left == 10
    assert sum(each["n_left"] for each in ahead["by_criterion"]) == 10
    total = ahead["total"]["tokens"]
    assert total["low"] < total["value"] < total["high"]
    *_, last = [judge(judged_project)]
    spent = last.prompt_tokens + last.completion_tokens
    assert total["low"] <= spent <= total["high"], "the ten that were left, like those before"
    assert counted(judged_project, spending.NAME)["ahead"]["n_left"] == 0


def test_a_judge_that_fails_half_its_calls_is_told_so(judged_project: Project, scripted: Endpoint) -> None:
    scripted.options = {"fail_share": 0.5}
    scripted.save()
    factories.import_items(judged_project, n=20, per_context=1)
    judge(judged_project)
    found = lines(judged_project)
    failed = Completion.objects.filter(judgment__isnull=False).exclude(error_kind="").count()
    assert failed > 0
    assert sum(each["n_unscored"] for each in found.values()) == failed  # type: ignore[misc]
    vain = Completion.objects.filter(judgment=None).count()
    assert sum(each["n_vain"] for each in found.values()) == vain  # type: ignore[misc]


def test_how_often_certify_cases_are_unscored_is_not_told(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=4, per_context=1)
    judge(judged_project)
    Item.objects.filter(identity="item-0").update(stream="certify")
    Completion.objects.filter(case__item__identity="item-0").update(error_kind="off_menu")
    found = lines(judged_project)["relevance"]
    assert (found["n_paid"], found["n_told"], found["n_unscored"]) == (4, 3, 0)


def test_a_price_that_is_no_number_leaves_money_unknown(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=2)
    judge(judged_project)
    Endpoint.objects.filter(pk=scripted.pk).update(price_in=float("nan"))
    found = lines(judged_project)["relevance"]
    assert found["money"] is None
    assert found["per_case"]["money"] is None  # type: ignore[index]
    assert found["per_case"]["tokens"]["value"] > 0  # type: ignore[index]


def test_a_changed_price_is_news(judged_project: Project, scripted: Endpoint) -> None:
    factories.import_items(judged_project, n=2)
    judge(judged_project)
    before = lines(judged_project)["relevance"]["money"]
    Endpoint.objects.filter(pk=scripted.pk).update(price_in=5.0)
    assert lines(judged_project)["relevance"]["money"] > before == 0  # type: ignore[operator]
