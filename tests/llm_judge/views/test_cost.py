"""The page Cost over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from judge.actions import rubrics, summaries
from judge.formats.rubrics import read_rubric
from judge.models import Project, Role, User
from llm_judge.actions import runs, setups, spending
from llm_judge.models import Endpoint
from llm_judge.views.cost import _still
from tests import factories
from tests.llm_judge.actions.test_spending import judge
from tests.snapshots import held

Browse = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def shop(project: Project) -> Project:
    """The cast's project, judged by scripted answers, and a few cases left."""
    setups.use_scripted(project)
    Endpoint.objects.update(price_in=10.0, price_out=30.0)
    factories.import_items(project, n=24, per_context=1)
    judge(project, limit=44)
    project.refresh_from_db()
    return project


def page(project: Project) -> str:
    return reverse("cost", args=[project.slug])


def test_a_lead_reads_spent_average_and_forecast(shop: Project, lea: User, browse: Browse) -> None:
    summaries.refresh(shop, spending.NAME)
    text = browse(lea).get(page(shop)).content.decode()
    assert "To the end of the project" in text
    assert "Still to be spent, by criterion" in text
    assert "Tokens for one case, judge in force" in text
    assert "n = 2" in text
    assert 'hx-trigger="every' not in text, "nothing moves"


@translation.override("en")  # whatever an earlier test left
def test_the_chart_of_what_is_left_is_drawn_as_reviewed() -> None:
    def told(value: float, low: float | None, high: float | None) -> dict[str, Any]:
        return {"n": 400, "value": value, "low": low, "high": high}

    ahead = {
        "n_left": 900,
        "by_criterion": [
            {"criterion": 1, "money": told(12.5, 11.0, 14.0)},
            {"criterion": 2, "money": told(3.0, None, None)},
            {"criterion": 3, "money": None},
        ],
    }
    chart = _still(ahead, "money", {1: "Relevance", 2: "Specificity", 3: "Validity"})
    held("cost_ahead.html", render_to_string("_components/chart.html", {"chart": chart}))


@pytest.mark.parametrize(("name", "status"), [("ann", 403), ("ada", 403), ("stranger", 404)])
def test_others_do_not_come_in(
    shop: Project, name: str, status: int, browse: Browse, request: pytest.FixtureRequest
) -> None:
    client = browse(request.getfixturevalue(name))
    assert client.get(page(shop)).status_code == status
    assert client.get(page(shop), headers=HTMX).status_code == status


def test_a_viewer_reads_and_nobody_posts(shop: Project, lea: User, browse: Browse) -> None:
    viewer = factories.make_member(shop, "vic", Role.VIEWER)
    assert browse(viewer).get(page(shop)).status_code == 200
    assert browse(lea).post(page(shop)).status_code == 405


def test_an_empty_project_says_that_nothing_was_spent(project: Project, lea: User, browse: Browse) -> None:
    assert "nothing was spent" in browse(lea).get(page(project)).content.decode()
    summaries.refresh(project, spending.NAME)
    assert "nothing was spent" in browse(lea).get(page(project)).content.decode()


def test_a_judge_that_was_never_asked_says_what_is_missing(project: Project, lea: User, browse: Browse) -> None:
    setups.use_scripted(project)
    factories.import_items(project, n=1)
    summaries.refresh(project, spending.NAME)
    text = browse(lea).get(page(project)).content.decode()
    assert "has answered nothing yet" in text
    assert "what they cost cannot be told" in text
    assert '<svg viewBox="0 0 360' not in text


def test_a_retired_criterion_keeps_its_cost(shop: Project, lea: User, browse: Browse) -> None:
    without = factories.RUBRIC[: factories.RUBRIC.index("  - key: specificity")]
    rubrics.put_in_force(shop, read_rubric(without, filename="r.yaml"), by=lea)
    summaries.refresh(shop, spending.NAME)
    text = browse(lea).get(page(shop)).content.decode()
    assert ">specificity<" in text
    summary = summaries.read(shop, spending.NAME)
    assert summary is not None
    assert len(summary.data["ahead"]["by_criterion"]) == 1, "nothing more will be spent on it"


def test_the_figures_ask_again_while_a_run_moves_and_stop(shop: Project, lea: User, browse: Browse) -> None:
    run = runs.start(shop, by=None)
    client = browse(lea)
    moving = client.get(page(shop), headers=HTMX)
    assert moving.status_code == 200
    assert 'hx-trigger="every 10s"' in moving.content.decode()
    assert "<html" not in moving.content.decode()
    runs.end(run, run.Status.CANCELLED)
    assert client.get(page(shop), headers=HTMX).status_code == 286


def test_the_page_reads_one_summary_however_much_was_judged(
    shop: Project, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    summaries.refresh(shop, spending.NAME)
    client = browse(lea)
    with django_assert_max_num_queries(8):
        client.get(page(shop))
