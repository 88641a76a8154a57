"""Charts are geometry that a person can check by hand."""

from __future__ import annotations

import doctest
from math import inf, nan

import pytest

from judge.rules import axes, charts
from judge.rules.axes import Scale
from judge.rules.charts import Chart, Plot

#: Ten units across are a hundred on paper; upwards 1 is at the top.
PLOT = Plot(Scale(0, 10, 0, 100), Scale(0, 1, 100, 0))


def test_examples_hold() -> None:
    assert doctest.testmod(axes).failed == 0


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0, 1, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0, 83, ["0", "20", "40", "60", "80"]),
        (-3, 3, ["-2", "0", "2"]),
        (0.001, 0.0042, ["0.001", "0.002", "0.003", "0.004"]),
    ],
)
def test_ticks_are_round(low: float, high: float, wanted: list[str]) -> None:
    assert [tick.text for tick in Scale(low, high, 0, 100).ticks("{:g}".format)] == wanted


def test_powers_of_ten_stand_evenly() -> None:
    scale = axes.logarithmic([3, 4000], start=0, end=100)
    assert [(tick.text, tick.place) for tick in scale.ticks("{:g}".format)] == [
        ("1", "0"), ("10", "25"), ("100", "50"), ("1000", "75"), ("10000", "100"),
    ]  # fmt: skip
    assert scale(0) == 0, "nought has no place on such a scale: it stands at its end"


def test_scale_holds_what_it_was_made_for_whatever_it_is() -> None:
    assert axes.linear([0.13, 0.84], start=0, end=100, low=0.0) == Scale(0, 1, 0, 100)
    assert axes.linear([], start=0, end=100) == Scale(0, 1, 0, 100)
    assert axes.linear([nan, inf], start=0, end=100) == Scale(0, 1, 0, 100)
    assert axes.linear([7, 7], start=0, end=100).low <= 7 < axes.linear([7, 7], start=0, end=100).high
    assert axes.logarithmic([0, -2, nan], start=0, end=100).low == 1


def test_line_has_a_gap_where_a_number_is_missing() -> None:
    assert PLOT.line([(0, 0), (1, 0.5), (2, nan), (3, 1), (4, 1)]).path == "M0 100L10 50M30 0L40 0"


def test_steps_keep_each_height_until_the_next() -> None:
    assert PLOT.steps([(0, 0), (2, 0.5), (4, 1)]).path == "M0 100L20 100L20 50L40 50L40 0"


def test_band_goes_there_above_and_back_below() -> None:
    assert PLOT.band([(0, 0.2, 0.4), (10, 0.1, 0.9)]).path == "M0 60L100 10L100 90L0 80Z"
    assert PLOT.band([(0, nan, 0.4)]).path == ""


def test_bars_stand_on_nought() -> None:
    assert PLOT.bar(1, 2, 0.5).path == "M10 100V50H20V100Z"
    below = Plot(Scale(0, 10, 0, 100), Scale(-1, 1, 100, 0))
    assert below.bar(1, 2, -0.5).path == "M10 50V75H20V50Z"
    assert PLOT.bar_across(0, 1, 5).path == "M0 0V100H50V0Z"


def test_interval_shows_both_ends_and_nothing_where_one_is_unknown() -> None:
    assert PLOT.whisker(5, 0.2, 0.6).path == "M50 80V40M47 80H53M47 40H53"
    assert PLOT.whisker_across(0.5, 2, 4).path == "M20 50H40M20 47V53M40 47V53"
    assert PLOT.whisker(5, 0.2, nan).path == "" == PLOT.point(nan, 0.5).path == PLOT.rule(inf).path


def test_what_lies_outside_stands_at_the_edge() -> None:
    assert PLOT.line([(-5, 2), (15, -1)]).path == "M0 0L100 100"


def test_series_differ_by_shape_not_only_by_colour() -> None:
    assert len({PLOT.point(5, 0.5, series=each).path for each in charts.SERIES}) == len(charts.SERIES)


def test_rows_of_names_have_their_middles_for_ticks() -> None:
    scale, ticks = charts.rows_of(["gen-a", "gen-b"], top=10, each=20)
    assert [(tick.text, tick.place) for tick in ticks] == [("gen-a", "20"), ("gen-b", "40")]
    assert scale(2) == 50
    assert charts.rows_of([])[1] == ()


def test_only_bars_and_bands_of_later_series_are_hatched() -> None:
    marks = [PLOT.bar(0, 1, 1), PLOT.bar(1, 2, 1, series="c"), PLOT.line([(0, 0)], series="b")]
    assert Chart("k", "t", marks=marks).hatched == ["c"]


def test_chart_whose_marks_lead_somewhere_is_no_image() -> None:
    assert Chart("k", "t", marks=[PLOT.point(1, 1)]).role == "img"
    assert Chart("k", "t", marks=[PLOT.point(1, 1, url="/items/")]).role == "group"
