"""The overview's pictures, on numbers that a person can check."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string

from judge.models import Criterion, Project
from judge.views import flow_picture, pass_rates, savings
from judge.views.flow import Flow
from tests.snapshots import held

pytestmark = pytest.mark.django_db

FLOW = Flow(
    {"imported": 5, "accepted": 1_200, "people": 40, "adjudication": 3, "agreed": 152},
    {"judge": 1_200, "consensus": 140, "single": 2, "adjudicated": 10},
)
GENERATOR_A = {
    "cases": 300, "people": 100, "accepted": 200, "audited": 20, "judged": 300, "judged_pass": 270,
    "rate": {"value": 0.8, "low": 0.7, "high": 0.9, "n": 120},
}  # fmt: skip
UNREAD: dict[str, Any] = {
    "cases": 50, "people": 0, "accepted": 50, "audited": 0, "judged": 50, "judged_pass": 25, "rate": None,
}  # fmt: skip


def test_arrows_tell_how_many_went_along() -> None:
    picture = flow_picture.draw(FLOW, {"accepted": {"n": 1_260, "audited": 60}})
    assert {arrow.name: arrow.count for arrow in picture.arrows} == {
        "to the judge": 1_400, "accepted": 1_200, "to people": 195, "audited": 60, "split": 13, "people agree": 142,
        "adjudicated": 10,
    }  # fmt: skip
    assert {box.name: box.count for box in picture.boxes}["With the judge"] == 5


def test_flow_is_drawn_as_reviewed() -> None:
    picture = flow_picture.draw(FLOW, {"accepted": {"n": 1_260, "audited": 60}})
    held("overview_flow.html", render_to_string("_components/flow.html", {"picture": picture, "items_url": "/items/"}))


def test_flow_leads_nowhere_for_whoever_may_not_open_the_list() -> None:
    picture = flow_picture.draw(FLOW, {})
    assert "<a " not in render_to_string("_components/flow.html", {"picture": picture, "items_url": ""})


def charts(project: Project, **rates: Any) -> list[Any]:
    criterion = Criterion.objects.get(project=project, key="relevance")
    figures = {
        "n_generators": len(rates),
        "generators": [{"name": name, "items": 1} for name in rates],
        "criteria": {str(criterion.pk): rates},
    }
    return pass_rates.charts(project, figures)


def test_pass_rates_are_drawn_as_reviewed(project: Project) -> None:
    (chart,) = charts(project, gen_a=GENERATOR_A, gen_b=UNREAD)
    text = render_to_string("_components/chart.html", {"chart": chart})
    criterion = Criterion.objects.get(project=project, key="relevance").pk
    held("overview_pass_rates.html", text.replace(f"pass-{criterion}", "pass").replace(f"criterion={criterion}", "c"))


def test_generator_whose_accepted_cases_nobody_read_has_no_rate(project: Project) -> None:
    (chart,) = charts(project, gen_b=UNREAD)
    assert [mark.kind for mark in chart.marks] == ["point"], "the judge's word alone"
    assert chart.table.rows[0][1].text.startswith("not known")
    (nothing,) = charts(project, gen_b=UNREAD | {"judged": 0, "judged_pass": 0})
    assert nothing.missing
    assert not nothing.marks


def test_hours_saved_are_labels_times_the_median_with_its_range() -> None:
    figures = {"seconds": {"n": 900, "median": 12.0, "low": 11.0, "high": 14.0}}
    found = savings.hours_saved(figures, 600)  # 600 · 12 / 3600 = 2
    assert found is not None
    assert (found.hours, round(found.low, 3), round(found.high, 3)) == (2.0, 1.833, 2.333)
    assert savings.hours_saved({"seconds": {"n": 0, "median": None, "low": None, "high": None}}, 600) is None
    assert savings.hours_saved({}, 600) is None
