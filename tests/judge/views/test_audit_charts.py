"""Charts of audits on known numbers: where each mark stands, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from judge.rules.charts import Chart
from judge.rules.scales import Question, ScaleLabel
from judge.views import audit_charts, mix_charts

#: audits, accepted, errors, level, bound, when
ROWS = [[5, 10, 0, 1.0, 0.4, "2026-01-01T00:00:00+00:00"], [10, 20, 1, 10.0, 0.2, "2026-01-02T10:30:00+00:00"]]
QUESTION = Question("fit", "Does it fit?", (ScaleLabel("fits", True), ScaleLabel("weak", False)))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever a test before left active."""
    with translation.override("en"):
        yield


def paths(chart: Chart, kind: str) -> list[str]:
    return [mark.path for mark in chart.marks if mark.kind == kind]


def test_bound_stands_above_what_was_found_and_beside_the_promise() -> None:
    chart = audit_charts.bound(ROWS, alpha=0.1)
    # x: 0 … 10 audits on 44 … 350: 5 → 197, 10 → 350. y: 0 … .4 on 190 … 12: .2 → 101, .1 → 145.5; found 0/5, 1/10
    assert paths(chart, "line") == ["M197 190L350 145.5", "M197 12L350 101"]
    assert paths(chart, "rule") == ["M44 145.5H350"]
    assert [cell.text for cell in chart.table.rows[1]] == ["10", "1", "10.0 %", "20.0 %", "20", "2026-01-02 10:30"]


def test_level_stands_on_powers_of_ten_below_its_alarm() -> None:
    chart = audit_charts.level(ROWS)
    # y: .1 … 10,000 are five powers on 190 … 12, 35.6 each: 1 → 154.4, 10 → 118.8; log₁₀ 20,000 = 4.301: 2000 → 36.9
    assert paths(chart, "line") == ["M197 154.4L350 118.8"]
    assert paths(chart, "rule") == ["M44 36.9H350"]


def test_martingale_is_drawn_from_its_logarithm() -> None:
    # log 0 → 1, log 4.60517 → 100. y: .1 … 100 are three powers on 190 … 12, 59.33 each: 1 → 130.7, 100 → 12
    chart = audit_charts.confidences([[100, 0.0, ""], [200, 4.60517, ""]])
    assert paths(chart, "line") == ["M197 130.7L350 12"]
    assert paths(chart, "rule") == ["M44 12H350"]


@pytest.mark.parametrize("log", [float("nan"), float("-inf"), -1e9, 1e9])
def test_martingale_that_is_no_number_or_off_the_scale_stands_at_an_end(log: float) -> None:
    chart = audit_charts.confidences([[1, 0.0, ""], [2, log, ""]])
    (line,) = paths(chart, "line")
    assert "nan" not in line
    assert "inf" not in line


def test_without_audits_charts_say_what_is_missing() -> None:
    for chart in (audit_charts.bound([], alpha=0.1), audit_charts.level([]), audit_charts.confidences([])):
        assert chart.missing
        assert not chart.marks


def slice_of(value: str, labels: dict[str, int], people: dict[str, float] | None = None) -> dict[str, object]:
    return {"value": value, "labels": labels, "n_drawn": 20, "people": people}


def test_labels_are_parts_of_one_bar() -> None:
    chart = mix_charts.labels([slice_of("zh", {"fits": 3, "weak": 1})], QUESTION)
    # x: 0 … 1 on 150 … 336: .75 → 289.5; the row is 22 high from 12: .2 → 16.4, .8 → 29.6
    assert paths(chart, "bar") == ["M150 29.6V16.4H289.5V29.6Z", "M289.5 29.6V16.4H336V29.6Z"]
    assert [mark.series for mark in chart.marks] == ["a", "b"]
    assert [cell.text for cell in chart.table.rows[0]] == ["zh", "4", "75.0 %", "25.0 %"]


def test_unscored_is_a_label_of_its_own_and_a_fifth_label_joins_the_others() -> None:
    chart = mix_charts.labels([slice_of("zh", {"fits": 1, "": 1})], QUESTION)
    assert [key.name for key in chart.legend] == ["fits", "weak", "unscored"]
    five = Question("fit", "?", tuple(ScaleLabel(f"l{i}", None) for i in range(5)))
    chart = mix_charts.labels([slice_of("zh", {f"l{i}": 1 for i in range(5)})], five)
    assert [key.name for key in chart.legend] == ["l0", "l1", "l2", "others"]
    assert [cell.text for cell in chart.table.rows[0]] == ["zh", "5", "20.0 %", "20.0 %", "20.0 %", "40.0 %"]


def test_passes_have_ranges_and_open_their_cases() -> None:
    told = {"n": 8, "value": 0.5, "low": 0.25, "high": 0.75}
    chart = mix_charts.passes([slice_of("zh", {}, told)], "language", criterion=7, items_url="/items/")
    # x: 0 … .8 on 150 … 336: .5 → 266.2, .25 → 208.1, .75 → 324.4; the middle of the row is 23
    assert paths(chart, "bar") == ["M150 29.6V16.4H266.2V29.6Z"]
    assert paths(chart, "whisker") == ["M208.1 23H324.4M208.1 20V26M324.4 20V26"]
    assert chart.table.rows[0][0].url == "/items/?criterion=7&language=zh"
    assert [cell.text for cell in chart.table.rows[0]] == ["zh", "50.0 %", "25.0 % to 75.0 %", "8", "20"]


def test_slices_with_too_few_decided_cases_are_named_not_drawn() -> None:
    few = {"n": 4, "value": 0.5, "low": 0.1, "high": 0.9}
    chart = mix_charts.passes([slice_of("zh", {}, few), slice_of("en", {})], "language", criterion=7, items_url="/")
    assert "decided 4 of 40" in chart.missing
    enough = {"n": 5, "value": 0.5, "low": 0.1, "high": 0.9}
    chart = mix_charts.passes([slice_of("zh", {}, enough), slice_of("en", {})], "week", criterion=7, items_url="/")
    assert "1 slice with fewer than 5" in chart.note
    assert chart.table.rows[0][0].url == ""


def test_nothing_at_all_is_said_in_words() -> None:
    assert "has said nothing" in mix_charts.labels([], QUESTION).missing
    assert "No train or gold item was drawn" in mix_charts.passes([], "week", criterion=1, items_url="/").missing
