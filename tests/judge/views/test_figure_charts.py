"""The charts of the pages Calibration and Risk on known numbers: where each mark stands, by hand."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from judge.models import Certificate
from judge.rules.charts import Chart
from judge.views import coverage_charts, coverage_rows, reliability_charts
from judge.views.coverage_rows import Work
from tests.snapshots import held

#: confidence, share right, low, high, cases
DIAGRAM = [[0.6, 0.5, 0.4, 0.8, 10], [0.8, 0.75, 0.6, 0.95, 20], [1.0, 0.75, 0.9, 1.0, 4]]


def paths(chart: Chart, kind: str) -> list[str]:
    return [mark.path for mark in chart.marks if mark.kind == kind]


def drawn(chart: Chart) -> str:
    return render_to_string("_components/chart.html", {"chart": chart})


def test_reliability_stands_against_its_diagonal_and_band() -> None:
    chart = reliability_charts.reliability("after", "After", {"diagram": DIAGRAM}, 34)
    # x: .6 … 1 on 44 … 350: .8 → 197. y: 0 … 1 on 190 … 12, 178 high: .5 → 101, .75 → 56.5, .6 → 83.2
    diagonal, line = paths(chart, "line")
    assert diagonal == "M44 83.2L350 12"
    assert line == "M44 101L197 56.5L350 56.5"
    # upper edge .8 → 47.6, .95 → 20.9, 1 → 12; back along the lower: .9 → 29.8, .6 → 83.2, .4 → 118.8
    assert paths(chart, "band") == ["M44 47.6L197 20.9L350 12L350 29.8L197 83.2L44 118.8Z"]
    # neighbours of one share are one row: 20 + 4 cases at 75 %
    assert [[cell.text for cell in row] for row in chart.table.rows] == [
        ["60.0 %", "50.0 %", "40.0 % to 80.0 %", "10"],
        ["80.0 % to 100.0 %", "75.0 %", "90.0 % to 100.0 %", "24"],
    ]
    held("reliability.html", drawn(chart))


def test_without_enough_cases_the_diagram_says_how_many_it_takes() -> None:
    chart = reliability_charts.reliability("after", "After", None, 7)
    assert chart.missing == "A diagram takes 20 answered cases with a confidence; there are 7."
    assert not chart.marks


def test_histogram_shows_cases_and_those_that_are_wrong() -> None:
    bins = [[0, 0]] * 18 + [[4, 3], [8, 8]]
    chart = reliability_charts.histogram("histogram", bins)
    # x: .9 … 1 on 44 … 350, half of it for each bar; y: 0 … 8 on 190 … 12: 4 → 101, 1 → 167.8; none is wrong from .95
    assert paths(chart, "bar") == ["M44 190V101H197V190Z", "M197 190V12H350V190Z", "M44 190V167.8H197V190Z"]
    held("histogram.html", drawn(chart))
    assert reliability_charts.histogram("histogram", [[0, 0]] * 20).missing


def coverage(**changes: Any) -> dict[str, Any]:
    """Two targets, 95 % and 75 %; the judge is wrong on 20 of 80."""
    strict = {"alpha": 0.05, "certified": 0.2, "share": [0.0, 0.0, 0.5], "thresholds": [None, None, 0.9], "needed": 900}
    loose = {"alpha": 0.25, "certified": 1.0, "share": [0.5, 0.4, 0.6], "thresholds": [0.8, 0.85, 0.7], "needed": 90}
    return {"n": 80, "errors": 20, "prospects": [strict, loose], "answers_per_case": 2.0,
            "points": [[0.9, 40, 2, 0.006, 0.17], [0.6, 80, 20, 0.16, 0.36]]} | changes  # fmt: skip


WORK = Work(cases=1000, seconds=36.0, answers_per_case=2.0, audited=0.05, hourly=20.0, per_case=0.01)


def test_texts_of_a_target_by_hand() -> None:
    loose, strict = coverage_rows.rows(coverage(), [600, 500], WORK)
    assert (loose.target, strict.target) == ("75", "95")
    assert strict.texts["share"] == "0 % (0 % to 50 %)"
    assert strict.texts["threshold"] == "none"
    # 1000 cases · 2 answers · 36 s = 20 h; where half is accepted 10 h and 5 % of 500 · 2 · 36 s = .5 h for audits
    assert strict.texts["hours"] == "20.0 (10.5 to 20.0)"
    assert loose.texts["hours"] == "10.5 (8.6 to 12.4)"  # 60 %: 8 + .6; 40 %: 12 + .4
    assert loose.texts["money"] == "220"  # 10.5 · 20 + 1000 · .01
    assert strict.texts["needed"] == "400 of 900 certify cases"
    assert loose.texts["needed"] == "none: 90 would do"
    assert (
        coverage_rows.rows(coverage(), [600, 80], WORK)[0].texts["needed"]
        == "10 answers to cases that are drawn already"
    )
    # 1 − (.25 − .05)/.95 = .789
    assert strict.most == 1 - 0.2 / 0.95
    assert strict.texts["most"].startswith("79 % (")
    assert loose.most == 1.0


def test_money_and_hours_that_nobody_knows_are_not_made_up() -> None:
    (row, _strict) = coverage_rows.rows(coverage(), [0, 0], Work(1000, None, 2.0, 0.05, 20.0, None))
    assert row.texts["hours"] == "not known: no answer was timed"
    assert row.texts["money"] == "–"
    (row, _strict) = coverage_rows.rows(coverage(), [0, 0], Work(1000, 36.0, 2.0, 0.05, None, None))
    assert row.texts["money"] == "–"


def test_targets_stand_over_agreement_with_the_floor_and_the_choice() -> None:
    rows = coverage_rows.rows(coverage(), [600, 500], WORK)
    chart = coverage_charts.targets(rows, rows[0], in_force=0.10)
    # x: .5 … 1 on 44 … 350: 75 % → 197, 95 % → 319.4, 90 % → 288.8. y: .5 → 101, 0 → 190, .789 → 49.5
    floor, accepted = paths(chart, "line")
    assert floor == "M197 12L319.4 49.5"
    assert accepted == "M197 101L319.4 101L319.4 190"
    assert paths(chart, "rule") == ["M288.8 190V12", "M197 190V12"]
    assert coverage_charts.place_of(rows[0]) == "197.0"
    assert paths(chart, "band") == ["M197 83.2L319.4 101L319.4 190L197 118.8Z"]
    held("targets.html", drawn(chart))


def test_risk_stands_over_coverage_with_the_certificate() -> None:
    proof = Certificate(threshold=0.8, coverage=0.75, n_accepted=100, n_errors=8, n=133)
    chart = coverage_charts.risk(coverage_charts.points(coverage()), 0.25, proof)
    # x: 0 … 1 on 44 … 350: .5 → 197, .75 → 273.5. y: 0 … .4 on 190 … 12: .05 → 167.8, .25 → 78.8, .08 → 154.4
    assert paths(chart, "line") == ["M197 167.8L350 78.8"]
    assert paths(chart, "rule") == ["M44 78.8H350"]
    assert paths(chart, "point") == ["M270 150.9H277V157.9H270Z"]
    assert [cell.text for cell in chart.table.rows[0]] == ["0.9000", "50.0 % · 40", "5.0 % · 2", "0.6 % to 17.0 %"]
    held("risk.html", drawn(chart))


def test_certificate_that_proved_nothing_has_no_point() -> None:
    nothing = Certificate(threshold=None, coverage=0.0, n_accepted=0, n_errors=0, n=133)
    assert paths(coverage_charts.risk(coverage_charts.points(coverage()), 0.25, nothing), "point") == []
